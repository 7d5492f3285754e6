import { PGlite } from "@electric-sql/pglite";
import { Hono } from "hono";
import { setTimeout as sleep } from "node:timers/promises";
const pg = await PGlite.create();
await pg.exec("create table _ponder_meta (key text primary key, value jsonb); insert into _ponder_meta values ('app','{\"is_ready\":1}')");
const { drizzle } = await import(new URL("../node_modules/drizzle-orm/pglite/index.js", import.meta.url).href);
const db = drizzle(pg);
const g = globalThis as any;
g.PONDER_COMMON = { apiShutdown: { isKilled: false, add() {} }, logger: { debug() {}, info() {}, warn() {} } };
g.PONDER_DATABASE = { driver: { dialect: "pglite", instance: pg }, readonlyQB: { wrap: (_: any, f: any) => f(db), raw: db } };
g.PONDER_NAMESPACE_BUILD = { schema: "public" };
g.PONDER_PRE_BUILD = { ordering: "multichain" };
const { client } = await import("ponder");
const { askedAnew } = await import("../indexer/src/api/sql.ts");
const app = new Hono();
if (process.argv[2] === "anew") app.use("/sql/*", askedAnew, client({ db, schema: {} } as any));
else app.use("/sql/*", client({ db, schema: {} } as any));
await sleep(1500);
const N = Number(process.argv[3] ?? 100000);
const q = (i: number) => encodeURIComponent(JSON.stringify({ json: { sql: "select key, value from _ponder_meta", params: [] } }));
const mem = (l: string) => { const m = process.memoryUsage(); console.log(l, "rss", (m.rss / 1e6) | 0, "heapUsed", (m.heapUsed / 1e6) | 0); };
const r = await app.request("/sql/db?sql=" + q(0)); console.log(r.status, (await r.text()).slice(0, 60));
(g as any).gc?.(); mem("before");
let peak = 0;
for (let i = 0; i < N; i++) {
  const res = await app.request("/sql/db?sql=" + q(i)); await res.text();
  if (i % 1000 === 0) { await sleep(0); peak = Math.max(peak, process.memoryUsage().heapUsed); }
  if (i % 10000 === 0) { mem("at " + i); g.gc?.(); await sleep(100); g.gc?.(); await sleep(50); mem("  after gc"); }
}
mem("after"); console.log("peak heap", (peak / 1e6) | 0);
g.gc?.(); await sleep(200); g.gc?.(); await sleep(200); mem("after gc");
process.exit(0);
