import { expect } from "chai";

import { addressBook } from "../../../scripts/lib/operations/book.js";
import { readGovernance } from "../../../scripts/lib/operations/governance.js";
import { findHistory, type HistoryOptions } from "../../../scripts/lib/operations/history.js";
import { readRegister } from "../../../scripts/lib/operations/register.js";
import { toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { formatHistory } from "../../../scripts/ops/history.js";
import { hardhat, withRecord } from "../../support/command-line.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain } from "../../support/operations.js";
import { safeAccount, type SafeAccount } from "../../support/safe-account.js";

const DAY = 86_400;

describe("the history of a suite", function () {
  let chain: AdminChain;
  let safe: SafeAccount;
  before(async () => {
    chain = await AdminChain.start(async (connection) => {
      const owners = (await connection.ethers.getSigners()).slice(11, 14);
      safe = await safeAccount(connection, "1.5.0", owners, 2);
      return { UNPAUSER: [safe.address] };
    });
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    const opened = await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade" });
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
    await chain.keep();
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const read = async (options: Partial<HistoryOptions> = {}) => {
    const { provider } = chain.connection.ethers;
    const { record } = chain.deployed;
    const register = await readRegister(provider, record, chain.folder);
    const logs = await readGovernance(provider, record, await provider.getBlockNumber());
    const names = addressBook(chain.suite, register);
    return await findHistory(provider, record, logs, register, names, { limit: 20, ...options });
  };
  const pause = async (reason: string) => {
    const { escrow, holders } = chain.deployed;
    return (await (await escrow.connect(holders.GUARDIAN).pause(1, 3_600, reason)).wait())!;
  };

  it("names each step of an operation with its folder, latest first, and who did it", async () => {
    const [executed, scheduled] = await read({ limit: 2 });
    const by = chain.deployed.holders.UPGRADER.address;
    expect(executed).to.deep.include({
      by,
      deployment: false,
      operation: { number: 1, name: "test", step: "execute" },
    });
    expect(executed!.what).to.include(
      "escrow upgraded from escrow's first implementation to escrow's EscrowNext 2.0.0",
    );
    expect(scheduled!.operation?.step).to.equal("schedule");
    expect(scheduled!.what[0]).to.match(/^scheduled for .* UTC: upgradeController\.upgrade\(proxy: escrow, /);
  });

  it("marks what was done outside of every operation", async () => {
    const { hash, from, blockNumber } = await pause("by hand");
    const [entry] = await read();
    expect(entry).to.deep.include({ hash, by: from, block: blockNumber, operation: null, deployment: false });
    expect(entry!.what[0]).to.match(/^DEPOSITS paused until .* UTC: by hand$/);
    const page = formatHistory([entry!], { [from]: "GUARDIAN" }, entry!.time);
    expect(page).to.include("OUTSIDE OF EVERY OPERATION").and.to.include("by GUARDIAN");
  });

  it("lets nobody write to the terminal through a reason", async () => {
    await pause("\u001b[2J\nall is well \u202e");
    expect((await read())[0]!.what[0]).to.match(/: \[2J all is well$/);
  });

  it("tells who scheduled what a stranger carries for a Safe", async () => {
    const { accessManager, escrow } = chain.deployed;
    await pause("test");
    const data = escrow.interface.encodeFunctionData("unpause", [1]);
    const schedule = accessManager.interface.encodeFunctionData("schedule", [
      await escrow.getAddress(),
      data,
      0,
    ]);
    await (await safe.execute([{ to: await accessManager.getAddress(), data: schedule }])).wait();
    const [entry] = await read();
    expect(entry!.by).to.equal(safe.address);
    expect(entry!.sentBy).to.not.equal(safe.address);
  });

  it("tells of rollbacks, cancelled operations and roles", async () => {
    const { accessManager, upgradeController, holders, record, users } = chain.deployed;
    await (
      await upgradeController.connect(holders.GUARDIAN).rollback(record.contracts.escrow.address)
    ).wait();
    const grant = accessManager.interface.encodeFunctionData("grantRole", [4, users[0]!.address, 0]);
    await (await accessManager.connect(holders.ADMIN).schedule(accessManager, grant, 0)).wait();
    await (await accessManager.connect(holders.GUARDIAN).cancel(holders.ADMIN, accessManager, grant)).wait();
    await chain.changeAuthority("grantRole", [4, users[0]!.address, 0]);
    const sentences = (await read()).flatMap(({ what }) => what);
    expect(sentences).to.include(
      "escrow rolled back from escrow's EscrowNext 2.0.0 to escrow's first implementation",
    );
    expect(
      sentences.some((one) => one.startsWith("cancelled: accessManager.grantRole(roleId: OPERATOR")),
    ).to.equal(true);
    expect(sentences.some((one) => one.startsWith(`OPERATOR granted to ${users[0]!.address} from`))).to.equal(
      true,
    );
  });

  it("holds the deployment apart", async () => {
    const all = await read({ limit: 1_000 });
    expect(all.slice(2).every(({ deployment }) => deployment)).to.equal(true);
    expect(all.at(-1)!.what[0]).to.match(/^ADMIN granted to /);
  });

  it("begins where it is told to", async () => {
    const [executed] = await read();
    expect(await read({ since: executed!.time })).to.have.length(1);
  });

  it("is printed as JSON by the command, whose exit code is 1 if anything was done outside", async () => {
    await pause("by hand");
    const { exitCode, stdout } = await withRecord(chain.deployed.record, () =>
      hardhat(chain.anvil.url, "ops", "history", "--json", "--limit", "1"),
    );
    const entries = JSON.parse(stdout) as Awaited<ReturnType<typeof read>>;
    expect(entries.map(({ operation }) => operation)).to.deep.equal([null]);
    expect(exitCode).to.equal(1);
  });

  it("goes on where a reason is no UTF-8, or what was scheduled is not padded", async () => {
    const { accessManager, escrow, holders, upgradeController } = chain.deployed;
    const data = escrow.interface.encodeFunctionData("pause", [1, 60, "?"]).replace(/3f(0{62})$/, "ff$1");
    await (await holders.GUARDIAN.sendTransaction({ to: escrow, data })).wait();
    const upgrade = upgradeController.interface
      .encodeFunctionData("upgrade", [
        await escrow.getAddress(),
        await accessManager.getAddress(),
        "0x12345678",
      ])
      .slice(0, -56);
    await (await accessManager.connect(holders.UPGRADER).schedule(upgradeController, upgrade, 0)).wait();

    const [scheduled, paused] = await read({ limit: 2 });
    expect(scheduled!.what[0]).to.include("upgradeController that cannot be decoded: 0x");
    expect(paused!.by).to.equal(holders.GUARDIAN.address);
    expect(paused!.what).to.deep.equal(["escrow tells of Paused in a way that cannot be decoded"]);
  });
});
