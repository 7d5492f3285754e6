import { faultsOfPlace, findAskers } from "./askers.js";
import { EXACT, findDrift, findManifestFaults } from "./manifest.js";

/**
 * Whether package-lock.json says exactly what is installed, and that it comes from npm. Plain JavaScript without
 * dependencies, for Node 20: it has to run before anything is installed.
 *
 * @typedef {{ name?: string, version?: string, resolved?: string, integrity?: string, link?: boolean, optional?: boolean,
 *   hasInstallScript?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   dependencies?: Record<string, string>, optionalDependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string> }} Entry
 * @typedef {{ lockfileVersion?: number, packages?: Record<string, Entry> }} Lockfile
 * @typedef {{ devDependencies?: Record<string, string>, dependencies?: Record<string, string>,
 *   optionalDependencies?: Record<string, string>, peerDependencies?: Record<string, string>, overrides?: object,
 *   workspaces?: unknown, scripts?: Record<string, string>, allowScripts?: Record<string, boolean> }} Manifest
 * @typedef {{ where: string, what: string }} Fault
 */

const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/;
const NAME = "(@[\\w~-][\\w.~-]*/)?[\\w~-][\\w.~-]*";
/** Where npm puts a package: below node_modules, however deep. */
const PLACE = new RegExp(`^node_modules/${NAME}(/node_modules/${NAME})*$`);
/** A repository, a folder or an address instead of versions. */
const ELSEWHERE = /^(?!npm:)[^ ]*[:/]/;

/**
 * What the lockfile may say of a package. Whatever else npm reads there changes what is installed: `inBundle` and
 * `bundleDependencies`, for instance, have it install without a hash, and `hasShrinkwrap` by a list inside of a tarball.
 */
const KNOWN = new Set([
  ...[
    "name",
    "version",
    "resolved",
    "integrity",
    "link",
    "license",
    "funding",
    "deprecated",
    "engines",
    "bin",
  ],
  ...["dev", "optional", "devOptional", "peer", "os", "cpu", "libc", "hasInstallScript"],
  ...["dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta"],
  // Left over in what was published from a repository of several: only the root's has a meaning.
  "workspaces",
]);

/**
 * @param {Lockfile} lockfile
 * @param {Manifest} manifest package.json
 * @returns {{ faults: Fault[], checked: number }}
 */
export function checkLockfile(lockfile, manifest) {
  const { "": root = {}, ...packages } = lockfile.packages ?? {};
  const entries = Object.entries(packages);
  const askers = findAskers(packages, manifest);
  const faults = [
    ...(lockfile.lockfileVersion === 3 ? [] : [{ where: "package-lock.json", what: "is not of version 3" }]),
    ...(entries.length > 0 ? [] : [{ where: "package-lock.json", what: "has no packages" }]),
    ...findManifestFaults(manifest),
    ...findDrift(root, manifest, packages),
    ...entries.flatMap(([path, entry]) => findEntryFaults(path, entry)),
    ...entries.flatMap(([path, { name }]) =>
      faultsOfPlace(nameOf(path), name ?? nameOf(path), askers.get(path)).map((what) => ({
        where: path,
        what,
      })),
    ),
    ...findScriptFaults(entries, manifest.allowScripts ?? {}),
  ];
  return { faults, checked: entries.length };
}

/** A package's name, by where it lies. */
export const nameOf = (path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

function findEntryFaults(path, entry) {
  const fault = (what) => [{ where: path, what }];
  const { version, resolved, link } = entry;
  if (link) return fault("is a link to a folder, and not from npm");
  return [
    ...(PLACE.test(path) ? [] : fault("is a folder of its own, and not from npm")),
    ...Object.keys(entry)
      .filter((key) => !KNOWN.has(key))
      .flatMap((key) => fault(`says ${key}, which changes what npm installs in ways that nothing checks`)),
    ...(typeof version === "string" && EXACT.test(version)
      ? []
      : fault(
          `has ${version === undefined ? "no version" : `the version ${version}`}, which is none of npm's`,
        )),
    // Made with omit-lockfile-registry-resolved: only what does not come from npm has an address.
    ...(resolved === undefined ? [] : fault(`comes from ${withoutSecrets(resolved)}, and not from npm`)),
    ...findHashFaults(entry).flatMap(fault),
    ...findWhatItAsksElsewhere(entry).flatMap(fault),
  ];
}

const findHashFaults = ({ integrity }) => {
  if (integrity === undefined) return ["has no hash"];
  return typeof integrity === "string" && SHA512.test(integrity)
    ? []
    : [`has the hash ${integrity}, which is no sha512`];
};

const findWhatItAsksElsewhere = ({ dependencies, optionalDependencies, peerDependencies }) =>
  Object.entries({ ...peerDependencies, ...optionalDependencies, ...dependencies })
    .filter(([, range]) => ELSEWHERE.test(range))
    .map(([name, range]) => `asks for ${name} from ${withoutSecrets(range)}, and not from npm`);

const withoutSecrets = (url) => String(url).replace(/\/\/[^/@]*@/, "//");

/** Whatever runs when it is installed is allowed or forbidden by what it is, and nothing is that does not. */
function findScriptFaults(entries, allowScripts) {
  const running = new Set(
    entries
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path, { name }]) => name ?? nameOf(path)),
  );
  return [
    ...[...running]
      .filter((name) => !Object.hasOwn(allowScripts, name))
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
