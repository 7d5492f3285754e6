/*
 * Whether node_modules holds what package-lock.json asks for. Plain JavaScript without dependencies: it runs before
 * anything is installed, under whatever Node the machine has.
 *
 * @typedef {{ version?: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Package
 * @typedef {{ os: string, cpu: string, libc: string }} Machine
 */

/**
 * Why a package of the lockfile is not installed as it should be, or undefined if all are.
 *
 * @param {Record<string, Package>} locked `packages` of package-lock.json.
 * @param {Record<string, Package>} installed `packages` of node_modules/.package-lock.json, which npm writes last, so an
 * interrupted install has none.
 * @param {Machine} machine
 * @returns {string | undefined}
 */
export function findGap(locked, installed, machine) {
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === "" || wanted.link) continue;
    const found = installed[path];
    if (found === undefined) {
      // npm also skips an optional package because the *Node* that ran it was too old. That one is needed.
      if (!wanted.optional || fits(wanted, machine)) return `${path} is missing`;
    } else if (found.version !== wanted.version) {
      return `${path} is ${found.version}, not ${wanted.version}`;
    }
  }
}

/** The traits of this machine by which npm chooses among a package's binaries. */
export function thisMachine() {
  process.report.excludeNetwork = true;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return {
    os: process.platform,
    cpu: process.arch,
    libc: glibcVersionRuntime === undefined ? "musl" : "glibc",
  };
}

/** Whether npm installs an optional package on the machine. A list may also say what it is not for: "!win32". */
function fits(wanted, machine) {
  return ["os", "cpu", "libc"].every((trait) => {
    const list = wanted[trait] ?? [];
    const excluded = list.filter((item) => item.startsWith("!"));
    if (excluded.includes(`!${machine[trait]}`)) return false;
    return excluded.length === list.length || list.includes(machine[trait]);
  });
}
