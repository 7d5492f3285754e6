import { expect } from "chai";
import { id, type Filter, type Log } from "ethers";

import type { Check } from "../../../scripts/lib/triage/finding.js";
import { formatTriage } from "../../../scripts/lib/triage/report.js";
import { exitCodeOf, type Scene } from "../../../scripts/lib/triage/triage.js";
import { DAY, town, type Town } from "./fixture.js";
import { listing, type Besides, type Listed } from "./read-model.js";

describe("triage of what was from a later block on", () => {
  let at: Town;
  before(async () => (at = await town()));
  afterEach(() => at.reset());

  /** The next block, as the first whose logs count. */
  const fromNow = async () => ({ fromBlock: (await at.ethers.provider.getBlockNumber()) + 1 });
  const look = async (check: Check, change: Partial<Scene>) => {
    const found = await at.look(check, change);
    return {
      reasons: found.findings.map(({ reason, paymentId }) => [reason, paymentId]),
      why: found.unknown.map(({ why }) => why),
      commands: found.unknown.map(({ command }) => command),
      looked: found.checks[0]!.looked,
      exits: exitCodeOf(found),
      report: formatTriage(found),
      findings: found.findings,
    };
  };
  const lookByIndex = async (
    check: Check,
    change: Partial<Scene>,
    listed: readonly Listed[],
    tokens: readonly string[] = [],
    besides: Besides = {},
  ) => {
    const model = await listing(listed, tokens, besides);
    try {
      return await look(check, { ...change, indexer: model.url });
    } finally {
      model.stop();
    }
  };
  const steal = async (token: Town["suite"]["usdc"], amount: bigint) => {
    const thief = await at.ethers.getImpersonatedSigner(await at.suite.escrow.getAddress());
    await at.networkHelpers.setBalance(thief.address, 10n ** 18n);
    return (await token.connect(thief).transfer(at.stranger.address, amount)).hash;
  };

  describe("of what payments paid out that were made before", () => {
    const paidLater = async () => {
      const made = await at.deposit({ feeBps: 333, feeRecipient: at.stranger.address });
      const late = await fromNow();
      const { hash } = await at.suite.escrow.connect(at.buyer).release(made.terms, 400_000n);
      return { made, late, hash };
    };

    it("raises no alarm, and says that it cannot tell while nobody tells their terms", async () => {
      const { late, hash } = await paidLater();
      const found = await look("doubles", late);
      expect([found.reasons, found.exits]).to.deep.equal([[], 2]);
      const [tokens, transfer] = found.why;
      expect(tokens).to.include(`Tokens that were configured before block ${late.fromBlock} are not known`);
      expect(transfer).to.include(`Whether ${hash} moved only what payments paid out is not known`);
      expect(found.commands[1]).to.equal("npx hardhat triage doubles --network local");
    });

    it("accounts for it by the read model's terms, if they hash to the payment's id", async () => {
      const { made, late, hash } = await paidLater();
      const told = await lookByIndex("doubles", late, [made]);
      expect([told.reasons, told.why, told.exits]).to.deep.equal([[], [], 0]);

      const stolen = await steal(at.suite.usdc, 1n);
      const robbed = await lookByIndex("doubles", late, [made]);
      expect(robbed.findings.map(({ reason, subject }) => [reason, subject])).to.deep.equal([
        ["unaccounted_transfer", stolen],
      ]);

      const usdt = await at.suite.usdt.getAddress();
      for (const lie of [{ token: usdt }, { amount: "much" as never }]) {
        const lied = await lookByIndex("doubles", late, [{ ...made, terms: { ...made.terms, ...lie } }]);
        expect(lied.why.join(), Object.keys(lie).join()).to.include(hash);
      }
    });

    it("still finds a transfer that is more than all that they paid out in its transaction", async () => {
      const { late, hash } = await paidLater();
      const stolen = await steal(at.suite.usdc, 1n);
      const getLogs = async (filter: Filter) =>
        (await at.ethers.provider.getLogs(filter)).map((log) =>
          log.transactionHash === stolen ? ({ ...log, transactionHash: hash } as Log) : log,
        );
      const found = await look("doubles", { ...late, provider: at.lying({ getLogs }) });
      expect(found.findings.map(({ reason, subject }) => [reason, subject])).to.deep.equal([
        ["unaccounted_transfer", hash],
      ]);
    });

    it("excuses nothing by payments that nobody made, where logs are read from the beginning", async () => {
      const { made } = await paidLater();
      const { buyer, seller } = made.terms;
      const invented = [id("invented"), buyer, seller, 0, buyer, 5n, 0n, 0n, 5n];
      const emitted = await at.emitAt(await at.suite.escrow.getAddress(), [["PaymentReleased", invented]]);
      const stolen = await steal(at.suite.usdc, 5n);
      const getLogs = async (filter: Filter) =>
        (await at.ethers.provider.getLogs(filter)).map((log) =>
          log.transactionHash === stolen ? ({ ...log, transactionHash: emitted } as Log) : log,
        );
      const found = await look("doubles", { provider: at.lying({ getLogs }) });
      expect(found.findings.map(({ reason, subject }) => [reason, subject])).to.deep.equal([
        ["paid_beyond_amount", undefined],
        ["unaccounted_transfer", emitted],
      ]);
      expect(found.why).to.deep.equal([]);
    });

    it("judges them by what they held before, and finds what was paid beyond it", async () => {
      const { made, late } = await paidLater();
      const { buyer, seller } = made.terms;
      const address = await at.suite.escrow.getAddress();
      const more = [made.paymentId, buyer, seller, 0, buyer, 600_001n, 0n, 0n, 1_000_001n];
      await at.emitAt(address, [["PaymentReleased", more]]);
      const [finding, ...others] = (await lookByIndex("doubles", late, [made])).findings;
      expect(others).to.deep.equal([]);
      expect(finding).to.include({ reason: "paid_beyond_amount", paymentId: made.paymentId });
      expect(finding!.sentence).to.include(
        `It paid out 1.000001 USDC of 1.0 USDC that it held before block ${late.fromBlock}`,
      );
      const [untold] = (await look("doubles", late)).findings;
      expect(untold!.sentence).to.include("1000001 units of its token of 1000000 units of its token");
    });

    it("finds one that was closed before and closes or moves again, or is deposited again", async () => {
      const { escrow } = at.suite;
      const closed = await Promise.all([0, 1, 2].map(() => at.termsFor()));
      const ids: string[] = [];
      for (const terms of closed) {
        await escrow.connect(at.buyer).deposit(terms);
        await escrow.connect(at.buyer).release(terms, terms.amount);
        ids.push(await escrow.hashPayment(terms));
      }
      const late = await fromNow();
      const { buyer, seller } = closed[0]!;
      const moved = (paymentId: string, held: bigint) =>
        ["PaymentRefunded", [paymentId, buyer, seller, 1, buyer, 0n, held, 1_000_000n]] as const;
      const again = at.created(ids[2]!, closed[2]!);
      await at.emitAt(await escrow.getAddress(), [moved(ids[0]!, 0n), moved(ids[1]!, 5n), again]);
      const found = await look("doubles", late);
      expect(found.reasons).to.deep.equal([
        ["closed_twice", ids[0]],
        ["moved_after_closing", ids[1]],
        ["deposited_twice", ids[2]],
      ]);
    });

    it("says so where the endpoint has no states so old", async () => {
      const { made, late } = await paidLater();
      const call = (asked: { data: string; blockTag?: number }) =>
        asked.blockTag === late.fromBlock - 1
          ? Promise.reject(new Error("missing trie node"))
          : at.ethers.provider.call(asked);
      const found = await lookByIndex("doubles", { ...late, provider: at.lying({ call }) }, [made]);
      expect([found.reasons, found.exits]).to.deep.equal([[], 2]);
      expect(found.why).to.have.lengthOf(1);
      expect(found.why[0]).to.include(`how payments stood before block ${late.fromBlock}`);
    });

    it("says of one that is named that its past is not looked at, also if nothing happened since", async () => {
      const { paymentId } = await at.deposit();
      const late = await fromNow();
      await at.networkHelpers.mine();
      const found = await look("doubles", { ...late, paymentId });
      expect([found.reasons, found.exits]).to.deep.equal([[], 2]);
      expect(found.why).to.deep.equal([
        `It was made before block ${late.fromBlock}, and what it paid out before is not looked at.`,
      ]);
      expect(found.commands).to.deep.equal([
        `npx hardhat triage doubles --network local --payment ${paymentId}`,
      ]);
      const { paymentId: later } = await at.deposit();
      expect((await look("doubles", { ...late, paymentId: later })).exits).to.equal(0);
    });

    it("looks at transfers of tokens that were configured before, though nothing is owed of them", async () => {
      const { token, fresh, made } = await at.depositInNewToken("USDC");
      await at.suite.escrow.connect(at.buyer).release(made.terms, 7n);
      await fresh.mint(await at.suite.escrow.getAddress(), 3n);
      const late = await fromNow();
      const stolen = await steal(fresh, 3n);
      const invented = at.stranger.address;
      const found = await lookByIndex("doubles", late, [], [token.toLowerCase(), invented]);
      expect(found.findings.map(({ reason, subject }) => [reason, subject])).to.deep.equal([
        ["unaccounted_transfer", stolen],
      ]);
      expect(found.why).to.deep.equal([]);
    });
  });

  describe("of credits", () => {
    const credited = async () => {
      const made = await at.deposit();
      await at.suite.usdc.setBlacklisted(at.seller.address, true);
      await at.suite.escrow.connect(at.buyer).release(made.terms, 300_000n);
      return made;
    };

    it("says how much is owed to whom the logs do not name", async () => {
      const made = await credited();
      const late = await fromNow();
      await at.networkHelpers.mine();
      const found = await lookByIndex("credits", late, []);
      expect([found.reasons, found.exits]).to.deep.equal([[], 2]);
      expect(found.why).to.deep.equal([
        `0.3 USDC are owed as credits, and neither the logs since block ${late.fromBlock} nor the read model say to whom.`,
      ]);
      expect(found.commands).to.deep.equal(["npx hardhat triage credits --network local"]);
      // One that is credited later is found with all that it is owed, and nothing is left untold.
      await at.suite.escrow.connect(at.buyer).release(made.terms, 700_000n);
      const later = await lookByIndex("credits", late, []);
      expect([later.reasons, later.why]).to.deep.equal([[["credit_waiting", made.paymentId]], []]);
      expect(later.findings[0]!.sentence).to.match(/^1\.0 USDC from it, and perhaps from before block \d+, /);
    });

    it("finds what the read model knows of, by what the chain says is owed, and names nobody", async () => {
      const { terms } = await credited();
      const late = await fromNow();
      await at.networkHelpers.mine();
      const token = terms.token.toLowerCase();
      const credits = [
        { token, account: at.seller.address.toLowerCase() },
        { token, account: at.stranger.address.toLowerCase() },
        { token: "nonsense", account: "nobody" },
      ];
      const found = await lookByIndex("credits", late, [], [], { credits });
      expect([found.reasons, found.why, found.exits]).to.deep.equal([[["credit_waiting", undefined]], [], 1]);
      const [finding] = found.findings;
      expect(finding).to.include({
        subject: terms.token,
        command: "npx hardhat triage credits --network local",
      });
      expect(finding!.sentence).to.include(
        `0.3 USDC from a payment, credited before block ${late.fromBlock}, could not be paid`,
      );
      expect(found.report.toLowerCase()).not.to.include(at.seller.address.toLowerCase());
      expect(found.looked).to.include(`since block ${late.fromBlock}, and 2 that the read model names`);
    });

    it("says nothing once they are withdrawn", async () => {
      const { terms } = await credited();
      const late = await fromNow();
      await at.suite.escrow
        .connect(at.seller)
        .withdrawCredit(terms.token, at.seller.address, at.stranger.address);
      const found = await lookByIndex("credits", late, []);
      expect([found.reasons, found.why, found.exits]).to.deep.equal([[], [], 0]);
    });

    it("says of one payment that was made before that it cannot tell, and can of one made since", async () => {
      const { paymentId } = await credited();
      const late = await fromNow();
      const later = await at.deposit();
      const found = await lookByIndex("credits", { ...late, paymentId }, []);
      expect([found.reasons, found.exits]).to.deep.equal([[], 2]);
      expect(found.why).to.deep.equal([
        `Whether any of the 0.3 USDC that are owed as credits is from it, the logs since block ${late.fromBlock} do not say.`,
      ]);
      const since = await lookByIndex("credits", { ...late, paymentId: later.paymentId }, []);
      expect([since.reasons, since.why, since.exits]).to.deep.equal([[], [], 0]);
    });
  });

  describe("of approvals", () => {
    const large = async () =>
      await at.deposit({
        amount: 20_000_000_000n,
        deadline: BigInt((await at.networkHelpers.time.latest()) + 60 * DAY),
      });
    const approve = ({ terms }: Listed) =>
      at.suite.escrow.connect(at.suite.holders.APPROVER).approvePayout(terms, 0, 5_000_000n);

    it("says that those from before are not known of payments that were made before", async () => {
      const made = await large();
      await approve(made);
      const late = await fromNow();
      await at.pass(3_600);
      const found = await lookByIndex("approvals", late, [made]);
      expect([found.reasons, found.exits]).to.deep.equal([[], 2]);
      expect(found.why).to.deep.equal([
        `Approvals from before block ${late.fromBlock} are not known of 1 open payment that was made before it, because the read model does not tell them.`,
      ]);
      // What is approved since is found all the same.
      await approve(made);
      await at.pass(3_600);
      expect((await lookByIndex("approvals", late, [made])).reasons).to.deep.equal([
        ["approval_waiting", made.paymentId],
      ]);
    });

    it("finds those that the read model lists, if the chain says that they were given and not used", async () => {
      const made = await large();
      await approve(made);
      const late = await fromNow();
      await at.pass(3_600);
      const row = {
        ...{ paymentId: made.paymentId, action: "Release", amount: "5000000" },
        ...{ held: "20000000000", released: "0" },
      };
      const lies = [
        { ...row, action: "Refund" },
        { ...row, amount: "5000001" },
        { ...row, paymentId: id("another") },
      ];
      const told = await lookByIndex("approvals", late, [made], [], { approvals: [row, ...lies] });
      expect([told.reasons, told.why]).to.deep.equal([[["approval_waiting", made.paymentId]], []]);
      expect(told.looked).to.equal(
        `1 approvals that were not used since block ${late.fromBlock}, and before it by the read model`,
      );
      await approve(made);
      await at.pass(3_600);
      const both = await lookByIndex("approvals", late, [made], [], { approvals: [row] });
      expect(both.looked).to.include("1 approvals");
      await at.suite.escrow.connect(at.suite.holders.OPERATOR).release(made.terms, 5_000_000n);
      const spent = await lookByIndex("approvals", late, [made], [], { approvals: [row] });
      expect([spent.reasons, spent.why]).to.deep.equal([[], []]);
      const nonsense = await lookByIndex("approvals", late, [made], [], {
        approvals: [{ ...row, amount: "x" }],
      });
      expect(nonsense.exits).to.equal(2);
    });

    it("knows all of payments that were made since", async () => {
      const late = await fromNow();
      const made = await large();
      await approve(made);
      await at.pass(3_600);
      const found = await lookByIndex("approvals", late, [made]);
      expect([found.reasons, found.why]).to.deep.equal([[["approval_waiting", made.paymentId]], []]);
    });
  });

  it("refuses a block that is not there yet, of which nothing could be wrong", async () => {
    const { fromBlock } = await fromNow();
    const told = await at.look("doubles", { fromBlock: fromBlock + 1 });
    expect([told.findings, exitCodeOf(told)]).to.deep.equal([[], 2]);
    expect(told.unknown[0]!.why).to.equal(
      `--from-block ${fromBlock + 1} is not there yet: the latest block is ${fromBlock - 1}.`,
    );
  });

  it("says in the summary from which block on each look had logs", async () => {
    const made = await at.deposit();
    const late = await fromNow();
    await at.deposit();
    const since = ` since block ${late.fromBlock}`;
    for (const [check, said] of [
      ["doubles", `1 payments,${since}; what was paid out before is not looked at`],
      ["credits", `0 accounts that were credited${since}`],
      ["approvals", `0 approvals that were not used${since}`],
    ] as const) {
      const found = await lookByIndex(check, late, [made]);
      expect(found.looked).to.equal(said);
      expect(found.report).to.include(`looked: ${check.padEnd(9)} ${said}`);
      expect((await look(check, {})).looked).not.to.include("since block");
    }
  });

  it("takes a payment for missing in the read model that does not list it as open, and knows its terms", async () => {
    const made = await at.deposit();
    const late = await fromNow();
    await at.suite.escrow.connect(at.buyer).release(made.terms, 1n);
    await at.networkHelpers.mine(30);
    const model = await listing([], [], { known: [made] });
    const found = await look("stuck", { ...late, indexer: model.url });
    model.stop();
    expect([found.reasons, found.why]).to.deep.equal([[["payments_missing", made.paymentId]], []]);
    expect(found.looked).to.include(`listed by the chain's logs since block ${late.fromBlock}, because`);
  });
});
