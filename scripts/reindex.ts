import { fileURLToPath } from "node:url";

import { Fault } from "../deploy/fault.js";
import { indexedChains } from "../indexer/deployments.js";
import { setting } from "../indexer/settings.js";
import { command } from "./lib/command.js";
import { exists, inDatabase, nameOf, type IndexDatabase } from "./lib/indexing/database.js";
import { requireChains } from "./lib/indexing/endpoints.js";
import {
  dropIndex,
  forgetDeadBranch,
  isBeingWritten,
  requireUnshown,
  type HashAt,
} from "./lib/indexing/forget.js";
import { isWrittenHere } from "./lib/indexing/writer.js";
import { askFirst } from "./lib/json-rpc.js";

interface ReindexArguments {
  schema: string;
  keepIndex: boolean;
}

const pglite = fileURLToPath(new URL("../indexer/.ponder/pglite", import.meta.url));

/** `npm run indexer:reindex`, `npx hardhat reindex` */
export default command(async ({ schema, keepIndex }: ReindexArguments) => {
  const chains = chainsToIndex();
  await requireChains(Object.fromEntries(chains.map(({ id, rpc }) => [id, rpc])));
  const database = databaseOf(process.env);
  if (!exists(database)) return console.log(`There is no index in ${nameOf(database)}.`);
  const running = new Fault(
    `The index "${schema}" in ${nameOf(database)} is being written: stop its indexer first, ` +
      "or, if that was killed, wait 25 s.",
  );
  if (await isWrittenHere(database)) throw running;

  await inDatabase(database, async (query) => {
    if (!keepIndex) {
      if (await isBeingWritten(query, schema)) throw running;
      await requireUnshown(query, schema);
    }
    for (const { id, name, rpc } of chains) {
      const forgotten = await forgetDeadBranch(query, schema, id, hashesAt(rpc));
      console.log(
        forgotten === undefined
          ? `${name}: the chain still has every block that is kept of it.`
          : `${name}: forgot what was kept after block ${forgotten.after}, of a branch that the chain has left.`,
      );
    }
    if (keepIndex)
      return console.log(`The index "${schema}" was left as it is: start a writer with another --schema.`);
    const dropped = await dropIndex(query, schema);
    console.log(
      dropped
        ? `Dropped the index "${schema}": the next start makes it anew.`
        : `There is no index "${schema}".`,
    );
  });
});

function chainsToIndex() {
  try {
    return indexedChains(process.env);
  } catch (error) {
    throw new Fault((error as Error).message, { cause: error });
  }
}

function databaseOf(env: NodeJS.ProcessEnv): IndexDatabase {
  const databaseUrl = setting(env, "DATABASE_URL");
  return databaseUrl ? { databaseUrl } : { databaseDir: env.HOLDFAST_PGLITE_DIR ?? pglite };
}

/** Asks the endpoints of a chain, the next one only if one does not answer. */
const hashesAt =
  (urls: readonly string[]): HashAt =>
  async (number) => {
    const block = (await askFirst(urls, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false])) as {
      hash: string;
    } | null;
    return block?.hash;
  };
