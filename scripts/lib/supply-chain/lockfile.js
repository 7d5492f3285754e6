/**
 * Whether package-lock.json says exactly what is installed, and that it comes from npm. Plain JavaScript without
 * dependencies, for Node 20: it has to run before anything is installed.
 *
 * @typedef {{ version?: string, resolved?: string, integrity?: string, link?: boolean, inBundle?: boolean,
 *   optional?: boolean, hasInstallScript?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Entry
 * @typedef {{ lockfileVersion?: number, packages?: Record<string, Entry & { devDependencies?: Record<string, string> }> }} Lockfile
 * @typedef {{ devDependencies?: Record<string, string>, dependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string>, overrides?: object, allowScripts?: Record<string, boolean> }} Manifest
 * @typedef {{ where: string, what: string }} Fault
 * @typedef {{ rule: string, entries: string[] }} Exception
 */

const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
/** A package under another name, in one version. */
const ALIAS = /^npm:(@[\w.-]+\/)?[\w.-]+@(.+)$/;

/** What CI and the container image run on: nothing of it goes without a hash. */
const OURS = { os: "linux", cpu: "x64", libc: "glibc" };

/**
 * Binaries for other platforms that the registry on which this lockfile was made did not carry, so that npm could not hash
 * them. Each is an optional dependency of one package, in exactly its version.
 */
const UNHASHED = [
  { prefix: "@foundry-rs/anvil-", of: "@foundry-rs/anvil" },
  { prefix: "@nomicfoundation/edr-", of: "@nomicfoundation/edr" },
  { prefix: "@rollup/rollup-", of: "rollup" },
];

/**
 * @param {Lockfile} lockfile
 * @param {Manifest} manifest package.json
 * @returns {{ faults: Fault[], exceptions: Exception[], checked: number }}
 */
export function checkLockfile(lockfile, manifest) {
  const { "": root = {}, ...packages } = lockfile.packages ?? {};
  const entries = Object.entries(packages);
  const exceptions = UNHASHED.map(({ prefix, of }) => ({
    rule: `${prefix}* has no hash for platforms that the registry of this lockfile did not carry`,
    entries: entries
      .filter(([path, entry]) => isUnhashed(path, entry, { prefix, of }, packages))
      .map(([path]) => path),
  })).filter((exception) => exception.entries.length > 0);
  const known = new Set(exceptions.flatMap((exception) => exception.entries));
  const faults = [
    ...(lockfile.lockfileVersion === 3 ? [] : [{ where: "package-lock.json", what: "is not of version 3" }]),
    ...(entries.length > 0 ? [] : [{ where: "package-lock.json", what: "has no packages" }]),
    ...findManifestFaults(manifest),
    ...findDrift(root, manifest),
    ...entries.flatMap(([path, entry]) => findEntryFaults(path, entry, known.has(path))),
    ...findScriptFaults(entries, manifest.allowScripts ?? {}),
  ];
  return { faults, exceptions, checked: entries.length };
}

/** A package's name, by where it lies. */
const nameOf = (path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

function isUnhashed(path, entry, { prefix, of }, packages) {
  if (entry.integrity !== undefined || !entry.optional || !nameOf(path).startsWith(prefix)) return false;
  const isForUs = ["os", "cpu", "libc"].every((trait) =>
    (entry[trait] ?? [OURS[trait]]).includes(OURS[trait]),
  );
  return (
    entry.os !== undefined &&
    entry.cpu !== undefined &&
    !isForUs &&
    packages[`node_modules/${of}`]?.version === entry.version
  );
}

/** What is asked for, is asked for exactly, and of npm. */
function findManifestFaults({ devDependencies = {}, dependencies = {}, peerDependencies = {} }) {
  return Object.entries({ ...peerDependencies, ...dependencies, ...devDependencies }).flatMap(
    ([name, range]) => {
      const version = ALIAS.exec(range)?.[2] ?? range;
      return EXACT.test(version)
        ? []
        : [{ where: `package.json: ${name}`, what: `asks for ${range}, which is no exact version from npm` }];
    },
  );
}

/** The lockfile begins with a copy of what package.json asks for. */
function findDrift({ devDependencies: locked = {} }, { devDependencies: asked = {} }) {
  return [...new Set([...Object.keys(locked), ...Object.keys(asked)])]
    .filter((name) => locked[name] !== asked[name])
    .map((name) => ({
      where: `package.json: ${name}`,
      what: `asks for ${asked[name] ?? "nothing"}, and the lockfile was made for ${locked[name] ?? "nothing"}`,
    }));
}

function findEntryFaults(path, { version, resolved, integrity, link, inBundle }, isKnown) {
  const fault = (what) => [{ where: path, what }];
  if (link) return fault("is a link to a folder, and not from npm");
  return [
    ...(typeof version === "string" && EXACT.test(version)
      ? []
      : fault(
          `has ${version === undefined ? "no version" : `the version ${version}`}, which is none of npm's`,
        )),
    // Made with omit-lockfile-registry-resolved: only what does not come from npm has an address.
    ...(resolved === undefined ? [] : fault(`comes from ${withoutSecrets(resolved)}, and not from npm`)),
    // What lies inside of another package is covered by that one's hash.
    ...(inBundle || isKnown || (typeof integrity === "string" && SHA512.test(integrity))
      ? []
      : fault(integrity === undefined ? "has no hash" : `has the hash ${integrity}, which is no sha512`)),
  ];
}

const withoutSecrets = (url) => url.replace(/\/\/[^/@]*@/, "//");

/** Whatever runs when it is installed is allowed or forbidden by name, and nothing is that does not. */
function findScriptFaults(entries, allowScripts) {
  const running = new Set(
    entries.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path)),
  );
  return [
    ...[...running]
      .filter((name) => !(name in allowScripts))
      .map((name) => ({
        where: name,
        what: "runs a script when it is installed, and allowScripts does not say whether it may",
      })),
    ...Object.keys(allowScripts)
      .filter((name) => !running.has(name))
      .map((name) => ({
        where: name,
        what: "is in allowScripts, and has no script that runs when it is installed",
      })),
  ];
}
