/*
 * Who asks for what lies in each place of the lockfile, as Node.js finds it. Plain JavaScript without dependencies.
 *
 * @typedef {import("./lockfile.js").Entry} Entry
 * @typedef {import("./lockfile.js").Manifest} Manifest
 */

/**
 * @param {Record<string, Entry>} packages By their places.
 * @param {Manifest} manifest
 * @returns {Map<string, string[]>} By place, the ranges that are asked for there.
 */
export function findAskers(packages, manifest) {
  const asked = new Map();
  for (const [path, entry] of [["", manifest], ...Object.entries(packages)])
    for (const [name, range] of rangesOf(entry)) {
      const place = placeOf(packages, path, name);
      if (place !== undefined) asked.set(place, [...(asked.get(place) ?? []), range]);
    }
  return asked;
}

const rangesOf = ({ dependencies, devDependencies, optionalDependencies, peerDependencies }) =>
  [dependencies, devDependencies, optionalDependencies, peerDependencies].flatMap((group) =>
    Object.entries(group ?? {}),
  );

/** The nearest one, from there up. */
function placeOf(packages, from, name) {
  for (let path = from; ; path = path.slice(0, Math.max(path.lastIndexOf("/node_modules/"), 0))) {
    const place = path === "" ? `node_modules/${name}` : `${path}/node_modules/${name}`;
    if (Object.hasOwn(packages, place)) return place;
    if (path === "") return undefined;
  }
}

/** Another package under this name: `npm:<name>@<range>`. */
const ALIAS = /^npm:((?:@[^/@]+\/)?[^/@]+)(?:@|$)/;

/**
 * npm installs what an entry calls itself, wherever it lies: each who asks for something there has to mean that.
 *
 * @param {string} place The name under which it lies.
 * @param {string} name What it is.
 * @param {string[] | undefined} ranges What is asked for there.
 * @returns {string[]}
 */
export function faultsOfPlace(place, name, ranges) {
  if (ranges === undefined) return ["is asked for by nobody"];
  const others = ranges.map((range) => ALIAS.exec(range)?.[1] ?? place).filter((asked) => asked !== name);
  return [...new Set(others)].map((asked) => `is the package ${name}, and ${asked} is asked for there`);
}
