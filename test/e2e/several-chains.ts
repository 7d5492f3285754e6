import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { startIndexer, untilIndexed, type Indexer, type IndexerOptions } from "../../scripts/lib/indexer.js";
import { freePort } from "../../scripts/lib/processes.js";
import { deployEmittedSuite, type EmittedSuite } from "../support/emitted-suite.js";
import { everyEvent } from "../support/every-event.js";
import { wholeReadModel } from "../support/read-model.js";

/** The first is known by id as local, the second as none that the engine knows. */
const networks = { 31337: "local", 7777: "elsewhere" };
const [FIRST, SECOND] = [31337, 7777] as const;

interface Chain {
  anvil: Anvil;
  suite: EmittedSuite;
}

describe("two chains with an escrow each, by their deployment records", function () {
  this.timeout(180_000);

  const chains = new Map<number, Chain>();
  const indexers: Indexer[] = [];
  let directory: string;
  let both: Indexer;

  const index = async (ids: readonly number[], name: string) => {
    const rpcUrls: IndexerOptions["rpcUrls"] = Object.fromEntries(
      ids.map((id) => [id, chains.get(id)!.anvil.url]),
    );
    const databaseDir = join(directory, name);
    const indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls,
      port: await freePort(),
      databaseDir,
    });
    indexers.push(indexer);
    return indexer;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "holdfast-chains-"));
    for (const id of [FIRST, SECOND]) {
      const anvil = await startAnvil({ port: await freePort(), chainId: id });
      const suite = await deployEmittedSuite(anvil.url, id, networks[id]);
      chains.set(id, { anvil, suite });
      await cp(join(suite.recordsDir, `${id}.json`), join(directory, `${id}.json`));
      await suite.emit(...everyEvent(id, suite.addresses).events);
    }
    both = await index([FIRST, SECOND], "both");
  });
  after(async () => {
    await Promise.all(indexers.map((indexer) => indexer.stop()));
    for (const { suite, anvil } of chains.values()) {
      await suite.dispose();
      await anvil.stop();
    }
    await rm(directory, { recursive: true, force: true });
  });

  const rowsOf = (model: Record<string, Record<string, unknown>[]>, chainId: number) =>
    Object.fromEntries(
      Object.entries(model).map(([table, rows]) => [
        table,
        rows.filter((row) => Number(row.chain_id) === chainId),
      ]),
    );
  const counts = (model: Record<string, unknown[]>) =>
    Object.fromEntries(Object.entries(model).map(([table, rows]) => [table, rows.length]));

  it("have contracts at the same addresses, and are told apart all the same", async () => {
    expect(chains.get(FIRST)!.suite.addresses).to.deep.equal(chains.get(SECOND)!.suite.addresses);
    const model = await wholeReadModel(both.url);
    expect(counts(rowsOf(model, FIRST))).to.deep.equal(counts(rowsOf(model, SECOND)));
    expect(rowsOf(model, FIRST).payment).to.have.length.above(5);
  });

  it("are each indexed as if the other did not exist, live too", async () => {
    for (const [id, { suite }] of chains) {
      const block = await suite.emit([
        "escrow",
        "Paused",
        suite.addresses.escrow,
        1,
        4_000_000_000 + id,
        "drill",
      ]);
      await untilIndexed(both.url, id, block, 60);
    }
    const alone = await index([SECOND], "alone");
    const found = rowsOf(await wholeReadModel(both.url), SECOND);
    expect(found).to.deep.equal(await wholeReadModel(alone.url));
    expect(JSON.stringify(found.pause)).to.include(String(4_000_000_000 + SECOND));
  });
});
