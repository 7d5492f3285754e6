import { Fault } from "../../../deploy/fault.js";
import { eventually } from "../../lib/eventually.js";
import { untilIndexed } from "../../lib/indexer.js";
import { deposit } from "../../scenario/deposits.js";
import { release } from "../../scenario/payouts.js";
import type { Incident } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";

/*
 * What happens to the chain itself.
 */

export const silentChain: Incident = {
  name: "silent-chain",
  runbook: "chain-or-rpc-outage",
  happens: "the chain produces no blocks",
  alert: "HoldfastChainSilent",
  cases: ["silent"],
  chainStands: true,
  async cause({ endpoints, services }) {
    // One that knows nothing of before need not wait until its window of a quarter of an hour is empty of blocks.
    await services.prometheus.stop();
    await services.prometheus.start();
    return { SPARE_RPC_URL: endpoints.spare.url };
  },
  byHand: { wait: (stack) => stack.mine(1) },
};

/** More than the alert lets pass, fewer than are final. */
const DEPTH = 12;

export const deepReorg: Incident = {
  name: "deep-reorg",
  runbook: "chain-or-rpc-outage",
  happens: "the chain takes back many blocks, with a payment in them",
  alert: "HoldfastReorgDeep",
  ringsOn: "it looks back for a quarter of an hour",
  cases: ["reorg"],
  async cause(stack) {
    const { endpoints, services, suite, world } = stack;
    // Empty ones before it: nothing that an incident before did is taken back.
    await stack.mine(DEPTH);
    const before = await world.provider.getBlockNumber();
    await stack.begin({
      name: "taken back",
      ends: "Closed",
      tokens: ["USDC"],
      steps: [deposit, release("buyer")],
    });
    await stack.mine(DEPTH - ((await world.provider.getBlockNumber()) - before));
    await untilIndexed(services.writer.url, suite.record.chainId, await world.provider.getBlockNumber());
    await takeBack(stack, DEPTH);
    return { SPARE_RPC_URL: endpoints.spare.url };
  },
};

/** Blocks are dropped from what can be undone once there are twice as many as are not final: 30 on this chain. */
const TOO_DEEP = 90;
const ENDS_SECONDS = 120;

export const leftBranch: Incident = {
  name: "left-branch",
  runbook: "index-wrong",
  happens: "the chain takes back blocks that were final, and the writer ends itself",
  alert: "HoldfastSyncStopped",
  ringsOn: "it looks back for half an hour",
  cases: ["branch"],
  async cause(stack) {
    const { suite, world, writing } = stack;
    // Empty ones: what was done before them stays done.
    await stack.mine(TOO_DEEP + 10);
    await untilIndexed(writing.service.url, suite.record.chainId, await world.provider.getBlockNumber());
    await takeBack(stack, TOO_DEEP);
    // Its alert may ring before it has ended, and what runs is not started anew.
    await eventually(() => {
      if (writing.service.isRunning) throw new Fault("The writer goes on, on a branch that is left.");
    }, ENDS_SECONDS);
    return { SCHEMA: writing.schema, NEXT_SCHEMA: writing.nextSchema };
  },
};

/** Puts one block more in the place of the last ones. */
async function takeBack(stack: IncidentStack, blocks: number): Promise<void> {
  const { provider } = stack.world;
  await provider.send("anvil_rollback", [blocks]);
  // Empty blocks of the same times would be the same ones.
  await provider.send("evm_increaseTime", [1]);
  await stack.mine(blocks + 1);
}
