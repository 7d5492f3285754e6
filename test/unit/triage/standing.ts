import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import hre from "hardhat";

import type { Proof, Proving } from "../../../scripts/lib/triage/proof.js";
import { SETTLEMENT } from "../../../scripts/lib/signing.js";
import { exitCodeOf, formatProof } from "../../../scripts/triage/verify-proof.js";
import { ended } from "../../support/ended.js";
import { DAY, town, type Town } from "./fixture.js";

describe("a deposit that is shown as proof", () => {
  let at: Town;
  type Made = Awaited<ReturnType<Town["deposit"]>>;
  before(async () => (at = await town()));
  afterEach(() => at.reset());

  const show = ({ paymentId, transaction }: Made, change: Partial<Proving> = {}) =>
    at.verify({ paymentId, transaction }, change);
  const outcome = (proof: Proof) => [proof.verdict, proof.now?.money, proof.mayDeliver, exitCodeOf(proof)];
  const lastLine = (proof: Proof) => formatProof(proof).split("\n").at(-1)!;
  const escrow = () => at.suite.escrow;

  it("is good for the goods while its money is there, and says who may claim it when", async () => {
    const toSeller = await show(await at.deposit());
    expect(outcome(toSeller)).to.deep.equal(["proved", "held", true, 0]);
    expect(lastLine(toSeller)).to.match(
      /^Its money is there: it holds 1\.0 USDC, as of block \d+\. From .* UTC on/,
    );
    expect(lastLine(toSeller)).to.include("anybody may claim it for the seller.");
    const toBuyer = await show(await at.deposit({ onDeadline: 0 }));
    expect(lastLine(toBuyer)).to.include("anybody may claim it for the buyer.");
  });

  it("is good for them once all went to the seller, or a part of it and the rest is there", async () => {
    const made = await at.deposit();
    await escrow().connect(at.buyer).release(made.terms, 400_000n);
    const partly = await show(made);
    expect(outcome(partly)).to.deep.equal(["proved", "held", true, 0]);
    expect(lastLine(partly)).to.include("it holds 0.6 USDC, and the rest went to the seller");
    await escrow().connect(at.buyer).release(made.terms, 600_000n);
    const wholly = await show(made);
    expect(outcome(wholly)).to.deep.equal(["proved", "paid", true, 0]);
    expect(lastLine(wholly)).to.include("Its money went to the seller, all 1.0 USDC");
    expect(wholly.now).to.include({ status: "Closed", held: 0n, released: 1_000_000n, refunded: 0n });
  });

  it("is still that deposit when it was refunded, and the last thing that is said is not to deliver", async () => {
    const made = await at.deposit();
    await escrow().connect(at.seller).refund(made.terms, 1_000_000n);
    const proof = await show(made);
    expect(outcome(proof)).to.deep.equal(["proved", "returned", false, 3]);
    const block = await at.ethers.provider.getBlockNumber();
    expect(lastLine(proof)).to.equal(
      `Do NOT deliver for it: all of its 1.0 USDC went back to the buyer, as of block ${block}.`,
    );
    expect(formatProof(proof)).to.include("It IS the deposit of this payment.");
    expect(proof.checks.at(-1)!.sentence).to.match(
      /^Closed in block \d+ of .* UTC: 0\.0 USDC held, 0\.0 USDC released to the seller, 1\.0 USDC refunded to the buyer\.$/,
    );
  });

  it("is not good for all goods when a part went back, whether the rest is there or went to the seller", async () => {
    const made = await at.deposit();
    await escrow().connect(at.seller).refund(made.terms, 1n);
    const open = await show(made);
    expect(outcome(open)).to.deep.equal(["proved", "returned_in_part", false, 3]);
    expect(lastLine(open)).to.include("Do NOT deliver").and.include("0.000001 USDC of its 1.0 USDC");
    await escrow().connect(at.buyer).release(made.terms, 999_999n);
    expect(outcome(await show(made))).to.deep.equal(["proved", "returned_in_part", false, 3]);
  });

  it("is not when a claim, a ruling or a settlement sent its money back", async () => {
    const claimed = await at.deposit({ onDeadline: 0 });
    const ruled = await at.deposit();
    const settled = await at.deposit();
    await at.dispute(ruled.terms);
    await escrow().connect(at.suite.holders.ARBITER).resolve(ruled.terms, 0n, 1_000_000n, id("ruling"));
    const validUntil = BigInt((await at.networkHelpers.time.latest()) + DAY);
    const parts = { paymentId: settled.paymentId, sellerAmount: 1n, buyerAmount: 999_999n, validUntil };
    const domain = {
      ...{ name: "Holdfast Escrow", version: "1", chainId: at.suite.record.chainId },
      verifyingContract: await escrow().getAddress(),
    };
    const types = { Settlement: [...SETTLEMENT.Settlement!] };
    const [byBuyer, bySeller] = await Promise.all(
      [at.buyer, at.seller].map((party) => party.signTypedData(domain, types, parts)),
    );
    await escrow().settle(settled.terms, 1n, 999_999n, validUntil, byBuyer!, bySeller!);
    await at.pass(10 * DAY);
    await escrow().claim(claimed.terms);
    for (const [made, money] of [
      [claimed, "returned"],
      [ruled, "returned"],
      [settled, "returned_in_part"],
    ] as const)
      expect(outcome(await show(made))).to.deep.equal(["proved", money, false, 3]);
  });

  it("is not yet while it is disputed or on hold, and is again afterwards", async () => {
    const made = await at.deposit();
    const officer = escrow().connect(at.suite.holders.COMPLIANCE);
    await at.dispute(made.terms);
    const disputed = await show(made);
    expect(outcome(disputed)).to.deep.equal(["proved", "disputed", false, 3]);
    expect(lastLine(disputed)).to.include("it is disputed, and who gets the 1.0 USDC that it holds is open");
    await officer.hold(made.paymentId, "odd");
    const frozen = await show(made);
    expect(outcome(frozen)).to.deep.equal(["proved", "on_hold", false, 3]);
    expect(frozen.checks.at(-1)!.sentence).to.match(/^Disputed and on hold in block/);
    await officer.unhold(made.paymentId, "fine");
    await escrow().connect(at.buyer).withdrawDispute(made.terms);
    expect(outcome(await show(made))).to.deep.equal(["proved", "held", true, 0]);
  });

  it("is not from the second on in which anybody may send it back to the buyer", async () => {
    const [back, on] = [await at.deposit({ onDeadline: 0 }), await at.deposit()];
    const deadline = Number(back.terms.deadline);
    await at.networkHelpers.time.increaseTo(deadline - 1);
    expect(outcome(await show(back))).to.deep.equal(["proved", "held", true, 0]);
    await at.networkHelpers.time.increaseTo(deadline);
    const over = await show(back);
    expect(outcome(over)).to.deep.equal(["proved", "claimable_for_buyer", false, 3]);
    expect(lastLine(over)).to.include("anybody may send the 1.0 USDC that it holds back to the buyer");
    await at.pass(DAY);
    expect(outcome(await show(on)), "a claim pays the seller").to.deep.equal(["proved", "held", true, 0]);
  });

  it("says what of it waits for the seller as a credit", async () => {
    const made = await at.deposit();
    await at.suite.usdc.setBlacklisted(at.seller.address, true);
    await escrow().connect(at.buyer).release(made.terms, 1_000_000n);
    const proof = await show(made);
    expect(outcome(proof)).to.deep.equal(["proved", "paid", true, 0]);
    expect(lastLine(proof)).to.include(
      "Not all that the seller is owed has arrived: 1.0 USDC wait as a credit.",
    );
  });

  describe("of which a part is a fee", () => {
    it("says what of it goes and went to the fee's recipient, and that the seller has not all", async () => {
      const feeRecipient = at.stranger.address;
      const made = await at.deposit({ feeBps: 1_000, feeRecipient });
      const whole = await show(made);
      expect(outcome(whole)).to.deep.equal(["proved", "held", true, 0]);
      expect(lastLine(whole)).to.match(
        new RegExp(
          `^Its money is there: it holds 1\\.0 USDC, of which 0\\.1 USDC \\(10 %\\) goes to the fee's recipient ${feeRecipient} once it is released, as of`,
        ),
      );
      await escrow().connect(at.buyer).release(made.terms, 400_000n);
      const partly = await show(made);
      expect(lastLine(partly)).to.include("it holds 0.6 USDC, of which 0.06 USDC (10 %) goes to");
      expect(lastLine(partly)).to.include(", and the rest was released, 0.04 USDC of it as the fee, as of");
      expect(partly.now).to.include({ released: 400_000n, fee: 40_000n, feeToCome: 60_000n });
      await escrow().connect(at.buyer).release(made.terms, 600_000n);
      const wholly = await show(made);
      expect(outcome(wholly)).to.deep.equal(["proved", "paid", true, 0]);
      expect(lastLine(wholly)).to.include(
        `Its money was released, all 1.0 USDC, of which 0.1 USDC (10 %) went to the fee's recipient ${feeRecipient}, as of`,
      );
      expect(wholly.checks.at(-1)!.sentence).to.include(
        "1.0 USDC released, 0.1 USDC of it as the fee, 0.0 USDC refunded to the buyer.",
      );
      for (const proof of [whole, partly, wholly])
        expect(formatProof(proof)).not.to.include("went to the seller").and.not.to.include("to the seller,");
      expect(await at.suite.usdc.balanceOf(feeRecipient), "as the chain has it").to.equal(100_000n);
    });

    it("rounds it as the contract does, and names a recipient who is the seller", async () => {
      const made = await at.deposit({ amount: 79n, feeBps: 125, feeRecipient: at.seller.address });
      await escrow().connect(at.buyer).release(made.terms, 79n);
      const proof = await show(made);
      expect(outcome(proof)).to.deep.equal(["proved", "paid", true, 0]);
      expect(lastLine(proof)).to.include("of which 0.0 USDC (1.25 %) went to the fee's recipient");
      expect(lastLine(proof)).to.include(`${at.seller.address}, who is the seller, as of`);
    });

    it("is not good for the goods if the fee goes back to the buyer, and says how much", async () => {
      const made = await at.deposit({ feeBps: 1_000, feeRecipient: at.buyer.address });
      const waits = await show(made);
      expect(outcome(waits)).to.deep.equal(["proved", "fee_to_buyer", false, 3]);
      expect(lastLine(waits)).to.match(
        /^Do NOT deliver for it as if it were paid in full: the fee's recipient is the buyer, who gets back 0\.1 USDC \(10 %\) of its 1\.0 USDC once all of it is released, as of block \d+\.$/,
      );
      await escrow().connect(at.buyer).release(made.terms, 400_000n);
      expect(lastLine(await show(made))).to.include("once all of it is released, 0.04 USDC already, as of");
      await at.dispute(made.terms);
      const disputed = await show(made);
      expect(outcome(disputed)).to.deep.equal(["proved", "disputed", false, 3]);
      expect(lastLine(disputed)).to.include("Nor is it ever paid in full: the fee's recipient is the buyer");
      await escrow().connect(at.buyer).withdrawDispute(made.terms);
      await escrow().connect(at.buyer).release(made.terms, 600_000n);
      const over = await show(made);
      expect(outcome(over)).to.deep.equal(["proved", "fee_to_buyer", false, 3]);
      expect(lastLine(over)).to.include("who got back 0.1 USDC (10 %) of its 1.0 USDC, as of");
      // Of so little that it is rounded to nothing, nothing goes back.
      const tiny = await at.deposit({ amount: 7n, feeBps: 1_000, feeRecipient: at.buyer.address });
      expect(outcome(await show(tiny))).to.deep.equal(["proved", "held", true, 0]);
    });
  });

  it("is compared as of the block that all endpoints have, and is refuted if they tell it differently there", async () => {
    const made = await at.deposit();
    const { provider } = at.ethers;
    const head = await provider.getBlockNumber();
    await escrow().connect(at.seller).refund(made.terms, 1_000_000n);
    const behind = { label: "behind", provider: at.lying({ getBlockNumber: () => Promise.resolve(head) }) };
    const here = { label: "here", provider };
    // Whoever is behind does not know yet that the money went back.
    for (const witnesses of [
      [here, behind],
      [behind, here],
    ]) {
      const early = await show(made, { witnesses });
      expect([...outcome(early), early.now!.block]).to.deep.equal(["proved", "returned", false, 3, head + 1]);
    }
    const alone = await show(made, { witnesses: [behind] });
    expect([...outcome(alone), alone.now!.block]).to.deep.equal(["proved", "held", true, 0, head]);

    const { interface: abi } = escrow();
    const refunded = abi.getFunction("paymentState").selector;
    const state = abi.encodeFunctionResult("paymentState", [[1, 0, 0, 1_000_000n, 0]] as never);
    const call = (asked: { data: string }) =>
      asked.data.startsWith(refunded) ? Promise.resolve(state) : provider.call(asked);
    const liar = { label: "liar", provider: at.lying({ call }) };
    expect(outcome(await show(made, { witnesses: [liar] })), "or nothing is tested").to.include("held");
    for (const witnesses of [
      [here, liar],
      [liar, here],
    ]) {
      const proof = await show(made, { witnesses });
      expect([proof.verdict, proof.mayDeliver, exitCodeOf(proof)]).to.deep.equal(["refuted", false, 1]);
      expect(lastLine(proof)).to.include("It is NOT the deposit");
    }

    const impossible = abi.encodeFunctionResult("paymentState", [[3, 0, 0, 0, 1_000_001n]] as never);
    const broken = at.lying({
      call: (asked: { data: string }) =>
        asked.data.startsWith(refunded) ? Promise.resolve(impossible) : provider.call(asked),
    });
    const proof = await show(made, { witnesses: [{ label: "broken", provider: broken }] });
    expect(outcome(proof)).to.deep.equal(["unknown", undefined, false, 2]);
    expect(proof.checks.at(-1)!.sentence).to.include("What the escrow says of it cannot be: ");
  });

  it("is claimable for the buyer from its deadline on, though no block says that it is so late", async () => {
    const toBuyer = await at.deposit({ onDeadline: 0 });
    const deadline = Number(toBuyer.terms.deadline);
    expect(outcome(await show(toBuyer, { now: deadline - 1 }))).to.deep.equal(["proved", "held", true, 0]);
    const over = await show(toBuyer, { now: deadline });
    expect(outcome(over)).to.deep.equal(["proved", "claimable_for_buyer", false, 3]);
    expect(over.now!.time).to.be.below(deadline);
    const toSeller = await at.deposit();
    expect(outcome(await show(toSeller, { now: deadline }))).to.deep.equal(["proved", "held", true, 0]);
  });

  it("was made once if its state says so, where logs are read from a later block on", async () => {
    const made = await at.deposit();
    const block = await at.ethers.provider.getBlockNumber();
    await at.networkHelpers.mine(3);
    // The escrow was not even there before the first of them.
    for (const fromBlock of [at.suite.record.startBlock + 1, block, block + 2])
      expect((await show(made, { fromBlock })).verdict, `from ${fromBlock}`).to.equal("proved");
    // An endpoint without the states of old blocks cannot tell.
    const { provider } = at.ethers;
    const call = (asked: { data: string; blockTag?: number }) =>
      asked.blockTag === block - 1 ? Promise.reject(new Error("pruned")) : provider.call(asked);
    const getCode = () => Promise.reject(new Error("pruned"));
    const pruned = [{ label: "pruned", provider: at.lying({ call, getCode }) }];
    const untold = await show(made, { fromBlock: block, witnesses: pruned });
    expect(outcome(untold)).to.deep.equal(["unknown", "held", false, 2]);
    expect((await show(made, { witnesses: pruned })).verdict).to.equal("proved");
    // The same terms cannot be deposited again; a broken version says so.
    const transaction = await at.emitAt(await escrow().getAddress(), [
      at.created(made.paymentId, made.terms),
    ]);
    const again = await at.verify({ paymentId: made.paymentId, transaction }, { fromBlock: block + 2 });
    const once = again.checks.find(({ name }) => name === "once")!;
    expect([once.passed, once.sentence]).to.deep.equal([
      false,
      `The payment was deposited before block ${block + 2} already.`,
    ]);
  });

  describe("for an order", () => {
    it("is not the one of another order, whatever else it is", async () => {
      const made = await at.deposit();
      const { paymentReference } = made.terms;
      const upper = `0x${paymentReference.slice(2).toUpperCase()}`;
      for (const reference of [paymentReference, upper])
        expect((await at.verify({ ...made, reference })).verdict).to.equal("proved");
      const other = await at.verify({ ...made, reference: id("another order") });
      expect([other.verdict, exitCodeOf(other)]).to.deep.equal(["refuted", 1]);
      const failed = other.checks.filter(({ passed }) => passed !== true);
      expect(failed).to.deep.equal([
        {
          name: "reference",
          passed: false,
          sentence: `It is ${paymentReference}, and not ${id("another order")}.`,
        },
      ]);
    });

    it("names its reference where nobody said which it should be", async () => {
      const made = await at.deposit({ paymentReference: ZeroHash });
      const { checks } = await show(made);
      expect(checks.find(({ name }) => name === "reference")!.sentence).to.equal(
        `${ZeroHash}; nobody said which order's it should be.`,
      );
    });

    it("refuses a reference that is none with a sentence, before it asks anybody", async () => {
      const { error: print } = console;
      for (const reference of ["order 7", "0x12", `0x${"1".repeat(63)}`, `0x${"g".repeat(64)}`, "", "7"]) {
        const said: string[] = [];
        console.error = (line: unknown) => said.push(String(line));
        const args = { transaction: id("t"), payment: id("p"), reference };
        const { exits } = await ended(() => hre.tasks.getTask(["triage", "verify-proof"]).run(args)).finally(
          () => (console.error = print),
        );
        expect(said.join("\n"), reference).to.include(
          "--reference is the order's paymentReference, 0x and 64",
        );
        expect(exits).to.equal(2);
      }
    });
  });
});
