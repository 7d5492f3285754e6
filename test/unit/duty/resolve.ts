import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { id } from "ethers";

import { dutyTown, type DutyTown } from "./fixture.js";

const TEXT = "The goods arrived late: two fifths to the seller.";
const HASH = `0x${"ab".repeat(32)}`;
const DAY = 86_400;

describe("payment resolve", function () {
  this.timeout(240_000);

  let at: DutyTown;
  let directory: string;
  let ruling: string;
  before(async () => {
    at = await dutyTown("duty-resolve");
    directory = await mkdtemp(path.join(tmpdir(), "holdfast-ruling-"));
    ruling = path.join(directory, "ruling.txt");
    await writeFile(ruling, TEXT);
  });
  after(async () => {
    await at?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const disputed = async (change: Parameters<DutyTown["deposit"]>[0] = {}) => {
    const made = await at.deposit(change);
    await at.dispute(made.terms);
    return made;
  };
  const rule = (paymentId: string, parts: string, from = at.holder("ARBITER"), written = ruling) =>
    at.type(`payment resolve --payment ${paymentId} ${parts} --ruling ${written} --from ${from} --yes`);
  /** What was refused, and that nothing of the payment moved. */
  const refused = async (paymentId: string, said: Promise<{ code: number; stderr: string }>) => {
    const { code, stderr } = await said;
    expect([code, Number((await at.contracts.escrow.paymentState(paymentId)).status)], stderr).to.deep.equal([
      2, 2,
    ]);
    return stderr;
  };

  it("divides what is held as the arbiter says, and puts the hash of the written ruling on the chain", async () => {
    const { paymentId, terms } = await disputed();
    const { usdc, escrow } = at.contracts;
    const before = await usdc.balanceOf(terms.seller);
    const said = await rule(paymentId, "--to-seller 40.5 --to-buyer 59.5");
    expect(said.stdout, said.stderr).to.include("Done: the payment is Closed and holds 0.0 USDC.");
    expect((await usdc.balanceOf(terms.seller)) - before).to.equal(40_500_000n);
    const [event] = await escrow.queryFilter(escrow.filters.DisputeResolved(paymentId));
    const { sellerAmount, buyerAmount, rulingHash } = event!.args;
    expect([sellerAmount, buyerAmount, rulingHash]).to.deep.equal([40_500_000n, 59_500_000n, id(TEXT)]);
  });

  it("gives one party the rest of what is held, also after a part of it was released", async () => {
    const { paymentId, terms } = await at.deposit();
    await (await at.contracts.escrow.connect(at.buyer).release(terms, 30_000_000n)).wait();
    await at.dispute(terms);
    const said = await rule(paymentId, "--to-seller rest --to-buyer 0");
    expect(said.code, said.stderr).to.equal(0);
    expect((await at.contracts.escrow.paymentState(paymentId)).released).to.equal(100_000_000n);
  });

  it("tells a machine what it did", async () => {
    const { paymentId } = await disputed();
    const { stdout, stderr } = await at.type(
      `payment resolve --payment ${paymentId} --to-seller 0 --to-buyer rest --ruling ${HASH} --from ${at.holder("ARBITER")} --yes --json`,
    );
    const { transaction, ...outcome } = JSON.parse(stdout) as { transaction: string };
    expect(outcome).to.deep.equal({
      ...{ status: "Closed", onHold: false, held: "0" },
      ...{ sellerAmount: "0", buyerAmount: "100000000", rulingHash: HASH },
    });
    expect(stderr).to.include(`Sent ${transaction}`);
  });

  it("is the named arbiter's alone where the terms name one, and the role's where they do not", async () => {
    const byRole = await disputed();
    expect(
      await refused(
        byRole.paymentId,
        rule(byRole.paymentId, "--to-seller 0 --to-buyer rest", at.elsewhere.address),
      ),
    )
      .to.include("This account may not")
      .and.include("Nothing was sent.");
    const named = await disputed({ arbiter: at.elsewhere.address });
    const parts = "--to-seller 1 --to-buyer rest";
    expect(await refused(named.paymentId, rule(named.paymentId, parts))).to.include("This account may not");
    const said = await rule(named.paymentId, parts, at.elsewhere.address);
    expect(said.stdout, said.stderr).to.include("Done: the payment is Closed");
  });

  it("refuses parts that are not all of it, in whole tokens", async () => {
    const { paymentId } = await disputed();
    for (const [parts, sum] of [
      ["--to-seller 40 --to-buyer 59.999999", "99.999999 USDC"],
      ["--to-seller 100.000001 --to-buyer rest", "100.000001 USDC"],
      ["--to-seller 100 --to-buyer 100", "200.0 USDC"],
    ] as const)
      expect(await refused(paymentId, rule(paymentId, parts)), parts).to.include(
        `which is 100.0 USDC; --to-seller and --to-buyer are ${sum}. Nothing was sent.`,
      );
  });

  it("refuses what is no amount, no ruling, or not all that it takes", async () => {
    const { paymentId } = await disputed();
    const parts = "--to-seller 1 --to-buyer rest";
    const empty = path.join(directory, "empty.txt");
    await writeFile(empty, "");
    for (const [typed, written, words] of [
      ["--to-seller 1.1234567 --to-buyer rest", ruling, "--to-seller is in whole tokens with at most 6"],
      ["--to-seller 1 --to-buyer -1", ruling, "--to-buyer is in whole tokens"],
      ["--to-seller rest --to-buyer rest", ruling, "Only one of --to-seller and --to-buyer"],
      ["--to-seller 1", ruling, "Say what the buyer gets with --to-buyer"],
      [parts, "0x12", "0x12 cannot be read (ENOENT)"],
      [parts, empty, "is empty, and rules nothing"],
      [parts, directory, "cannot be read (EISDIR)"],
    ] as const)
      expect(await refused(paymentId, rule(paymentId, typed, undefined, written))).to.include(words);
  });

  it("says that nobody disputes it, that compliance froze it, and that its time is over", async () => {
    const calm = await at.deposit();
    const { stderr } = await rule(calm.paymentId, "--to-seller 0 --to-buyer rest");
    expect(stderr).to.include("not in a state for that");

    const { paymentId } = await disputed();
    const officer = at.holder("COMPLIANCE");
    for (const act of ["hold", "unhold"]) {
      await at.type(`payment ${act} --payment ${paymentId} --reason why --from ${officer} --yes`);
      if (act === "unhold") await at.pass(40 * DAY);
      expect(await refused(paymentId, rule(paymentId, "--to-seller 0 --to-buyer rest"))).to.include(
        act === "hold" ? "Compliance froze the payment" : "the time for it is over",
      );
    }
  });

  it("only tells what it would do in a dry run", async () => {
    const { paymentId } = await disputed();
    const words = `payment resolve --payment ${paymentId} --to-seller 1 --to-buyer rest --ruling ${ruling}`;
    const { stdout } = await at.type(`${words} --from ${at.holder("ARBITER")}`, { dry: true });
    expect(stdout)
      .to.include(
        "Dry run: it would work now: resolve with 1.0 USDC to the seller and 99.0 USDC to the buyer",
      )
      .and.include(id(TEXT));
    expect((await at.contracts.escrow.paymentState(paymentId)).held).to.equal(100_000_000n);
  });
});
