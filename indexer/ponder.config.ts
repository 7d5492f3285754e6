import { createConfig } from "ponder";

import { LOCAL_CHAIN_ID } from "../deploy/parameters.js";
import { indexedChains } from "./deployments.js";
import {
  accessManagerAbi,
  complianceRegistryAbi,
  escrowAbi,
  upgradeControllerAbi,
} from "./generated/abis.js";
import { guard } from "./guard/index.js";
import { requireMode } from "./mode.js";
import { poolSize, setting } from "./settings.js";
import { hasten, type Ponder } from "./speed/index.js";
import { watch } from "./watch/index.js";

// What Ponder shares with the code that it runs. It is no public interface: a test says so if another version differs.
const { PONDER_COMMON: ponder } = globalThis as { PONDER_COMMON?: Ponder };
requireMode(ponder?.options.command, process.env);

const indexed = indexedChains(process.env);
watch(indexed, guard(indexed, process.env));

/** Where to stop, when the past is to be told again up to some block: `HOLDFAST_LAST_BLOCK_<chainId>`. */
function lastBlock(chainId: number): number | undefined {
  const block = process.env[`HOLDFAST_LAST_BLOCK_${chainId}`];
  return block ? Number(block) : undefined;
}

/** Where a contract stands on each chain. */
const deployedAs = (contract: keyof (typeof indexed)[number]["addresses"]) =>
  Object.fromEntries(
    indexed.map(({ id, name, addresses, startBlock }) => [
      name,
      { address: addresses[contract], startBlock, endBlock: lastBlock(id) },
    ]),
  );

const connectionString = setting(process.env, "DATABASE_URL");
const database = connectionString
  ? { kind: "postgres" as const, connectionString, poolConfig: { max: poolSize(process.env) } }
  : { kind: "pglite" as const, directory: process.env.HOLDFAST_PGLITE_DIR };
await hasten(ponder, process.env, database);

export default createConfig({
  database,
  chains: Object.fromEntries(
    indexed.map(({ id, name, rpc }) => [
      name,
      // A local node may have forgotten what it answered yesterday: ask again, and often.
      id === LOCAL_CHAIN_ID ? { id, rpc, disableCache: true, pollingInterval: 200 } : { id, rpc },
    ]),
  ),
  contracts: {
    AccessManager: { abi: accessManagerAbi, chain: deployedAs("accessManager") },
    UpgradeController: { abi: upgradeControllerAbi, chain: deployedAs("upgradeController") },
    ComplianceRegistry: { abi: complianceRegistryAbi, chain: deployedAs("complianceRegistry") },
    Escrow: { abi: escrowAbi, chain: deployedAs("escrow") },
  },
});
