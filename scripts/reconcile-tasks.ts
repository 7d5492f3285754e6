import { ArgumentType } from "hardhat/types/arguments";

import { taskOf } from "./ops/tasks.js";
import type { Option } from "./ops/verbs.js";

const options: readonly Option[] = [
  {
    name: "database",
    description:
      "The indexer's database: a Postgres URL or a directory of PGlite (default: DATABASE_URL, HOLDFAST_PGLITE_DIR, indexer/.ponder/pglite)",
  },
  {
    name: "schema",
    description: "Schema of the index in the database",
    type: ArgumentType.STRING,
    defaultValue: "holdfast",
  },
  { name: "graphql", description: "URL of a running indexer, instead of its database" },
  { name: "secondRpc", description: "URL of another RPC of the same chain, which has to agree" },
  { name: "payment", description: "Only this payment, by its paymentId" },
  { name: "token", description: "Only payments in this token, by its address" },
  { name: "since", description: "Only what changed since then, such as 2026-03-01 or Unix seconds" },
  { name: "block", description: "Block at which the contracts are asked (default: the index's own)" },
  { name: "report", description: "Prints a report: json, csv or markdown" },
  { name: "out", description: "Writes the report to this file" },
  { name: "json", description: "Prints the result as JSON", type: ArgumentType.FLAG },
  {
    name: "resume",
    description: "Goes on from where the last run got with reading logs",
    type: ArgumentType.FLAG,
  },
  {
    name: "by",
    description: "Label of whoever runs this, for the record; no name or address of a person",
    type: ArgumentType.STRING,
    defaultValue: "operator",
  },
  {
    name: "apply",
    description: "Builds the index anew if it is wrong, after a typed confirmation, and checks again",
    type: ArgumentType.FLAG,
  },
  { name: "yes", description: "The number of findings that --apply mends, instead of typing it" },
  {
    name: "port",
    description: "Port on which --apply runs the indexer",
    type: ArgumentType.STRING,
    defaultValue: "42169",
  },
];

/** What people run to know whether the index can be believed. */
export const reconcileTasks = [
  taskOf(
    ["reconcile"],
    "Compares the index with the chain at one block, row by row; exits 0 if they agree, 1 if not, 2 if it cannot tell. " +
      "For example: npx hardhat reconcile --network <name> --graphql http://127.0.0.1:42069",
    options,
    () => import("./reconcile.js"),
  ),
  taskOf(
    ["reconcile", "daily"],
    "Reconciles, and tells what came in and went out by day and token",
    options,
    async () => ({ default: (await import("./reconcile.js")).reconciling("daily") }),
  ),
  taskOf(
    ["reconcile", "aging"],
    "Reconciles, and tells what is still held, by how long it is overdue",
    options,
    async () => ({ default: (await import("./reconcile.js")).reconciling("aging") }),
  ),
];
