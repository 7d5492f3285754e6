import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";

import {
  asideOf,
  dependantsOf,
  dropAside,
  putAside,
  putBack,
  requireNothingAside,
} from "../../scripts/lib/reconcile/aside.js";
import { identityOf, type Query } from "../../scripts/lib/reconcile/database.js";
import { lessThanBefore } from "../../scripts/lib/reconcile/less.js";
import {
  dismissOld,
  requireSameBuild,
  returnToOld,
  type Database,
} from "../../scripts/lib/reconcile/old-index.js";
import { openForChange } from "../../scripts/lib/reconcile/open.js";
import { readyToRebuild, type Wanted } from "../../scripts/lib/reconcile/preflight.js";
import { noteWriter } from "../../scripts/lib/indexing/writer.js";
import { freePort } from "../../scripts/lib/processes.js";
import { faultIn } from "../support/fault.js";
import { recordAt } from "../support/record.js";

const CHAIN_ID = 31337;

/** An index with what these look at, and the payment's status, which is of a type of the schema. */
const INDEX = (schema: string) => `
  CREATE SCHEMA ${schema};
  CREATE TYPE ${schema}.status AS ENUM ('Funded');
  CREATE TABLE ${schema}.payment (id text PRIMARY KEY, status ${schema}.status);
  CREATE TABLE ${schema}._ponder_meta (key text, value jsonb);
  INSERT INTO ${schema}._ponder_meta VALUES ('app', '{"is_locked": 0, "heartbeat_at": 0}');
  CREATE TABLE ${schema}._ponder_checkpoint (chain_id bigint);
  INSERT INTO ${schema}._ponder_checkpoint VALUES (${CHAIN_ID});`;

const SHOWN = `
  CREATE SCHEMA shown;
  CREATE VIEW shown.payment AS SELECT * FROM index_1.payment;
  CREATE VIEW shown._ponder_meta AS SELECT * FROM index_1._ponder_meta;
  CREATE VIEW shown._ponder_checkpoint AS SELECT * FROM index_1._ponder_checkpoint;`;

describe("building the index anew", function () {
  this.timeout(60_000);
  let database: PGlite;
  let folder: string;
  let endpoint: Server;
  let wanted: Wanted;
  let answeredChain = CHAIN_ID;

  const query: Query = async (sql, parameters) =>
    (await database.query<Record<string, unknown>>(sql, parameters)).rows;
  const ready = (change: Partial<Wanted> = {}) => readyToRebuild(query, { ...wanted, ...change });
  const complaint = (change?: Partial<Wanted>) => faultIn(ready(change));

  before(async () => {
    database = await PGlite.create("memory://");
    folder = await mkdtemp(join(tmpdir(), "holdfast-apply-"));
    const [accessManager, upgradeController, complianceRegistry, escrow] = [
      ...["a1", "a2", "a3", "a4"].map((byte) => `0x${byte.repeat(20)}`),
    ] as [string, string, string, string];
    const addresses = { accessManager, upgradeController, complianceRegistry, escrow };
    const record = recordAt(CHAIN_ID, "local", 7, addresses);
    await writeFile(join(folder, `${CHAIN_ID}.json`), JSON.stringify(record));
    endpoint = createServer((_, response) => {
      response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: `0x${answeredChain.toString(16)}` }));
    }).listen(0, "127.0.0.1");
    await once(endpoint, "listening");
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
    endpoint.close();
  });
  beforeEach(async () => {
    answeredChain = CHAIN_ID;
    const { port } = endpoint.address() as AddressInfo;
    wanted = {
      schema: "index_1",
      recordsDir: folder,
      port: await freePort(),
      chainId: CHAIN_ID,
      url: `http://127.0.0.1:${port}`,
    };
    await database.exec(INDEX("index_1"));
  });
  afterEach(() =>
    database.exec(
      `DROP SCHEMA IF EXISTS index_1, index_1_before, shown, elsewhere CASCADE; DROP TABLE IF EXISTS public.mine`,
    ),
  );

  const withEnv = async <Result>(env: Record<string, string>, work: () => Promise<Result>) => {
    Object.assign(process.env, env);
    try {
      return await work();
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
    }
  };

  describe("is refused, with everything as it was,", () => {
    it("in a schema of views, and says which one has the index", async () => {
      await database.exec(SHOWN);
      expect(await complaint({ schema: "shown" })).to.equal(
        "The schema shown has only views, of the index in index_1: say --schema index_1 to build that anew.",
      );
      expect((await ready()).views).to.deep.equal(["shown"]);
    });

    it("while others have views, keys or columns of its types, which would be dropped with it", async () => {
      await database.exec(`
        CREATE SCHEMA elsewhere;
        CREATE VIEW elsewhere.open AS SELECT id FROM index_1.payment;
        CREATE TABLE public.mine (id text REFERENCES index_1.payment, status index_1.status)`);
      expect(await complaint()).to.equal(
        "Others have put views or tables on the schema index_1: drop them first, or move them:\n" +
          "  elsewhere.open\n  public.mine",
      );
    });

    it("but not for what a session keeps for itself, as Ponder's does", async () => {
      await database.exec("CREATE TEMP TABLE payment (status index_1.status)");
      expect((await ready()).views).to.deep.equal([]);
      await database.exec("DROP TABLE pg_temp.payment");
    });

    it("while an indexer writes it", async () => {
      await database.exec(
        `UPDATE index_1._ponder_meta SET value = '{"is_locked": 1, "heartbeat_at": ${Date.now()}}'`,
      );
      expect(await complaint()).to.match(/^An indexer runs on the schema index_1: stop it/);
    });

    it("while an index of an earlier attempt stands aside, and tells the ways on that there are", async () => {
      await database.exec("CREATE SCHEMA index_1_before");
      const half = await complaint();
      expect(half)
        .to.include("--set schema=index_1 --file indexer/database/drop-index.sql")
        .and.include('alter schema "index_1_before" rename to "index_1";')
        .and.not.include("to go on with the new one");
      await database.exec(`UPDATE index_1._ponder_meta SET value = value || '{"is_ready": 1}'`);
      expect(await complaint()).to.include(
        "to go on with the new one:   psql --set schema=index_1_before --file indexer/database/drop-index.sql",
      );
    });

    it("and names no way but back where that attempt left no new one", async () => {
      await database.exec("ALTER SCHEMA index_1 RENAME TO index_1_before");
      const told = await faultIn(requireNothingAside(query, "index_1"));
      expect(told).to.include("to go back to the old one:").and.not.include('drop schema "index_1_before"');
    });

    it("with a table of somebody else in the schema, or in one of another owner", async () => {
      await database.exec("CREATE TABLE index_1.notes (note text)");
      expect(await complaint()).to.match(/^The schema index_1 also has what no indexer makes.*:\n {2}notes$/);
      await database.exec(
        "DROP TABLE index_1.notes; CREATE ROLE writer; ALTER SCHEMA index_1 OWNER TO writer",
      );
      expect(await complaint()).to.equal("The schema index_1 belongs to writer: apply as that role.");
    });

    it("on a port that is taken", async () => {
      const { port } = endpoint.address() as AddressInfo;
      expect(await complaint({ port })).to.match(/^Port \d+ on 127\.0\.0\.1 is taken/);
    });

    it("from an endpoint that is away, or of another chain", async () => {
      const gone = `http://127.0.0.1:${await freePort()}`;
      expect(await complaint({ url: gone })).to.match(/PONDER_RPC_URL_31337, .*: does not answer$/);
      answeredChain = 5;
      expect(await complaint()).to.match(/PONDER_RPC_URL_31337, .*: answers for chain 5$/);
    });

    it("while settings contradict each other, or name what is not there", async () => {
      const url = undefined;
      expect(await complaint({ url })).to.match(/set PONDER_RPC_URL_31337, or PONDER_RPC_URL_31337_FILE$/);
      const both = { PONDER_RPC_URL_31337: "http://127.0.0.1:9", PONDER_RPC_URL_31337_FILE: "/nowhere" };
      expect(await withEnv(both, () => complaint({ url }))).to.match(/^Both PONDER_RPC_URL_31337 and/);
      const stall = { HOLDFAST_STALL_MINUTES: "never" };
      expect(await withEnv(stall, () => complaint())).to.match(/^HOLDFAST_STALL_MINUTES takes/);
      expect(await complaint({ recordsDir: join(folder, "none") })).to.match(/^There is no directory/);
    });
  });

  it("takes the endpoint that the chain was compared with, whatever the settings name", async () => {
    const env = { PONDER_RPC_URL_31337: "http://127.0.0.1:9", PONDER_RPC_URL_31337_FILE: "/nowhere" };
    expect((await withEnv(env, () => ready())).rpcUrls).to.deep.equal({ [CHAIN_ID]: [wanted.url] });
    const file = join(folder, "rpc");
    await writeFile(file, `${wanted.url}\n`);
    const named = await withEnv({ PONDER_RPC_URL_31337_FILE: file }, () => ready({ url: undefined }));
    expect(named.rpcUrls).to.deep.equal({ [CHAIN_ID]: [wanted.url] });
  });

  it("has the old index back in its place, the very same, whatever became of the new one", async () => {
    const before = await identityOf(query, "index_1");
    await putAside(query, "index_1");
    await putBack(query, "index_1");
    expect(await identityOf(query, "index_1")).to.deep.equal(before);

    await putAside(query, "index_1");
    await database.exec(INDEX("index_1"));
    expect(await identityOf(query, "index_1")).to.not.deep.equal(before);
    await putBack(query, "index_1");
    expect(await identityOf(query, "index_1")).to.deep.equal(before);
  });

  it("tells what the new one lacks of chains that were not compared, and of them alone", async () => {
    const OF_CHAINS = `CREATE TABLE index_1.token (chain_id bigint); INSERT INTO index_1.token VALUES (5), (5), (${CHAIN_ID});
      CREATE TABLE index_1._reorg__token (chain_id bigint); INSERT INTO index_1._ponder_checkpoint VALUES (5)`;
    await database.exec(OF_CHAINS);
    await database.exec("INSERT INTO index_1._reorg__token VALUES (5)");
    await putAside(query, "index_1");
    await database.exec(INDEX("index_1") + OF_CHAINS);
    expect(await lessThanBefore(query, "index_1", CHAIN_ID)).to.deep.equal([]);
    await database.exec("DELETE FROM index_1.token");
    await database.exec("DELETE FROM index_1._ponder_checkpoint");
    expect(await lessThanBefore(query, "index_1", CHAIN_ID)).to.deep.equal([
      "_ponder_checkpoint of chain 5: 1 rows before, 0 now",
      "token of chain 5: 2 rows before, 0 now",
    ]);
  });

  it("opens no PGlite that an indexer of this machine has open", async function () {
    const databaseDir = join(folder, "open");
    await noteWriter({ databaseDir }, "holdfast", process.pid);
    expect(await faultIn(openForChange(databaseDir))).to.match(/^An indexer has .*open open: stop it/);
  });

  it("drops the old index at the end, unless somebody came to show it meanwhile", async () => {
    await putAside(query, "index_1");
    await database.exec(
      `CREATE SCHEMA elsewhere; CREATE VIEW elsewhere.v AS SELECT 1 FROM index_1_before.payment`,
    );
    expect(await faultIn(dropAside(query, "index_1"))).to.include("elsewhere.v");
    await database.exec("DROP SCHEMA elsewhere CASCADE");
    await dropAside(query, "index_1");
    expect(await dependantsOf(query, asideOf("index_1"))).to.deep.equal({ views: [], foreign: [] });
    const [left] = await query("SELECT to_regnamespace('index_1_before') AS left");
    expect(left).to.deep.equal({ left: null });
  });

  describe("with the old index aside", () => {
    const inDatabase: Database = (work) => work(query);
    const meta = (value: object, schema = "index_1") =>
      query(`UPDATE ${schema}._ponder_meta SET value = value || $1::jsonb`, [JSON.stringify(value)]);
    beforeEach(async () => {
      await meta({ version: "3", build_id: "aa" });
      await putAside(query, "index_1");
      await database.exec(INDEX("index_1"));
      await meta({ version: "3", build_id: "aa" });
    });

    it("is refused if whoever wrote the old one would refuse the new one", async () => {
      await requireSameBuild(query, "index_1");
      for (const other of [{ build_id: "bb" }, { build_id: "aa", version: "2" }, { build_id: null }]) {
        await meta(other);
        expect(await faultIn(requireSameBuild(query, "index_1"))).to.match(/^It was made by other code/);
      }
    });

    it("goes back as soon as an indexer that was killed cannot write any more", async () => {
      const { index: before } = await identityOf(query, "index_1_before");
      await meta({ is_locked: 1, heartbeat_at: Date.now() - 24_000 });
      await returnToOld(inDatabase, "index_1", "It was interrupted.");
      expect((await identityOf(query, "index_1")).index).to.equal(before);
    });

    it("takes the new one from nobody who came to write or to read it, and tells the way back", async () => {
      const left = () => identityOf(query, "index_1_before");
      const told = () => faultIn(returnToOld(inDatabase, "index_1", "The new index is not right.", 0));
      const before = await left();
      const refused = (why: string) =>
        `The new index is not right. The old index could not be put back: ${why}\n` +
        "  It is in the schema index_1_before. To have it back: if there is a schema index_1, psql --set schema=index_1 " +
        '--file indexer/database/drop-index.sql "$DATABASE_URL"; then in SQL: ' +
        'alter schema "index_1_before" rename to "index_1";';
      await meta({ is_locked: 1, heartbeat_at: Date.now() + 60_000 });
      expect(await told()).to.equal(refused("An indexer writes the new one."));
      await meta({ is_locked: 0 });
      await database.exec(SHOWN);
      expect(await told()).to.equal(refused("Others came to read the new one:\n  shown"));
      expect(await left()).to.deep.equal(before);
    });

    it("says where that is if the connection is lost at the end", async () => {
      const lost: Database = () =>
        Promise.reject(new Error("The connection to the database was lost: gone."));
      expect(await faultIn(dismissOld(lost, "index_1", CHAIN_ID, []))).to.equal(
        "The new index is in place. The old one may still be there as index_1_before: The connection to the database was " +
          "lost: gone.\n  to remove it: psql --set schema=index_1_before --file indexer/database/drop-index.sql " +
          '"$DATABASE_URL"\n  to have it back: if there is a schema index_1, psql --set schema=index_1 --file ' +
          'indexer/database/drop-index.sql "$DATABASE_URL"; then in SQL: alter schema "index_1_before" rename to "index_1";',
      );
    });

    it("removes it, but for what the new one lacks", async () => {
      await database.exec("INSERT INTO index_1_before._ponder_checkpoint VALUES (5)");
      expect(await faultIn(dismissOld(inDatabase, "index_1", CHAIN_ID, []))).to.include(
        "_ponder_checkpoint of chain 5: 1 rows before, 0 now",
      );
      await database.exec("INSERT INTO index_1._ponder_checkpoint VALUES (5)");
      await dismissOld(inDatabase, "index_1", CHAIN_ID, ["shown"]);
      expect(await identityOf(query, "index_1_before")).to.not.equal(undefined);
      await dismissOld(inDatabase, "index_1", CHAIN_ID, []);
      const [left] = await query("SELECT to_regnamespace('index_1_before') AS left");
      expect(left).to.deep.equal({ left: null });
    });
  });
});
