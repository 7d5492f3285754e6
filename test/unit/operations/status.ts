import { appendFile, rm } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import { NATIVE_COIN } from "../../../deploy/parameters.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { readStatus } from "../../../scripts/lib/operations/status.js";
import { toCancel, toPause, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { recordReconciliation, recordsPath } from "../../../scripts/lib/reconcile/records.js";
import type { Reconciliation } from "../../../scripts/lib/reconcile/request.js";
import { formatStatus } from "../../../scripts/ops/status.js";
import { hardhat, withRecord } from "../../support/command-line.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain } from "../../support/operations.js";

const DAY = 86_400;

describe("the status of a suite", function () {
  let chain: AdminChain;
  before(async () => (chain = await AdminChain.start()));
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const reconciliations = () => path.join(chain.folder, "reconciliations");
  const read = () => readStatus(chain.suite, chain.folder, reconciliations());
  const pause = async (bits: number, seconds: number) => {
    const { escrow, holders } = chain.deployed;
    await (await escrow.connect(holders.GUARDIAN).pause(bits, seconds, "test")).wait();
  };
  const planUpgrade = async () => {
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const initializer = { function: "initializeV2", args: ["7"] };
    const request = { proxy: "escrow", implementation, contract: "EscrowNext", initializer } as const;
    return await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade" });
  };

  it("needs no attention after a deployment, and was never reconciled", async () => {
    const status = await read();
    expect(status).to.deep.include({
      roles: [],
      pauses: [],
      pending: [],
      ready: [],
      operations: [],
      reconciled: null,
      partialRuns: 0,
      attention: [],
    });
    expect(
      status.code.map(({ proxy, contract, version, rollback }) => [proxy, contract, version, rollback]),
    ).to.deep.equal([
      ["escrow", "Escrow", "1.0.0", null],
      ["complianceRegistry", "ComplianceRegistry", "1.0.0", null],
    ]);
  });

  it("tells of the last reconciliation, and that it found something", async () => {
    const { number, hash, time } = (await read()).block;
    const WHOLE = { source: "database", index: "0123456789abcdef", behind: 0 } as const;
    const keep = (
      outcome: Reconciliation["outcome"],
      blockHash: string,
      at: number,
      part: Partial<Reconciliation["scope"]> = {},
    ) =>
      recordReconciliation(
        {
          ...{
            chainId: 31337,
            outcome,
            payments: 4,
            rpcCalls: 9,
            stateCalls: 2,
            findings: [],
            mendable: 0,
            rows: {},
            tokens: [],
            scope: { ...WHOLE, ...part },
          },
          block: { number, hash: blockHash, timestamp: time },
          counts: outcome === "clean" ? { matched: 7 } : { matched: 6, state_mismatch: 1 },
          seconds: { logs: 1, state: 1, rows: 1 },
        },
        { by: "day-shift", at: new Date(at * 1_000), applied: false, folder: reconciliations() },
      );
    await keep("clean", hash, time - 7_200);
    let status = await read();
    expect(formatStatus(status)).to.match(
      /Reconciled\n {2}\S+ \S+ UTC \(2 hours ago\) at block \d+ by day-shift: 4 payments, clean\n/,
    );
    expect(status.attention).to.deep.equal([]);

    await keep("differences", hash, time - 3_600);
    status = await read();
    expect(formatStatus(status)).to.include("by day-shift: 4 payments, differences: 1 state_mismatch\n");
    expect(status.attention).to.deep.equal(["The last reconciliation ended with: differences."]);

    // A look at a part of it, or at what it was, says nothing of it, and what it found is told all the same.
    await keep("clean", hash, time - 1_800, { payment: `0x${"01".repeat(32)}` });
    await keep("clean", hash, time - 1_700, { behind: 21 });
    status = await read();
    expect(formatStatus(status)).to.include(
      "by day-shift: 4 payments, differences: 1 state_mismatch\n" +
        "  2 runs since looked at a part, or at an index that was behind\n",
    );
    expect(status.attention).to.deep.equal(["The last reconciliation ended with: differences."]);
    await keep("clean", hash, time - 1_600);
    await keep("could not tell", hash, time - 1_500, { block: 1 });
    expect((await read()).attention).to.deep.equal([
      "A later reconciliation, which was not of everything, ended with: could not tell.",
    ]);

    // Until everything was compared anew, whatever part of it was looked at since.
    await keep("clean", hash, time - 1_400, { payment: `0x${"01".repeat(32)}` });
    await keep("differences", `0x${"77".repeat(32)}`, time - 1_300, { behind: 21 });
    expect((await read()).attention).to.deep.equal([
      "A later reconciliation, which was not of everything, ended with: could not tell.",
    ]);
    await keep("clean", hash, time - 1_200);
    expect((await read()).attention).to.deep.equal([]);

    // A chain that was started anew has other blocks.
    await keep("clean", `0x${"77".repeat(32)}`, time);
    expect((await read()).reconciled).to.equal(null);

    await appendFile(recordsPath(31337, reconciliations()), "{");
    expect((await read()).attention.join()).to.match(/^The last line of .* is damaged/);
    await rm(reconciliations(), { recursive: true });
  });

  it("tells what is paused, until when, and what that means, for as long as it lasts", async () => {
    await pause(5, 3_600);
    const status = await read();
    expect(status.pauses).to.deep.equal([
      { part: "DEPOSITS", until: status.block.time + 3_600 },
      { part: "EXITS", until: status.block.time + 3_600 },
    ]);
    expect(status.attention).to.have.length(2);
    expect(formatStatus(status)).to.match(/DEPOSITS until .* UTC \(in 1 hour\): nobody can deposit/);
    await chain.pass(3_601);
    expect((await read()).pauses).to.deep.equal([]);
  });

  it("tells what waits for its delay: the call, whose it is, from when, until when, who can cancel", async () => {
    const opened = await planUpgrade();
    await chain.carryOut(opened, "schedule");
    const status = await read();
    const [pending] = status.pending;
    expect(pending).to.deep.include({
      caller: chain.deployed.holders.UPGRADER.address,
      readyAt: status.block.time + 2 * DAY,
      expiresAt: status.block.time + 9 * DAY,
      cancelledBy: ["GUARDIAN", "ADMIN"],
    });
    expect(pending!.operation).to.be.a("number");
    expect(pending!.call)
      .to.match(
        /^upgradeController\.upgrade\(proxy: escrow, newImplementation: escrow's EscrowNext 2\.0\.0|^upgradeController\.upgrade\(/,
      )
      .and.to.include("escrow's EscrowNext 2.0.0")
      .and.to.include("initializeV2(generation_: 7)");
    const operation = status.operations.find(({ number }) => number === pending!.operation);
    expect(operation).to.deep.include({ standing: "under way", done: ["schedule"], left: ["execute"] });
    expect(status.attention).to.include(
      `No rollback that was signed with operation ${pending!.operation} would work.`,
    );
  });

  it("tells until when an upgrade can be taken back", async () => {
    const opened = await planUpgrade();
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
    const { code, block } = await read();
    expect(code[0]).to.deep.include({ contract: "EscrowNext", version: "2.0.0" });
    expect(code[0]!.rollback).to.deep.equal({
      to: chain.deployed.record.contracts.escrow.implementation,
      until: block.time + chain.deployed.parameters.rollbackWindow,
    });
  });

  it("alarms about what nobody of ours has scheduled, also where it cannot be decoded", async () => {
    const { accessManager, holders, complianceRegistry } = chain.deployed;
    const data = complianceRegistry.interface.encodeFunctionData("setEscrow", [NATIVE_COIN]);
    await (await accessManager.connect(holders.CONFIGURATOR).schedule(complianceRegistry, data, 0)).wait();
    await (await accessManager.connect(holders.ADMIN).schedule(NATIVE_COIN, "0x12345678", 0)).wait();
    const { attention, pending } = await read();
    expect(pending.map(({ operation }) => operation)).to.deep.equal([null, null]);
    expect(attention[0]).to.match(/complianceRegistry\.setEscrow\(.*is scheduled by no operation of ours/);
    expect(attention[1]).to.include("that cannot be decoded: 0x12345678");
  });

  it("shows what a decoder chokes on, and lets a guardian take it back", async () => {
    const { accessManager, holders, upgradeController, escrow } = chain.deployed;
    // Solidity takes bytes without their padding.
    const upgrade = upgradeController.interface
      .encodeFunctionData("upgrade", [
        await escrow.getAddress(),
        await accessManager.getAddress(),
        "0x12345678",
      ])
      .slice(0, -56);
    const notText = escrow.interface
      .encodeFunctionData("extendPause", [1, 60, "?"])
      .replace(/3f(0{62})$/, "ff$1");
    await (await accessManager.connect(holders.UPGRADER).schedule(upgradeController, upgrade, 0)).wait();
    await (await accessManager.connect(holders.CONFIGURATOR).schedule(escrow, notText, 0)).wait();

    const { attention, pending } = await read();
    expect(attention[0]).to.include(`upgradeController that cannot be decoded: ${upgrade.slice(0, 10)}`);
    expect(attention[1]).to.include(`escrow that cannot be decoded: ${notText.slice(0, 10)}`);

    const opened = await chain.plan(toCancel(pending[0]!.id), { verb: "cancel" });
    expect((await rehearse(chain.suite, opened)).branches[0]!.problems).to.deep.equal([]);
    await chain.carryOut(opened, "cancel");
    expect((await read()).pending.map(({ id }) => id)).to.deep.equal([pending[1]!.id]);
  });

  it("alarms about a role that the parameters do not know", async () => {
    const [stranger] = chain.deployed.users;
    await chain.changeAuthority("grantRole", [4, stranger!.address, 0]);
    const { attention } = await read();
    expect(attention).to.deep.equal([
      `unexpected holder: OPERATOR of ${stranger!.address} is granted on the chain, but should be not granted.`,
    ]);
  });

  it("alarms about code that nobody here knows, even if it answers nothing", async () => {
    const { escrow } = chain.deployed.record.contracts;
    await chain.send("anvil_setCode", escrow.implementation, "0x60006000f3");
    const { attention, code, pauses } = await read();
    expect(code[0]).to.include({ contract: null, version: null });
    expect(pauses).to.equal(null);
    expect(attention.join()).to.include(`The code of escrow at ${escrow.implementation}`);
  });

  it("asks the chain few questions, and no more of them for what was signed than it must", async () => {
    expect(await requests(read), "after a deployment").to.be.at.most(26);
    const opened = await planUpgrade();
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
    expect(await requests(read), "with an upgrade that can be taken back").to.be.at.most(60);
  });

  it("asks the chain no more often, however much was scheduled and paused before", async () => {
    const before = await requests(read);
    for (let i = 0; i < 5; i += 1) {
      await pause(1, 60 + i);
      const { accessManager, holders, complianceRegistry } = chain.deployed;
      const data = complianceRegistry.interface.encodeFunctionData("setEscrow", [
        `0x${"0".repeat(39)}${i + 1}`,
      ]);
      await (await accessManager.connect(holders.CONFIGURATOR).schedule(complianceRegistry, data, 0)).wait();
    }
    // Who guards what is scheduled is two more calls, for all of it.
    expect(await requests(read)).to.be.at.most(before + 3);
  });

  const requests = async (work: () => Promise<unknown>) => {
    const { provider } = chain.connection;
    const original = provider.request.bind(provider);
    let count = 0;
    provider.request = (given) => {
      count += 1;
      return original(given);
    };
    try {
      await work();
    } finally {
      provider.request = original;
    }
    return count;
  };

  it("is printed as JSON by the command, whose exit code is 1 if anything needs attention", async () => {
    await pause(1, 3_600);
    await chain.plan(toPause({ bits: ["EXITS"], seconds: 60, reason: "test" }));
    const ended = await withRecord(chain.deployed.record, () =>
      hardhat(chain.anvil.url, "ops", "status", "--json"),
    );
    const status = JSON.parse(ended.stdout) as Awaited<ReturnType<typeof read>>;
    expect(ended.exitCode).to.equal(1);
    expect(status.pauses?.map(({ part }) => part)).to.deep.equal(["DEPOSITS"]);
    expect(status.code.map(({ contract }) => contract)).to.deep.equal(["Escrow", "ComplianceRegistry"]);
  });
});
