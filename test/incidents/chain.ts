import { untilIndexed } from "../../scripts/lib/indexer.js";
import { deposit } from "../../scripts/scenario/deposits.js";
import { release } from "../../scripts/scenario/payouts.js";
import type { Incident } from "../support/incidents/incident.js";

/*
 * What happens to the chain itself.
 */

export const silentChain: Incident = {
  runbook: "chain-or-rpc-outage",
  happens: "the chain produces no blocks",
  alert: "HoldfastChainSilent",
  cases: ["silent"],
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
  runbook: "chain-or-rpc-outage",
  happens: "the chain takes back many blocks, with a payment in them",
  alert: "HoldfastReorgDeep",
  ringsOn: "it looks back for a quarter of an hour",
  cases: ["reorg"],
  async cause(stack) {
    const { endpoints, services, suite, world } = stack;
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
    await world.provider.send("anvil_rollback", [DEPTH]);
    await stack.mine(DEPTH + 1);
    return { SPARE_RPC_URL: endpoints.spare.url };
  },
};
