import { createConfig, type DatabaseConfig } from "ponder";

import { indexedChains } from "../../indexer/deployments.js";
import { escrowAbi } from "../../indexer/generated/abis.js";

const [chain] = indexedChains(process.env);
const { id, rpc, startBlock, addresses } = chain!;

const connectionString = process.env.DATABASE_URL;
const database: DatabaseConfig = connectionString
  ? { kind: "postgres", connectionString }
  : { kind: "pglite", directory: process.env.HOLDFAST_PGLITE_DIR };

/** The least that Ponder can do with the escrow's events: what ours is compared with. */
export default createConfig({
  database,
  chains: { chain: { id, rpc, disableCache: true, pollingInterval: 200 } },
  contracts: { Escrow: { abi: escrowAbi, chain: "chain", address: addresses.escrow, startBlock } },
});
