/*
 * What `npm ls` says of the lockfile: whether each version lies in the range of whoever asks for it, as only npm itself knows,
 * overrides included. Plain JavaScript without dependencies.
 */
import { parse } from "./audit.js";

/** Offline, of the lockfile alone, and whatever somebody's own settings let pass. */
export const RANGES = [
  "ls",
  "--all",
  "--package-lock-only",
  "--json",
  "--legacy-peer-deps=false",
  "--force=false",
];

/**
 * @param {string} text What npm printed.
 * @returns {string[] | undefined} Faults, in words; undefined if it is no report.
 */
export function readRanges(text) {
  const report = parse(text);
  if (typeof report?.name !== "string" || typeof report.dependencies !== "object") return undefined;
  const asked = findWhoAsks(report);
  return (report.problems ?? []).map((problem) =>
    asked.has(problem)
      ? `${packageOf(problem)} is of no version that is asked for: ${asked.get(problem)}`
      : `package-lock.json: npm says ${withoutPlace(problem)}`,
  );
}

/** By npm's word for what is wrong, the ranges and whose they are. The tree tells of more of them the deeper it looks. */
function findWhoAsks({ dependencies }, found = new Map()) {
  for (const one of Object.values(dependencies ?? {})) {
    const problem = one.problems?.find((text) => text.startsWith("invalid: "));
    if (typeof one.invalid === "string" && problem !== undefined)
      if (one.invalid.length > (found.get(problem)?.length ?? 0)) found.set(problem, one.invalid);
    findWhoAsks(one, found);
  }
  return found;
}

/** `invalid: <name>@<version> <where it would lie on this machine>` */
const packageOf = (problem) => problem.split(" ")[1];
const withoutPlace = (problem) => problem.replaceAll(/ (\/|[A-Z]:\\)[^ ]*node_modules/g, " node_modules");
