import { readFile } from "node:fs/promises";

import { eventually } from "../../scripts/lib/eventually.js";

/** Settings of a Postgres that logs the plan of every statement as it was carried out. */
export const LOGS_PLANS = [
  "listen_addresses=127.0.0.1",
  "shared_preload_libraries=auto_explain",
  "auto_explain.log_min_duration=0",
  "auto_explain.log_format=json",
  "logging_collector=on",
  "log_directory=log",
  "log_filename=plans.log",
];
/** Where it logs them, seen from its data. */
export const PLANS_FILE = "log/plans.log";

/** One step of a plan. */
export interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  Plans?: PlanNode[];
}

/** A statement and how it was carried out. */
export interface CarriedOut {
  "Query Text": string;
  Plan: PlanNode;
}

const PLAN = /plan:\n((?:\t.*\n)+)/g;

/** What a Postgres with {@link LOGS_PLANS} carries out while something is done. */
export async function plansDuring(
  log: string,
  mark: (name: string) => Promise<unknown>,
  work: () => Promise<unknown>,
): Promise<CarriedOut[]> {
  const [before, after] = ["before", "after"].map((name) => `${name}_${performance.now()}`) as [
    string,
    string,
  ];
  await mark(before);
  await work();
  await mark(after);
  let plans: CarriedOut[] = [];
  // A process of its own writes the log.
  await eventually(async () => {
    plans = [...(await readFile(log, "utf8")).matchAll(PLAN)].map(
      ([, json]) => JSON.parse(json!) as CarriedOut,
    );
    if (!plans.some((plan) => plan["Query Text"].includes(after)))
      throw new Error("The log is not complete yet.");
  });
  const position = (name: string) => plans.findIndex((plan) => plan["Query Text"].includes(name));
  return plans.slice(position(before) + 1, position(after));
}

/** Every step of a plan. */
export const stepsOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(stepsOf)];
