import { startPaymentChain } from "./lib/payments/chain.js";
import { startDatabases } from "./lib/indexing/databases.js";
import { writeFileSync } from "node:fs";
const n = Number(process.env.N ?? 4000);
await using dbs = await startDatabases();
await using chain = await startPaymentChain();
await chain.growTo(n);
const dbu: string[] = [];
for (let i = 0; i < 30; i++)
  dbu.push(((await dbs.postgres()).options as { databaseUrl: string }).databaseUrl);
writeFileSync("/tmp/dbg.json", JSON.stringify({ url: chain.url, recordsDir: chain.recordsDir, dbu }));
await new Promise((r) => setTimeout(r, 3_000_000));
