/*
 * What package.json asks for, and whether the lockfile was made for it. Plain JavaScript without dependencies.
 *
 * @typedef {import("./lockfile.js").Manifest} Manifest
 * @typedef {import("./lockfile.js").Entry} Entry
 * @typedef {import("./lockfile.js").Fault} Fault
 */

export const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
/** A package under another name, in one version. */
const ALIAS = /^npm:((?:@[\w.-]+\/)?[\w.-]+)@(.+)$/;

/** Where npm reads what it is to install. */
const INSTALLED = ["devDependencies", "dependencies", "optionalDependencies"];
const GROUPS = [...INSTALLED, "peerDependencies"];
/** What would be installed without being asked of npm: folders, and what lies inside of a tarball. */
const UNASKED = ["workspaces", "bundleDependencies", "bundledDependencies"];
/** What npm runs by itself whenever something is installed. */
const RUNS_BY_ITSELF = /^(pre|post)?(install|prepublish|prepare|dependencies)$/;

const inManifest = (name, what) => ({ where: `package.json: ${name}`, what });

/**
 * @param {Manifest} manifest
 * @returns {Fault[]} What is asked for other than exactly, and of npm; and what would run by itself.
 */
export function findManifestFaults(manifest) {
  return [
    ...GROUPS.flatMap((group) => Object.entries(manifest[group] ?? {}))
      .filter(([, range]) => !isExact(range))
      .map(([name, range]) => inManifest(name, `asks for ${range}, which is no exact version from npm`)),
    ...overridesIn(manifest.overrides ?? {})
      // No alias either: it would put another package in the place of each of that name.
      .filter(([, range]) => !EXACT.test(range) && !isOneOf(range, manifest))
      .map(([name, range]) =>
        inManifest(`overrides.${name}`, `asks for ${range}, which is no exact version of it from npm`),
      ),
    ...UNASKED.filter((key) => manifest[key] !== undefined).map((key) =>
      inManifest(key, "has npm install what no hash was made of"),
    ),
    ...Object.keys(manifest.scripts ?? {})
      .filter((name) => RUNS_BY_ITSELF.test(name))
      .map((name) => inManifest(`scripts.${name}`, "is run by npm itself whenever something is installed")),
  ];
}

/**
 * @param {Record<string, unknown>} root The lockfile begins with a copy of what package.json asks for.
 * @param {Manifest} manifest
 * @param {Record<string, Entry>} packages
 * @returns {Fault[]}
 */
export const findDrift = (root, manifest, packages) => [
  ...GROUPS.flatMap((group) => findDriftOf(root[group] ?? {}, manifest[group] ?? {})),
  ...UNASKED.filter((key) => root[key] !== undefined).map((key) => ({
    where: `package-lock.json: ${key}`,
    what: "has npm install what no hash was made of",
  })),
  ...INSTALLED.flatMap((group) => Object.entries(manifest[group] ?? {})).flatMap(([name, range]) =>
    findFaultOfAsked(name, range, packages[`node_modules/${name}`]),
  ),
];

const findDriftOf = (locked, asked) =>
  [...new Set([...Object.keys(locked), ...Object.keys(asked)])]
    .filter((name) => locked[name] !== asked[name])
    .map((name) =>
      inManifest(
        name,
        `asks for ${asked[name] ?? "nothing"}, and the lockfile was made for ${locked[name] ?? "nothing"}`,
      ),
    );

/** What is asked for is what lies there, under this name and in this version. */
function findFaultOfAsked(name, range, entry) {
  const [, alias = name, version = range] = ALIAS.exec(range) ?? [];
  if (entry === undefined) return [inManifest(name, "is asked for, and the lockfile has none")];
  const found = `${entry.name ?? name}@${entry.version}`;
  return found === `${alias}@${version}`
    ? []
    : [inManifest(name, `asks for ${alias}@${version}, and the lockfile has ${found}`)];
}

const isExact = (range) => EXACT.test(ALIAS.exec(range)?.[2] ?? range);

/** `$name` in an override stands for what is asked for under that name, which was looked at there. */
const isOneOf = (range, manifest) =>
  typeof range === "string" &&
  range.startsWith("$") &&
  GROUPS.some((group) => Object.hasOwn(manifest[group] ?? {}, range.slice(1)));

/** Overrides may be of what some package asks for only: `{ "above": { "below": "1.0.0" } }`. */
const overridesIn = (overrides) =>
  Object.entries(overrides).flatMap(([name, value]) =>
    typeof value === "object" && value !== null
      ? overridesIn(value).map(([below, range]) => [`${name}.${below}`, range])
      : [[name, value]],
  );
