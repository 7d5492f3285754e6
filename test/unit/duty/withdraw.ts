import { expect } from "chai";
import { Wallet, ZeroHash } from "ethers";

import { dutyTown, type DutyTown } from "./fixture.js";

/** Of which the seller's credit is all. */
const AMOUNT = 100_000_000n;
const OVER_DAY = 90_000;

describe("credit withdraw", function () {
  this.timeout(240_000);

  let at: DutyTown;
  before(async () => (at = await dutyTown("duty-withdraw")));
  after(() => at?.stop());

  const blacklist = async (account: string, isOn: boolean) =>
    await (await at.contracts.usdc.setBlacklisted(account, isOn)).wait();
  /** Somebody whose payout the token refused, and who is no account of the network unless given. */
  const credited = async (seller = Wallet.createRandom().address) => {
    const { terms } = await at.deposit({ seller });
    await blacklist(seller, true);
    await (await at.contracts.escrow.connect(at.buyer).release(terms, AMOUNT)).wait();
    return seller;
  };
  const withdraw = (account: string, more = "") =>
    at.type(`credit withdraw --token USDC --account ${account} --yes ${more}`);
  const creditOf = (account: string) => at.contracts.escrow.creditOf(at.contracts.usdc, account);
  /** What was refused, and that nothing moved. */
  const refused = async (account: string, more = "") => {
    const before = await creditOf(account);
    const { code, stderr } = await withdraw(account, more);
    expect([code, await creditOf(account)], stderr).to.deep.equal([2, before]);
    return stderr;
  };

  it("is sent by anybody to its owner, once the obstacle is gone", async () => {
    const owner = await credited();
    expect(await refused(owner)).to.match(
      /The contract refuses: CreditPushFailed\(.*The token or the recipient refuses the money\. .*Nothing was sent\./,
    );
    await blacklist(owner, false);
    const { stdout, stderr } = await withdraw(owner, `--from ${at.elsewhere.address}`);
    expect(stdout, stderr).to.include("Done: 100.0 USDC were paid, and 0.0 USDC are left as a credit.");
    expect(await at.contracts.usdc.balanceOf(owner)).to.equal(AMOUNT);
    expect(await refused(owner)).to.include(`waits for ${owner}. Nothing was sent.`);
  });

  it("goes elsewhere only if its owner says so", async () => {
    const owner = at.seller.address;
    await credited(owner);
    const to = Wallet.createRandom().address;
    const said = await refused(owner, `--to ${to}`);
    expect(said).to.include(`Only its owner, ${owner}, says that a credit goes to somebody else`);
    const { usdc, escrow } = at.contracts;
    const call = escrow.interface.encodeFunctionData("withdrawCredit", [await usdc.getAddress(), owner, to]);
    expect(said)
      .to.include(`data  ${call}`)
      .and.include(`to    ${await escrow.getAddress()}`);

    const { stdout, stderr } = await withdraw(owner, `--to ${to} --from ${owner.toLowerCase()} --json`);
    const { transaction, ...outcome } = JSON.parse(stdout) as { transaction: string };
    expect(outcome).to.deep.equal({
      ...{ token: await usdc.getAddress(), account: owner, to },
      ...{ amount: String(AMOUNT), balance: "0" },
    });
    expect(stderr).to.include(`Sent ${transaction}`);
    expect(await usdc.balanceOf(to)).to.equal(AMOUNT);
    await blacklist(owner, false);
  });

  it("says why screening stops its owner or its recipient, and who lifts that", async () => {
    const owner = at.seller.address;
    await credited(owner);
    await blacklist(owner, false);
    const blocked = Wallet.createRandom().address;
    const record = { tier: 0, jurisdiction: 0, expiry: 0, attestationHash: ZeroHash };
    const officer = await at.suite.connection.ethers.getSigner(at.holder("COMPLIANCE"));
    const write = async (account: string, standing: number, riskScore: number) =>
      await (
        await at.contracts.registry.connect(officer).setRecords([{ ...record, account, standing, riskScore }])
      ).wait();
    await write(blocked, 2, 0);
    expect(await refused(owner, `--to ${blocked} --from ${owner}`)).to.include(
      `Screening stops ${blocked} (Blocked): An officer blocked the account.`,
    );
    await write(owner, 1, 254);
    expect(await refused(owner))
      .to.include(`Screening stops ${owner} (RiskTooHigh)`)
      .and.include("Who lifts it:");
    await write(owner, 1, 0);
    expect((await withdraw(owner)).code).to.equal(0);
  });

  it("refuses what is no token, no address, or nobody's credit", async () => {
    const owner = Wallet.createRandom().address;
    expect(await refused(owner, "--token USDX")).to.include(
      "--token is USDC, USDT, DAI, ETH or a token's address",
    );
    expect(await refused(owner, "--to 0x12")).to.include("--to is an address; it was 0x12.");
    expect(await refused(owner, `--token ${owner}`)).to.include(`Nothing of the token ${owner} waits`);
    expect(await refused(owner, `--from ${owner}`)).to.include(owner);
    const { stderr } = await at.type("credit withdraw --token USDC");
    expect(stderr).to.include("Say whose credit with --account");
  });

  it("only tells what it would do in a dry run", async () => {
    const owner = await credited();
    await blacklist(owner, false);
    const { stdout } = await at.type(`credit withdraw --token USDC --account ${owner}`, { dry: true });
    expect(stdout).to.include(
      `it would work now: withdraw of the credit of 100.0 USDC of ${owner} to its owner`,
    );
    expect(await creditOf(owner)).to.equal(AMOUNT);
  });

  // The last: the pause stays.
  it("says until when all ways out are paused", async () => {
    const owner = await credited();
    await at.type('ops plan pause --bits exits --duration 1d --reason "for the test"');
    await at.type("ops rehearse");
    for (const guardian of at.suite.owners.GUARDIAN.slice(0, 2))
      await at.type(`ops sign --signer keystore --address ${guardian}`);
    await at.type(`ops execute --signer keystore --address ${at.suite.owners.GUARDIAN[0]} --yes`);
    expect(await refused(owner)).to.match(
      /It is paused\. It is possible from \d{4}-.* UTC on\. Nothing was sent\./,
    );
    await at.pass(OVER_DAY);
    expect(await refused(owner)).to.include("CreditPushFailed");
  });
});
