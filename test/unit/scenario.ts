import { expect } from "chai";
import { network } from "hardhat";

import { deploySuite, readParameters } from "../../deploy/index.js";
import { FUNCTION_ROLES } from "../../deploy/roles.js";
import { playScenario } from "../../scripts/scenario/scenario.js";
import { STORIES } from "../../scripts/scenario/stories.js";
import { Traffic } from "../../scripts/scenario/traffic.js";
import { enterWorld, type World } from "../../scripts/scenario/world.js";
import { Escrow__factory, MockContractWallet__factory } from "../../types/ethers-contracts/index.js";

/** Called once at deployment, by the AccessManager, or by the registry: no transaction of a person. */
const NOT_OF_THE_SCENARIO = ["initialize", "setAuthority", "storePolicy", "storeRecord"];
const escrowAbi = Escrow__factory.createInterface();
const STATUSES = ["None", "Funded", "Disputed", "Closed"];

describe("the scenario", () => {
  let world: World;
  let created: Awaited<ReturnType<typeof paymentsCreated>>;

  before(async () => {
    const { holders, ...parameters } = await readParameters("deploy/parameters/local.json5");
    const connection = await network.create();
    const record = await deploySuite({ connection, parameters: { ...parameters, holders } });
    world = await enterWorld(connection.ethers.provider, record, holders);
    await playScenario(world, { payments: STORIES.length, seed: "test" });
    created = await paymentsCreated(world);
  });

  it("creates as many payments as it was asked for", () => {
    expect(created).to.have.lengthOf(STORIES.length);
  });

  it("ends each story where the story says", async () => {
    const states = await world.escrow.paymentStates(created.map(({ args }) => args.paymentId));
    // Every story deposits before the next one begins, so payments were created in the order of the stories.
    expect(states.map(({ status }) => STATUSES[Number(status)])).to.deep.equal(
      STORIES.map(({ ends }) => ends),
    );
  });

  it("calls every function of the escrow that changes state", async () => {
    const called = new Set<string>();
    for (const data of await callsOfEscrow(world)) collectNames(data, called);
    const functions = Object.values(FUNCTION_ROLES.escrow).flat();
    expect([...called]).to.include.members(functions.filter((name) => !NOT_OF_THE_SCENARIO.includes(name)));
  });

  it("moves payments for every cause, in both directions", async () => {
    const { filters } = world.escrow;
    const causes = async (event: typeof filters.PaymentReleased | typeof filters.PaymentRefunded) =>
      new Set((await world.escrow.queryFilter(event())).map((log) => Number(log.args.cause)));
    const [RELEASE, REFUND, CLAIM, RESOLVE, SETTLE] = [0, 1, 2, 3, 4];
    expect([...(await causes(filters.PaymentReleased))]).to.have.members([RELEASE, CLAIM, RESOLVE, SETTLE]);
    expect([...(await causes(filters.PaymentRefunded))]).to.have.members([REFUND, CLAIM, RESOLVE, SETTLE]);
  });

  it("leaves credits of both kinds, frozen and refused by the recipient", async () => {
    const credited = await world.escrow.queryFilter(world.escrow.filters.PayoutCredited());
    const outstanding = await Promise.all(
      credited.map(
        async ({ args }) => [args.reason, await world.escrow.creditOf(args.token, args.account)] as const,
      ),
    );
    const reasons = outstanding.filter(([, balance]) => balance > 0n).map(([reason]) => reason);
    expect(reasons).to.include.members([0n, 1n]);
  });

  it("leaves the suite as it found it: nothing paused, the first implementation in use", async () => {
    expect(await world.escrow.paused()).to.equal(0n);
    const { implementation } = await world.upgradeController.proxyRecord(world.escrow);
    const [first] = await world.upgradeController.queryFilter(
      world.upgradeController.filters.ProxyDeployed(await world.escrow.getAddress()),
    );
    expect(implementation).to.equal(first!.args.implementation);
  });

  it("can be played again on the same chain", async () => {
    await playScenario(world, { payments: 3, seed: "again" });
    expect(await paymentsCreated(world)).to.have.lengthOf(STORIES.length + 3);
  });

  it("creates nothing when asked for nothing", async () => {
    const before = await paymentsCreated(world);
    await playScenario(world, { payments: 0, seed: "none" });
    expect(await paymentsCreated(world)).to.have.lengthOf(before.length);
  });

  it("goes on in small steps, without moving the clock", async () => {
    const traffic = new Traffic(world, "traffic");
    const [blocks, time] = [await world.provider.getBlockNumber(), await world.clock.now()];
    for (let step = 0; step < 40; step++)
      expect(await traffic.step()).to.match(/^0x[0-9a-f]{8}… [\d.]+ [A-Z]+ \w+/);
    expect(await world.clock.now()).to.be.lessThan(time + 3600n);
    expect(await world.provider.getBlockNumber()).to.be.greaterThan(blocks);
  });
});

const paymentsCreated = ({ escrow }: World) => escrow.queryFilter(escrow.filters.PaymentCreated());

/** The calldata of every successful transaction that reached the escrow: directly or through a contract wallet. */
async function callsOfEscrow({ provider, escrow }: World): Promise<string[]> {
  const address = await escrow.getAddress();
  const wallet = MockContractWallet__factory.createInterface();
  const calls: string[] = [];
  for (let number = await provider.getBlockNumber(); number > 0; number--) {
    const block = await provider.getBlock(number, true);
    for (const { to, data } of block!.prefetchedTransactions) {
      if (to === address) calls.push(data);
      const inner = wallet.parseTransaction({ data });
      if (inner?.name === "execute" && inner.args[0] === address) calls.push(inner.args[1] as string);
    }
  }
  return calls;
}

function collectNames(data: string, names: Set<string>): void {
  const call = escrowAbi.parseTransaction({ data });
  if (call === null) return;
  names.add(call.name);
  if (call.name === "multicall") for (const inner of call.args[0] as string[]) collectNames(inner, names);
}
