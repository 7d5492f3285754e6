/*
 * Installs what package-lock.json asks for and node_modules lacks. npm runs it before `npm start` and `npm test`, so it
 * must work on a clean clone: plain JavaScript, no dependencies, Node 20. Costs milliseconds when all is there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Why a package of the lockfile is not installed as it should be, or undefined if all are.
 *
 * @param {Record<string, Package>} locked `packages` of package-lock.json.
 * @param {Record<string, Package>} installed `packages` of node_modules/.package-lock.json, which npm writes last: an
 * interrupted install has none.
 * @param {{ os: string, cpu: string, libc: string }} machine
 * @returns {string | undefined}
 *
 * @typedef {{ version?: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Package
 */
export function findGap(locked, installed, machine) {
  for (const [path, wanted] of Object.entries(locked)) {
    if (path === "" || wanted.link) continue;
    const found = installed[path];
    if (found === undefined) {
      // npm also skips an optional package because the *Node* that ran it was too old. That one is needed.
      if (!(wanted.optional && !fits(wanted, machine))) return `${path} is missing`;
    } else if (found.version !== wanted.version) {
      return `${path} is ${found.version}, not ${wanted.version}`;
    }
  }
}

/** Whether npm installs an optional package on this machine. A list may also say what it is not for: "!win32". */
function fits(wanted, machine) {
  return ["os", "cpu", "libc"].every((trait) => {
    const list = wanted[trait];
    if (list === undefined) return true;
    const excluded = list.filter((item) => item.startsWith("!"));
    if (excluded.includes(`!${machine[trait]}`)) return false;
    return excluded.length === list.length || list.includes(machine[trait]);
  });
}

function thisMachine() {
  process.report.excludeNetwork = true;
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  return { os: process.platform, cpu: process.arch, libc: glibc === undefined ? "musl" : "glibc" };
}

function packagesOf(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, "utf8")).packages : {};
}

function bootstrap(root) {
  const locked = packagesOf(join(root, "package-lock.json"));
  const modules = join(root, "node_modules");
  const gap = findGap(locked, packagesOf(join(modules, ".package-lock.json")), thisMachine());
  if (gap === undefined && existsSync(join(modules, ".bin", "node"))) return;

  const node = locked["node_modules/node"].version;
  console.error(`Installing the packages under Node ${node}; the first time this takes a minute or two …`);
  // npm drops optional packages that its own Node is too old for, so the install itself must run on the Node that the
  // project uses. From outside the project, or npx would take the half-installed one that is about to be removed.
  const { npm_config_local_prefix: _, ...env } = process.env;
  const install = ["npm", "ci", "--prefix", root, "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, signal, error } = spawnSync("npx", ["-y", "-p", `node@${node}`, "--", ...install], {
    cwd: tmpdir(),
    env,
    stdio: ["ignore", 2, 2],
  });
  if (status === 0) return;

  // Without it, whatever was left behind is not taken for an install.
  rmSync(join(modules, ".package-lock.json"), { force: true });
  const outcome = error?.message ?? (signal ? `stopped by ${signal}` : `npm ended with code ${status}`);
  console.error(
    `The packages could not be installed (${outcome}). The first start needs the npm registry: check the network ` +
      "connection, then run the same command again.",
  );
  process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  bootstrap(dirname(dirname(fileURLToPath(import.meta.url))));
}
