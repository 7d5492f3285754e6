import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";

import { hasten, type Ponder } from "../../../indexer/speed/index.js";
import { prepare } from "../../../indexer/speed/pglite.js";
import { loadWhatIsRead, makeRoomForRows } from "../../../indexer/speed/ponder.js";

const GIB = 2 ** 30;
const handlers = new URL("../../../indexer/src/", import.meta.url);

/** A file of Ponder's own. */
const fileOfPonder = (file: string) => new URL(file, import.meta.resolve("ponder"));
const partOfPonder = async (file: string) =>
  (await import(fileOfPonder(file).href)) as Record<string, unknown>;

type Filters = { type: string; include: string[] }[];

/** The filters that Ponder begins with, after it told its metrics of them. */
async function filtersOnceTold(): Promise<{ filters: Filters; told: unknown[] }> {
  const { defaultLogFilterInclude, defaultBlockFilterInclude } = (await partOfPonder(
    "runtime/filter.js",
  )) as Record<string, string[]>;
  const filters = [
    { type: "log", include: [...defaultLogFilterInclude!] },
    { type: "block", include: [...defaultBlockFilterInclude!] },
  ];
  const told: unknown[] = [];
  const metrics = { initializeIndexingMetrics: (app: unknown) => void told.push(app) };
  loadWhatIsRead({ metrics });
  metrics.initializeIndexingMetrics({
    indexingBuild: { eventCallbacks: [filters.map((filter) => ({ filter }))] },
  });
  return { filters, told };
}

describe("the speed of a backfill", () => {
  it("has room for rows in half of the heap, and never less than Ponder takes, nor other than is said", () => {
    const room = (bytes: number, heap: number, env = {}) => {
      const options = { indexingCacheMaxBytes: bytes };
      makeRoomForRows({ options }, env, heap);
      return options.indexingCacheMaxBytes;
    };
    expect(room(0.8 * GIB, 4 * GIB)).to.equal(1.75 * GIB);
    // Where little is to be had, as Ponder would.
    expect(room(0.1 * GIB, 0.5 * GIB)).to.equal(0.1 * GIB);
    expect(room(3 * GIB, 4 * GIB)).to.equal(3 * GIB);
    expect(room(0.8 * GIB, 4 * GIB, { PONDER_CACHE_BYTES: "1" })).to.equal(0.8 * GIB);
  });

  it("loads of logs' blocks and transactions four columns, and tells Ponder's metrics as before", async () => {
    const { filters, told } = await filtersOnceTold();
    const { unionFilterIncludeBlock, unionFilterIncludeTransaction } = (await partOfPonder(
      "runtime/filter.js",
    )) as Record<string, (filters: Filters) => string[]>;
    const logs = filters.slice(0, 1);
    expect(unionFilterIncludeBlock!(logs)).to.have.members(["number", "hash", "timestamp"]);
    expect(unionFilterIncludeTransaction!(logs)).to.deep.equal(["hash"]);
    expect(unionFilterIncludeBlock!(filters.slice(1))).to.include("parentHash");
    expect(told).to.have.length(1);
  });

  it("loads every column that a handler reads", async () => {
    const files = (await readdir(handlers, { recursive: true })).filter(
      (file) => file.endsWith(".ts") && !file.startsWith("api"),
    );
    const read = new Set<string>();
    for (const file of files) {
      const text = await readFile(new URL(file, handlers), "utf8");
      for (const [, of, name] of text.matchAll(/event\.(block|transaction)\.(\w+)/g))
        read.add(`${of}.${name}`);
      for (const [, names, of] of text.matchAll(/\{([^{}]*)\} = event\.(block|transaction);/g))
        for (const name of names!.split(",")) read.add(`${of}.${name.split(":")[0]!.trim()}`);
    }
    const { filters } = await filtersOnceTold();
    expect([...read]).to.have.members(filters[0]!.include);
  });

  it("changes what Ponder still has, in the order in which it still does", async () => {
    const { buildOptions } = (await partOfPonder("internal/options.js")) as {
      buildOptions: (of: { cliOptions: object }) => Ponder["options"];
    };
    const options = buildOptions({ cliOptions: { version: "0.0.0", config: "ponder.config.ts" } });
    expect(options.indexingCacheMaxBytes).to.be.a("number");
    expect(options.ponderDir).to.match(/\.ponder$/);
    const { MetricsService } = (await partOfPonder("internal/metrics.js")) as {
      MetricsService: { prototype: object };
    };
    expect(MetricsService.prototype).to.respondTo("initializeIndexingMetrics");
    const start = await readFile(fileOfPonder("bin/commands/start.js"), "utf8");
    expect(start).to.match(/metrics\.initializeIndexingMetrics\(app\);\s+switch [\s\S]+runMultichain\(app\)/);
  });

  it("is left alone where no index is written", async () => {
    const directory = join(tmpdir(), "holdfast-unwritten", "pglite");
    const ponder = (command: string) => ({
      options: { command, ponderDir: "/nowhere", indexingCacheMaxBytes: 1 },
      metrics: { initializeIndexingMetrics: () => undefined },
    });
    const served = ponder("serve");
    const { initializeIndexingMetrics } = served.metrics;
    await hasten(served, {}, { kind: "pglite", directory });
    await hasten(undefined, {}, { kind: "pglite", directory });
    expect(served.options.indexingCacheMaxBytes).to.equal(1);
    expect(served.metrics.initializeIndexingMetrics).to.equal(initializeIndexingMetrics);
    expect(existsSync(directory)).to.equal(false);

    const started = ponder("start");
    await hasten(started, {}, { kind: "postgres" });
    expect(started.options.indexingCacheMaxBytes).to.be.greaterThan(1);
    expect(started.metrics.initializeIndexingMetrics).to.not.equal(initializeIndexingMetrics);
  });

  it("has PGlite write its log as an index needs it, in a new directory and in one that is there", async function () {
    this.timeout(60_000);
    const parent = await mkdtemp(join(tmpdir(), "holdfast-speed-"));
    const directory = join(parent, "pglite");
    try {
      for (const rows of [0, 1]) {
        await prepare(directory);
        const database = await PGlite.create(directory);
        const setting = async (name: string) =>
          (await database.query<{ it: string }>(`select current_setting('${name}') it`)).rows[0]!.it;
        expect(await setting("wal_level")).to.equal("minimal");
        expect(await setting("wal_sync_method")).to.equal("fdatasync");
        expect(await setting("wal_init_zero")).to.equal("off");
        await database.exec("create table if not exists kept (n int)");
        expect((await database.query("select n from kept")).rows).to.have.length(rows);
        await database.exec("insert into kept values (1)");
        await database.close();
      }
    } finally {
      await rm(parent, { recursive: true });
    }
  });
});
