/*
 * Where a lockfile has a package, and since when. Plain JavaScript without dependencies.
 *
 * @typedef {import("./lockfile.js").Lockfile} Lockfile
 * @typedef {{ path: string, name: string, version: string }} Found
 * @typedef {{ commit: string, lockfile: Lockfile }} State
 */
import { nameOf } from "./lockfile.js";
import { EXACT } from "./manifest.js";

const NAME = /^(@[\w~-][\w.~-]*\/)?[\w~-][\w.~-]*$/;

/**
 * What cannot be looked for: who asks for `name@1.2.3` or `^1.2` must not hear that it is not there.
 *
 * @param {string | undefined} name
 * @param {string[]} versions
 * @returns {string | undefined} A sentence.
 */
export function faultOfQuestion(name, versions) {
  if (name === undefined || !NAME.test(name))
    return `The name of a package is needed, such as viem or @scope/name, without a version; it was ${name ?? "missing"}.`;
  const wrong = versions.find((version) => !EXACT.test(version));
  return wrong === undefined ? undefined : `A version is exact, such as 1.2.3; it was ${wrong}.`;
}

/**
 * Every place of a package, also under another name: an alias lies where it is called, and says what it is.
 *
 * @param {Lockfile} lockfile
 * @param {string} name
 * @param {string[]} versions Any, if there is none.
 * @returns {Found[]}
 */
export function findPackage(lockfile, name, versions) {
  if (typeof lockfile?.packages !== "object" || lockfile.packages === null)
    throw new Error("This is no lockfile that names its packages.");
  return Object.entries(lockfile.packages)
    .filter(([path]) => path !== "")
    .map(([path, entry]) => ({ path, name: entry.name ?? nameOf(path), version: String(entry.version) }))
    .filter((found) => found.name === name || nameOf(found.path) === name)
    .filter(({ version }) => versions.length === 0 || versions.includes(version));
}

/**
 * @param {State[]} states From the oldest to the newest.
 * @param {string} name
 * @param {string[]} versions
 * @returns {string[]} What came and went with each commit.
 */
export function findChanges(states, name, versions) {
  let before = [];
  return states.flatMap(({ commit, lockfile }) => {
    const now = findPackage(lockfile, name, versions).map(told);
    const came = now.filter((one) => !before.includes(one)).map((one) => `${commit} came: ${one}`);
    const went = before.filter((one) => !now.includes(one)).map((one) => `${commit} went: ${one}`);
    before = now;
    return [...went, ...came];
  });
}

/** @param {Found} found */
export const told = ({ path, name, version }) => `${name} ${version} in ${path}`;
