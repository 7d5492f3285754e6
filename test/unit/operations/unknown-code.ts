import { expect } from "chai";
import { getAddress } from "ethers";

import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import type { Request } from "../../../scripts/lib/operations/plan.js";
import { toCancel, toGrant, toPause, toRollBack, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import type { ProxyName } from "../../../scripts/lib/operations/suite.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain, faultOf } from "../../support/operations.js";

const DAY = 86_400;
const NEWCOMER = getAddress("0x00000000000000000000000000000000000b0b01");
/** Reverts, whatever is asked. */
const MUTE = "0x5f5ffd";

describe("what a guardian does about code that nobody here knows", function () {
  let chain: AdminChain;
  let previous: string;
  before(async () => {
    chain = await AdminChain.start();
    const { connection, deployed } = chain;
    previous = deployed.record.contracts.escrow.implementation;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    const opened = await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade" });
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
    const { accessManager, complianceRegistry, holders } = deployed;
    const data = complianceRegistry.interface.encodeFunctionData("setEscrow", [previous]);
    await (await accessManager.connect(holders.CONFIGURATOR).schedule(complianceRegistry, data, 0)).wait();
    await chain.keep();
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const implementationOf = async (proxy: ProxyName) => {
    const { upgradeController, record } = chain.deployed;
    return (await upgradeController.proxyRecord(record.contracts[proxy].address)).implementation;
  };
  /** As code that was built by nobody here: it works as before, and has another codehash. */
  const disguise = async (proxy: ProxyName) => {
    const address = await implementationOf(proxy);
    const code = await chain.connection.ethers.provider.getCode(address);
    await chain.send("anvil_setCode", address, `${code}00`);
  };
  const silence = async (proxy: ProxyName) =>
    await chain.send("anvil_setCode", await implementationOf(proxy), MUTE);
  /** Plans, rehearses and does it. */
  const manage = async (verb: string, prepare: Request["prepare"]) => {
    const opened = await chain.plan(prepare, { verb });
    const { branches, payments } = await rehearse(chain.suite, opened);
    expect(branches.flatMap(({ problems }) => problems)).to.deep.equal([]);
    await chain.carryOut(opened, verb);
    return { ...opened.manifest, payments };
  };
  const cancelling = async () => {
    const { accessManager, complianceRegistry, holders } = chain.deployed;
    const data = complianceRegistry.interface.encodeFunctionData("setEscrow", [previous]);
    const id = await accessManager.hashOperation(holders.CONFIGURATOR.address, complianceRegistry, data);
    return toCancel(id);
  };

  it("is to pause it, with a caution", async () => {
    await disguise("escrow");
    const { cautions, proxies } = await manage(
      "pause",
      toPause({ bits: ["DEPOSITS"], seconds: DAY, reason: "who made this?" }),
    );
    expect(proxies[0]!.before.contract).to.equal("unknown");
    expect(cautions.join()).to.include("escrow runs").and.to.include("which nobody here knows");
  });

  it("is to pause the escrow while the registry is mute", async () => {
    await silence("complianceRegistry");
    const { proxies } = await manage(
      "pause",
      toPause({ bits: ["DEPOSITS"], seconds: DAY, reason: "the registry is mute" }),
    );
    expect(proxies[1]!.before).to.include({ contract: "unknown", version: "unknown" });
  });

  for (const [what, become] of [
    ["unknown", disguise],
    ["mute", silence],
  ] as const) {
    it(`is to roll it back, ${what} as it is`, async () => {
      await become("escrow");
      await manage("rollback", toRollBack("escrow"));
      expect(await implementationOf("escrow")).to.equal(previous);
    });

    it(`is to cancel what waits, ${what} as it is`, async () => {
      await become("escrow");
      await manage("cancel", await cancelling());
    });
  }

  it("is told whether payments, which failed, work afterwards", async () => {
    await silence("escrow");
    const mended = await manage("rollback", toRollBack("escrow"));
    expect(mended.payments)
      .to.include("payments failed before: A contract does not answer")
      .and.include("Afterwards: payments of 1 USDC each");
    await silence("escrow");
    const { payments } = await manage("cancel", await cancelling());
    expect(payments).to.include("They fail afterwards too: A contract does not answer");
  });

  for (const proxy of ["escrow", "complianceRegistry"] as const) {
    it(`excuses nobody else's act, with a mute ${proxy}`, async () => {
      const { OPERATOR } = chain.suite.parameters.holders;
      const holders = { ...chain.suite.parameters.holders, OPERATOR: [...OPERATOR, NEWCOMER] };
      const suite = { ...chain.suite, parameters: { ...chain.suite.parameters, holders } };
      const granting = toGrant({ role: "OPERATOR", account: NEWCOMER });
      await silence(proxy);
      const opened = await chain.plan(async (planning) => await granting({ ...planning, suite }), {
        verb: "grant",
      });
      const { branches, passed } = await rehearse(suite, opened);
      expect(passed).to.equal(false);
      expect(branches[0]!.problems.join(" ")).to.include(`The self-test of ${proxy} fails`);
      if (proxy === "escrow") expect(branches[0]!.problems[0]).to.include("A contract does not answer");
    });
  }

  it("is no upgrade", async () => {
    await disguise("escrow");
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "Escrow");
    const request = { proxy: "escrow", implementation, contract: "Escrow" } as const;
    expect(await faultOf(chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY })))).to.include(
      "lays out its storage is not known",
    );
  });
});
