import { Escrow__factory } from "../types/ethers-contracts/index.js";
import { startPaymentChain } from "./lib/payments/chain.js";
const n = Number(process.env.N ?? 1000);
let t = Date.now();
await using chain = await startPaymentChain();
console.log("start", Date.now() - t); t = Date.now();
await chain.growTo(n);
console.log("grow", n, Date.now() - t);
console.log(await chain.node.ask("eth_blockNumber"));
const logs = await chain.node.ask<{topics:string[]}[]>("eth_getLogs", { fromBlock: "0x0", toBlock: "latest", address: chain.makers.escrow });
console.log(logs.length);
const by = Map.groupBy(logs, (l) => l.topics[0]!);
for (const [k, v] of by) { let n = k; try { n = Escrow__factory.createInterface().getEvent(k)!.name; } catch {} console.log(n, v.length); }
import { execSync } from "node:child_process";
console.log(execSync("ps -eo cputime,rss,args | grep '[a]nvil-linux' | head").toString());
