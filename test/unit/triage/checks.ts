import { expect } from "chai";
import { AbiCoder, id, ZeroHash, type Provider } from "ethers";

import { describeTokens } from "../../../scripts/lib/triage/tokens.js";
import { exitCodeOf, triage } from "../../../scripts/lib/triage/triage.js";
import { formatTriage } from "../../../scripts/lib/triage/report.js";
import { DAY, town, type Town } from "./fixture.js";
import { listing, type Listed } from "./read-model.js";

const BLOCKED = 2;

describe("triage", () => {
  let at: Town;
  before(async () => (at = await town()));
  afterEach(() => at.reset());

  const reasons = (findings: readonly { reason: string; paymentId?: string }[]) =>
    findings.map(({ reason, paymentId }) => [reason, paymentId]);
  /** What a check finds where the read model lists these payments. */
  const findByIndex = async (check: "approvals" | "stuck", listed: readonly Listed[]) => {
    const model = await listing(listed);
    try {
      return await at.find(check, { indexer: model.url });
    } finally {
      model.stop();
    }
  };
  const block = async (account: string) => {
    const { complianceRegistry, holders } = at.suite;
    const record = { riskScore: 0, tier: 1, jurisdiction: 276, expiry: 0, attestationHash: ZeroHash };
    await complianceRegistry
      .connect(holders.COMPLIANCE)
      .setRecords([{ ...record, account, standing: BLOCKED }]);
  };

  it("finds nothing where nothing is the matter, except that no read model answers", async () => {
    const { terms } = await at.deposit();
    await at.deposit();
    await at.suite.escrow.connect(at.buyer).release(terms, terms.amount);
    const found = await at.look("stuck");
    expect([found.findings, found.unknown, exitCodeOf(found)]).to.deep.equal([[], [], 0]);
    for (const check of ["leaks", "doubles", "disputes", "approvals", "credits"] as const)
      expect(await at.find(check), check).to.deep.equal([]);
  });

  it("names nobody: neither findings nor the report have a party's address", async () => {
    const { terms, paymentId } = await at.deposit();
    await at.suite.escrow.connect(at.suite.holders.COMPLIANCE).hold(paymentId, "odd");
    await block(at.seller.address);
    await at.pass(20 * DAY);
    const report = formatTriage(await at.look("stuck")).toLowerCase();
    expect(report).to.include(paymentId);
    for (const address of [terms.buyer, terms.seller]) expect(report).not.to.include(address.toLowerCase());
  });

  describe("of stuck payments", () => {
    it("finds one that nobody claimed after its deadline, and how to claim it", async () => {
      const { paymentId, terms } = await at.deposit();
      await at.networkHelpers.time.increaseTo(Number(terms.deadline) + 3_599);
      expect(await at.find("stuck")).to.deep.equal([]);
      await at.networkHelpers.time.increaseTo(Number(terms.deadline) + 3_600);
      const [finding, ...others] = await at.find("stuck");
      expect(others).to.deep.equal([]);
      expect(finding).to.include({ reason: "unclaimed", paymentId });
      expect(finding!.sentence).to.include("It holds 1.0 USDC.").and.include("for the seller; anybody may");
      expect(finding!.command).to.equal(`npx hardhat payment claim --network local --payment ${paymentId}`);
    });

    it("finds one on hold before anything else, and says what else there is", async () => {
      const { paymentId } = await at.deposit();
      await at.suite.escrow.connect(at.suite.holders.COMPLIANCE).hold(paymentId, "odd");
      await at.pass(20 * DAY);
      const [finding] = await at.find("stuck");
      expect(finding).to.include({ reason: "on_hold", paymentId });
      expect(finding!.sentence).to.include("Compliance froze it").and.include("nobody has claimed it");
      expect(finding!.command).to.include("payment unhold");
    });

    it("finds one that a pause keeps from being claimed, until when, and how to lift it", async () => {
      const { paymentId } = await at.deposit();
      await at.pass(20 * DAY);
      const { escrow, holders } = at.suite;
      await escrow.connect(holders.GUARDIAN).pause(4, DAY, "test");
      const [finding] = await at.find("stuck");
      expect(finding).to.include({ reason: "paused", paymentId });
      expect(finding!.command).to.include("ops unpause --network local --bits exits");
      await at.pass(DAY);
      expect(reasons(await at.find("stuck"))).to.deep.equal([["unclaimed", paymentId]]);
    });

    it("finds one whose recipient screening stops, whichever party that is", async () => {
      const toSeller = await at.deposit();
      const toBuyer = await at.deposit({ onDeadline: 0 });
      await block(at.seller.address);
      const [finding, ...others] = await at.find("stuck");
      expect(others).to.deep.equal([]);
      expect(finding).to.include({ reason: "party_stopped", paymentId: toSeller.paymentId });
      expect(finding!.sentence).to.include("stops its seller (Blocked)");
      await block(at.buyer.address);
      expect((await at.find("stuck")).map(({ paymentId }) => paymentId)).to.have.members([
        toSeller.paymentId,
        toBuyer.paymentId,
      ]);
    });

    it("says that a payment was never made if it is named, and exits with 2", async () => {
      await at.deposit();
      const found = await at.look("stuck", { paymentId: id("mistyped") });
      expect([found.findings, exitCodeOf(found)]).to.deep.equal([[], 2]);
      expect(found.unknown[0]!.why).to.include(`has made no payment ${id("mistyped")}`);
      // What is no payment's own is told all the same.
      const all = await triage(at.scene({ paymentId: id("mistyped") }), ["leaks", "stuck", "credits"]);
      expect(all.checks.map(({ check }) => check)).to.deep.equal(["leaks"]);
      expect(all.unknown).to.have.lengthOf(1);
    });

    it("does not find a closed one that is named", async () => {
      const { paymentId, terms } = await at.deposit();
      await at.suite.escrow.connect(at.buyer).release(terms, terms.amount);
      const found = await at.look("stuck", { paymentId });
      expect([found.findings, found.unknown]).to.deep.equal([[], []]);
    });

    it("does not believe a read model that leaves a payment out, and says so", async () => {
      const [listed, hidden] = [await at.deposit(), await at.deposit()];
      await at.pass(20 * DAY);
      await at.networkHelpers.mine(21);
      for (const change of [{}, { paymentId: hidden.paymentId }]) {
        const model = await listing([listed]);
        const found = await at.look("stuck", { indexer: model.url, ...change });
        model.stop();
        expect(reasons(found.findings)).to.deep.include.members([
          ["payments_missing", hidden.paymentId],
          ["unclaimed", hidden.paymentId],
        ]);
        expect(found.checks[0]!.looked).to.include("because the read model leaves some out");
      }
      expect(reasons(await findByIndex("stuck", [listed, hidden]))).to.deep.equal([
        ["unclaimed", listed.paymentId],
        ["unclaimed", hidden.paymentId],
      ]);
      expect(reasons(await findByIndex("stuck", []))).to.deep.include(["payments_missing", listed.paymentId]);
    });

    it("does not believe terms that do not hash to the payment's id, and takes those of the logs", async () => {
      const made = await at.deposit();
      const deadline = made.terms.deadline + BigInt(365 * DAY);
      await at.pass(20 * DAY);
      await at.networkHelpers.mine(21);
      for (const lie of [{ deadline }, { onDeadline: 0 }, { amount: "much" as never }])
        for (const only of [{}, { paymentId: made.paymentId }]) {
          const model = await listing([{ ...made, terms: { ...made.terms, ...lie } }]);
          const found = await at.look("stuck", { indexer: model.url, ...only });
          model.stop();
          const unclaimed = found.findings.find(({ reason }) => reason === "unclaimed");
          expect(unclaimed?.paymentId, Object.keys(lie).join()).to.equal(made.paymentId);
          expect(unclaimed!.sentence).to.include("for the seller");
          expect(reasons(found.findings)).to.deep.include(["payments_missing", made.paymentId]);
          expect(found.checks[0]!.looked).to.include("because the read model leaves some out");
        }
    });

    it("notices a read model that hides every payment of a token that was configured later", async () => {
      const { made } = await at.depositInNewToken("USDC");
      await at.pass(20 * DAY);
      await at.networkHelpers.mine(21);
      expect(reasons(await findByIndex("stuck", []))).to.deep.equal([
        ["payments_missing", made.paymentId],
        ["unclaimed", made.paymentId],
      ]);
    });

    it("finds by the read model what it can where no logs are told, and says what it cannot", async () => {
      const made = await at.deposit();
      await at.pass(20 * DAY);
      const provider = new Proxy(at.ethers.provider, {
        get: (target, name) => {
          if (name === "getLogs") return () => Promise.reject(new Error("too many logs"));
          const found: unknown = Reflect.get(target, name);
          return typeof found === "function" ? (found.bind(target) as unknown) : found;
        },
      });
      const model = await listing([made]);
      const found = await at.look("stuck", { provider, indexer: model.url });
      model.stop();
      expect(reasons(found.findings)).to.deep.equal([["unclaimed", made.paymentId]]);
      expect(found.unknown.map(({ why }) => why)).to.deep.equal([
        "Payments in tokens that were configured after the deployment may be missing, because the logs that tell of them could not be read.",
      ]);
    });

    it("forgives a read model that lacks what was made in the last blocks", async () => {
      await at.deposit();
      expect(await findByIndex("stuck", [])).to.deep.equal([]);
    });

    it("says what neither the read model nor the logs that were read have", async () => {
      const { paymentId } = await at.deposit();
      const fromBlock = (await at.ethers.provider.getBlockNumber()) + 1;
      const all = await at.look("stuck", { fromBlock });
      expect(all.unknown[0]!.why).to.include("hold 1000000 units of");
      expect(all.unknown[1]!.why).to.include("Tokens that were configured before block");
      const one = await at.look("stuck", { fromBlock, paymentId });
      expect([one.unknown[0]!.why.slice(0, 19), exitCodeOf(one)]).to.deep.equal(["The payment is open", 2]);
    });

    it("looks at one payment if asked", async () => {
      const [first] = [await at.deposit(), await at.deposit()];
      await at.pass(20 * DAY);
      expect(reasons(await at.find("stuck", { paymentId: first.paymentId }))).to.deep.equal([
        ["unclaimed", first.paymentId],
      ]);
      expect(await at.find("stuck")).to.have.lengthOf(2);
    });
  });

  describe("of disputes", () => {
    it("finds one from the second in which the arbiter may not rule any more", async () => {
      const { terms, paymentId } = await at.deposit();
      await at.dispute(terms);
      const end = Number(await at.suite.escrow.claimableAt(terms));
      await at.networkHelpers.time.increaseTo(end - 1);
      expect(await at.find("disputes")).to.deep.equal([]);
      await at.networkHelpers.time.increaseTo(end);
      expect(reasons(await at.find("disputes"))).to.deep.equal([["arbiter_silent", paymentId]]);
      expect(await at.find("stuck"), "and is no stuck payment besides").to.deep.equal([]);
    });

    it("says that a hold has to be lifted first", async () => {
      const { terms, paymentId } = await at.deposit();
      await at.dispute(terms);
      await at.suite.escrow.connect(at.suite.holders.COMPLIANCE).hold(paymentId, "odd");
      await at.pass(30 * DAY);
      const [finding] = await at.find("disputes");
      expect(finding!.sentence).to.include("once the hold on it is lifted");
      expect(finding!.command).to.include("payment unhold");
    });
  });

  describe("of approvals", () => {
    const approve = async (amount = 5_000_000n) => {
      const made = await at.deposit({
        amount: 20_000_000_000n,
        deadline: BigInt((await at.networkHelpers.time.latest()) + 60 * DAY),
      });
      const { escrow, holders } = at.suite;
      await escrow.connect(holders.APPROVER).approvePayout(made.terms, 0, amount);
      return made;
    };

    it("leaves a fresh one alone, and finds it when no operator uses it", async () => {
      const { paymentId } = await approve();
      expect(await at.find("approvals")).to.deep.equal([]);
      await at.pass(3_600);
      const [finding] = await at.find("approvals");
      expect(finding).to.include({ reason: "approval_waiting", paymentId });
      expect(finding!.command).to.include(
        `payment release --network local --payment ${paymentId} --amount 5.0`,
      );
    });

    it("finds one that ran out", async () => {
      const { paymentId } = await approve();
      await at.pass(7 * DAY);
      const [finding] = await at.find("approvals");
      expect(finding).to.include({ reason: "approval_expired", paymentId });
      expect(finding!.command).to.include("payment approve-release");
    });

    it("finds one that another movement has made stale, unless there is a good one", async () => {
      const { terms, paymentId } = await approve();
      const { escrow, holders } = at.suite;
      await escrow.connect(at.buyer).release(terms, 1n);
      expect(reasons(await at.find("approvals"))).to.deep.equal([["approval_stale", paymentId]]);
      await escrow.connect(holders.APPROVER).approvePayout(terms, 0, 7n);
      expect(await at.find("approvals")).to.deep.equal([]);
    });

    it("says the amount to type in whole tokens, whoever listed the payment", async () => {
      const made = await approve();
      await at.pass(3_600);
      const [byLogs] = await at.find("approvals");
      const [byIndex] = await findByIndex("approvals", [made]);
      expect(byIndex).to.deep.equal(byLogs);
      expect(byIndex!.command).to.include("--amount 5.0 ");
    });

    it("proposes no more than is held", async () => {
      const { terms } = await approve(20_000_000_000n);
      await at.suite.escrow.connect(at.buyer).release(terms, 19_999_000_000n);
      const [finding] = await at.find("approvals");
      expect(finding!.sentence).to.include("only 1.0 USDC is held now");
      expect(finding!.command).to.include("payment approve-release").and.include("--amount 1.0 ");
    });

    it("does not find one that was used", async () => {
      const { terms } = await approve();
      await at.suite.escrow.connect(at.suite.holders.OPERATOR).release(terms, 5_000_000n);
      await at.pass(8 * DAY);
      expect(await at.find("approvals")).to.deep.equal([]);
    });
  });

  describe("of credits", () => {
    it("finds a payout that the token refused, until it is withdrawn", async () => {
      const { escrow, usdc } = at.suite;
      const { terms, paymentId } = await at.deposit();
      await usdc.setBlacklisted(at.seller.address, true);
      await escrow.connect(at.buyer).release(terms, terms.amount);
      expect(reasons(await at.find("credits"))).to.deep.equal([["credit_waiting", paymentId]]);
      await escrow.connect(at.seller).withdrawCredit(terms.token, at.seller.address, at.stranger.address);
      expect(await at.find("credits")).to.deep.equal([]);
    });

    it("says which is frozen, and why", async () => {
      const { terms, paymentId } = await at.deposit();
      await block(at.seller.address);
      await at.suite.escrow.connect(at.buyer).release(terms, terms.amount);
      const [finding] = await at.find("credits");
      expect(finding).to.include({ reason: "credit_frozen", paymentId });
      expect(finding!.sentence).to.include("1.0 USDC").and.include("(Blocked)");
    });
  });

  describe("of money", () => {
    /** Money leaves as no function of the escrow lets it. */
    const steal = async (amount: bigint) => {
      const { escrow, usdc } = at.suite;
      const thief = await at.ethers.getImpersonatedSigner(await escrow.getAddress());
      await at.networkHelpers.setBalance(thief.address, 10n ** 18n);
      return await usdc.connect(thief).transfer(at.stranger.address, amount);
    };

    it("finds a token of which one unit is missing", async () => {
      await at.deposit();
      const { hash } = await steal(1n);
      const [leak, ...others] = await at.find("leaks");
      expect(others).to.deep.equal([]);
      expect(leak).to.include({ reason: "money_missing" });
      expect(leak!.sentence).to.include("0.000001 USDC is missing");
      expect(leak!.command).to.include("ops pause --network local --bits payouts,exits");
      const [transfer] = await at.find("doubles");
      expect(transfer).to.include({ reason: "unaccounted_transfer", subject: hash });
    });

    it("finds what is missing of a token that the escrow was configured for later", async () => {
      const { token, fresh } = await at.depositInNewToken("PLAIN");
      const thief = await at.ethers.getImpersonatedSigner(await at.suite.escrow.getAddress());
      await at.networkHelpers.setBalance(thief.address, 10n ** 18n);
      const { hash } = await fresh.connect(thief).transfer(at.stranger.address, 2n);
      const [leak, ...others] = await at.find("leaks");
      expect(others).to.deep.equal([]);
      expect(leak!.sentence).to.include(`0.000002 “PLAIN” (${token}) is missing`);
      const [transfer] = await at.find("doubles");
      expect(transfer).to.include({ reason: "unaccounted_transfer", subject: hash });

      // Logs that begin later do not tell of the token; the read model does, or it is said.
      const fromBlock = (await at.ethers.provider.getBlockNumber()) + 1;
      const blind = await at.look("leaks", { fromBlock });
      expect(blind.unknown[0]!.why).to.include("Tokens that were configured before");
      const model = await listing([], [token.toLowerCase(), at.stranger.address, "nonsense"]);
      const seen = await at.look("leaks", { fromBlock, indexer: model.url });
      model.stop();
      expect(reasons(seen.findings)).to.deep.equal([["money_missing", undefined]]);
    });

    it("is not blinded by a token that does not answer", async () => {
      const { token } = await at.depositInNewToken("PLAIN");
      await at.deposit();
      await steal(1n);
      await at.networkHelpers.setCode(token, "0x");
      const found = await at.look("leaks");
      expect(reasons(found.findings)).to.deep.equal([["money_missing", undefined]]);
      expect(found.unknown).to.deep.equal([
        { check: "leaks", why: `The token ${token} does not tell what the escrow has of it.` },
      ]);
    });

    it("does not let a token's symbol write on the screen", async () => {
      const { token } = await at.depositInNewToken("PLAIN");
      const abi = AbiCoder.defaultAbiCoder();
      const hostile = {
        resolveName: (name: string) => name,
        call: ({ data }: { data: string }) =>
          Promise.resolve(
            data === id("decimals()").slice(0, 10)
              ? abi.encode(["uint8"], [6])
              : abi.encode(["string"], [`\u001b[2J\u202eUSDC\r\n${"x".repeat(99)}`]),
          ),
      } as unknown as Provider;
      const { tokens } = await describeTokens(hostile, { tokens: [] }, [token]);
      expect(tokens).to.deep.equal([
        { address: token, decimals: 6, symbol: `“[2J USDC xxxxxxx” (${token})` },
      ]);
    });

    it("does not take a surplus for a leak, nor its absence", async () => {
      await at.deposit();
      await at.suite.usdc.mint(await at.suite.escrow.getAddress(), 5n);
      await steal(5n);
      expect(await at.find("leaks")).to.deep.equal([]);
    });

    it("accounts for payouts, fees, credits, their withdrawal and sweeps to the unit", async () => {
      const { escrow, usdc, holders } = at.suite;
      const fee = { feeBps: 333, feeRecipient: at.stranger.address };
      const { terms } = await at.deposit(fee);
      await usdc.setBlacklisted(at.seller.address, true);
      for (const amount of [1n, 499_999n]) await escrow.connect(at.buyer).release(terms, amount);
      await escrow.connect(at.seller).withdrawCredit(terms.token, at.seller.address, at.stranger.address);
      await escrow.connect(at.seller).refund(terms, 500_000n);
      await usdc.mint(await escrow.getAddress(), 9n);
      await escrow.connect(holders.TREASURY).sweepSurplus(terms.token, at.stranger.address, 9n);
      expect(await at.find("doubles")).to.deep.equal([]);
    });

    it("finds what a broken version paid beyond the amount, and closed twice", async () => {
      const { terms, paymentId } = await at.deposit();
      const { escrow } = at.suite;
      await escrow.connect(at.buyer).release(terms, terms.amount);
      const again = [paymentId, terms.buyer, terms.seller, 0, terms.buyer, 1n, 0n, 0n, terms.amount + 1n];
      await at.emitAt(await escrow.getAddress(), [["PaymentReleased", again]]);
      expect((await at.find("doubles")).map(({ reason }) => reason)).to.deep.equal([
        "paid_beyond_amount",
        "closed_twice",
      ]);
    });

    it("finds a payment that was deposited twice, and one that went on after its end", async () => {
      const { terms, paymentId } = await at.deposit();
      const { escrow } = at.suite;
      await escrow.connect(at.buyer).release(terms, terms.amount);
      const goesOn = [paymentId, terms.buyer, terms.seller, 1, terms.buyer, 0n, 5n, terms.amount];
      await at.emitAt(await escrow.getAddress(), [at.created(paymentId, terms), ["PaymentRefunded", goesOn]]);
      expect((await at.find("doubles")).map(({ reason }) => reason)).to.deep.equal([
        "deposited_twice",
        "moved_after_closing",
      ]);
    });
  });

  describe("that could not tell", () => {
    it("says so of an escrow that does not answer, check by check, and exits with 2", async () => {
      await at.deposit();
      await at.networkHelpers.setCode(await at.suite.escrow.getAddress(), "0x");
      const found = await at.look("leaks");
      expect([found.findings, exitCodeOf(found)]).to.deep.equal([[], 2]);
      expect(found.unknown).to.deep.equal([
        {
          check: "leaks",
          why: "A contract does not answer as it should: look which code runs.",
          command: "npx hardhat ops status --network local",
        },
      ]);
    });

    it("says so where no endpoint answers", async () => {
      const found = await at.look("stuck", { provider: undefined as never });
      expect(found.block).to.equal(null);
      expect(found.unknown[0]!.why).to.equal("No endpoint of the chain answers.");
      expect(exitCodeOf(found)).to.equal(2);
    });

    it("exits with 1 if there is something to see to besides", () => {
      const finding = { check: "index", reason: "index_down", sentence: "", command: "" } as const;
      const common = { network: "local", chainId: 1, block: null, checks: [] };
      const unknown = [{ check: "leaks", why: "" }] as const;
      expect(exitCodeOf({ ...common, findings: [finding], unknown })).to.equal(1);
    });
  });
});
