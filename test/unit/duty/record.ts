import { expect } from "chai";
import { Wallet, ZeroHash } from "ethers";

import { parseUpdate, updateOf } from "../../../scripts/compliance/arguments.js";
import { NO_RECORD, STANDINGS } from "../../../scripts/lib/compliance/record.js";
import { solidityEnum } from "../../support/solidity-enum.js";
import { dutyTown, type DutyTown } from "./fixture.js";

const EVIDENCE = `0x${"cd".repeat(32)}`;
const CLEAR = `--standing cleared --expiry never --evidence ${EVIDENCE}`;
const BLOCKED = { ...NO_RECORD, standing: 2n, riskScore: 254n, tier: 3n, jurisdiction: 276n, expiry: 7n };

describe("compliance record", function () {
  this.timeout(240_000);

  let at: DutyTown;
  before(async () => (at = await dutyTown("duty-record")));
  after(() => at?.stop());

  const someone = () => Wallet.createRandom().address;
  const record = (account: string, words: string, from = at.holder("COMPLIANCE")) =>
    at.type(`compliance record --account ${account} ${words} --from ${from} --yes`);
  /** Somebody whom an officer blocked. */
  const blocked = async () => {
    const account = someone();
    await record(account, "--standing blocked --evidence none");
    return account;
  };
  const revisionOf = async (account: string) => (await at.contracts.registry.recordOf(account)).revision;
  /** What was refused, and that nothing was written. */
  const refused = async (words: string, from?: string, account = someone()) => {
    const before = await revisionOf(account);
    const { code, stderr } = await record(account, words, from);
    expect([code, await revisionOf(account)], stderr).to.deep.equal([2, before]);
    return stderr;
  };

  it("lowers an old score and leaves the rest of the record, shows it before and after, and says who passes", async () => {
    const account = someone();
    const first = await record(account, `${CLEAR} --risk-score 254 --tier 3 --jurisdiction 276`);
    expect(first.stdout, first.stderr)
      .to.include("before  unlisted\n")
      .and.include("to know: the risk score 254 is above the policy's maximum, 70")
      .and.include("Done, revision 1: the account does not pass (RiskTooHigh): The score in the record");

    const { stdout, stderr } = await record(account, `${CLEAR} --risk-score 10`);
    expect(stdout, stderr)
      .to.include("before  cleared for ever, risk score 254, tier 3, jurisdiction 276, evidence 0xcdcd")
      .and.include("after   cleared for ever, risk score 10, tier 3, jurisdiction 276, evidence 0xcdcd")
      .and.include("Done, revision 2: the account passes.");
    const { registry } = at.contracts;
    const written = await registry.recordOf(account);
    expect([...written]).to.deep.equal([1n, 10n, 3n, 276n, 0n, 2n]);
    expect(await registry.attestationHashOf(account)).to.equal(EVIDENCE);
  });

  it("tells a machine what it did", async () => {
    const account = someone();
    const { stdout, stderr } = await record(account, "--standing blocked --evidence none --json");
    const { transaction, ...outcome } = JSON.parse(stdout) as { transaction: string };
    const before = { ...inText(NO_RECORD), revision: "0" };
    expect(outcome).to.deep.equal({
      ...{ account, before, screening: "Blocked", enforced: true },
      after: { ...before, standing: "2", revision: "1" },
    });
    expect(stderr).to.include("before  unlisted").and.include(`Sent ${transaction}`);
  });

  it("lifts no block on --yes alone, by whatever standing, and says how", async () => {
    const account = await blocked();
    for (const words of [CLEAR, "--standing unlisted"])
      expect(await refused(words, undefined, account), words)
        .to.include("The account is blocked until an officer lifts it, risk score 0")
        .and.include("Then add --lift-block, or leave --yes out and confirm it by typing. Nothing was sent.");
    // What leaves the block as it is needs no such word.
    const { stdout, stderr } = await record(account, "--standing blocked --evidence none --risk-score 3");
    expect(stdout, stderr).to.include("Done, revision 2");
  });

  it("takes --lift-block only where there is a block to lift", async () => {
    expect(await refused(`${CLEAR} --lift-block`)).to.include("--lift-block: this lifts no block.");
  });

  it("asks for another word where it lifts a block, and says which", async () => {
    const account = await blocked();
    const words = `compliance record --account ${account} ${CLEAR} --from ${at.holder("COMPLIANCE")}`;
    const short = account.slice(0, 10);
    const usual = await at.answer(() => Promise.resolve(short), words);
    expect([usual.exitCode, await revisionOf(account)], usual.stderr).to.deep.equal([2, 1n]);
    expect(usual.stderr)
      .to.include(`LIFT THE BLOCK of ${account}, which is blocked until an officer lifts it, risk score 0`)
      .and.include(`Type lift ${short} to go on: `);
    const lifting = await at.answer(() => Promise.resolve(`lift ${short}`), words);
    expect([lifting.exitCode, await revisionOf(account)], lifting.stderr).to.deep.equal([0, 2n]);
    expect(lifting.stdout).to.include("the account passes.");
  });

  it("undoes nothing that somebody wrote after it was shown", async () => {
    const account = someone();
    const words = `compliance record --account ${account} ${CLEAR} --from ${at.holder("COMPLIANCE")}`;
    const { exitCode, stderr } = await at.answer(async () => {
      await record(account, "--standing blocked --evidence none");
      return account.slice(0, 10);
    }, words);
    expect([exitCode, await revisionOf(account)], stderr).to.deep.equal([2, 1n]);
    expect(stderr).to.include(
      "Somebody wrote this record meanwhile: it is blocked until an officer lifts it, risk score 0",
    );
  });

  it("says of no block that it ends, as the contract asks for no block's expiry", async () => {
    const account = someone();
    await record(account, "--standing cleared --expiry 1d --evidence none");
    const { stdout, stderr } = await record(account, "--standing blocked --evidence none");
    expect(stdout, stderr)
      .to.match(/before {2}cleared until \d{4}-/)
      .and.match(/after {3}blocked until an officer lifts it \(its expiry, \d{4}-.*, ends no block\), risk/);
    await at.pass(2 * 86_400);
    const { reason } = await at.contracts.registry.screen(account);
    expect(reason).to.equal(1n);
  });

  it("takes a record back, and warns of whoever lifts a block", async () => {
    const account = await blocked();
    const { stdout, stderr } = await record(account, "--standing unlisted --lift-block");
    expect(stdout, stderr)
      .to.include("to know: this lifts a block. Legal is asked before that.")
      .and.include("after   unlisted")
      .and.include("Done, revision 2: the account passes.");
  });

  it("is the officer's alone", async () => {
    const said = await refused(CLEAR, at.elsewhere.address);
    expect(said).to.include("The contract refuses: AccessManagedUnauthorized(");
    expect(said).to.include("Nothing was sent.");
  });

  it("refuses what the contract would, and what nobody can mean", async () => {
    for (const [words, sentence] of [
      ["--standing clear --evidence none", "--standing is one of unlisted, cleared, blocked; it was clear."],
      ["--standing cleared --evidence none", "Say when the clearing ends with --expiry"],
      ["--standing blocked --expiry 30d --evidence none", "a block does not end by itself"],
      ["--standing blocked", "Say on what evidence with --evidence"],
      ["--standing blocked --evidence passport.pdf", "neither names nor documents"],
      [`--standing cleared --expiry 2001-01-31 --evidence ${EVIDENCE}`, "--expiry is over already"],
      [`${CLEAR} --risk-score 256`, "--risk-score is a whole number from 0 to 255; it was 256."],
      [`${CLEAR} --tier -1`, "--tier is a whole number"],
      [`${CLEAR} --jurisdiction DE`, "--jurisdiction is a whole number from 0 to 999; it was DE."],
      ["--standing unlisted --risk-score 10", "takes the whole record back: leave --risk-score out"],
    ] as const)
      expect(await refused(words), words).to.include(sentence);
    expect(await refused(CLEAR, undefined, `0x${"00".repeat(20)}`)).to.include(
      "the zero address can have no record",
    );
    expect((await record("0x12", CLEAR)).stderr).to.include("--account is an address; it was 0x12.");
  });

  it("only tells what it would do in a dry run", async () => {
    const account = someone();
    const words = `compliance record --account ${account} ${CLEAR} --from ${at.holder("COMPLIANCE")}`;
    const { stdout } = await at.type(words, { dry: true });
    expect(stdout).to.include(`Dry run: it would work now: record ${account} as cleared for ever`);
    expect(await revisionOf(account)).to.equal(0n);
  });

  it("knows the contract's standings", async () => {
    const names = await solidityEnum("ComplianceTypes.sol", "Standing");
    expect(names.map((name) => name.toLowerCase())).to.deep.equal(STANDINGS);
  });

  it("understands when a clearing ends, by the chain's time", () => {
    const expiryOf = (expiry: string) =>
      updateOf(
        parseUpdate({ account: `0x${"11".repeat(20)}`, standing: "cleared", expiry, evidence: "none" }),
        BLOCKED,
        1_000,
      ).expiry;
    expect(expiryOf("never")).to.equal(0n);
    expect(expiryOf("2d")).to.equal(173_800n);
    expect(expiryOf("2027-01-31")).to.equal(1_801_353_600n);
    expect(expiryOf("2027-01-31T12:30Z")).to.equal(1_801_398_600n);
    for (const wrong of ["2027-02-30", "2027-01-31T12:30", "31.1.2027", "soon", "1800000000", "-1d", ""])
      expect(() => expiryOf(wrong), wrong).to.throw(/--expiry/);
  });

  it("leaves what was not typed as it is, but never the evidence", () => {
    const typed = parseUpdate({ account: `0x${"11".repeat(20)}`, standing: "blocked", evidence: "none" });
    expect(updateOf(typed, { ...BLOCKED, attestationHash: EVIDENCE }, 1_000)).to.deep.equal({
      ...BLOCKED,
      attestationHash: ZeroHash,
    });
  });
});

const inText = (fields: object) =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
