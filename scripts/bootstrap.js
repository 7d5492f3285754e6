/*
 * Installs what package-lock.json asks for and node_modules lacks. npm runs it before `npm start` and `npm test`, so it
 * must work on a clean clone: plain JavaScript, no dependencies, Node 20. Costs milliseconds when all is there.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { findGap, thisMachine } from "./lib/installed.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");

const locked = packagesOf(join(root, "package-lock.json"));
const gap = findGap(locked, packagesOf(join(modules, ".package-lock.json")), thisMachine());
if (gap !== undefined || !existsSync(join(modules, ".bin", "node")))
  await install(locked["node_modules/node"].version);

function packagesOf(lockfile) {
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, "utf8")).packages : {};
}

/**
 * npm drops optional packages that the Node it runs on is too old for, so it must run on the Node that the project uses.
 */
async function install(nodeVersion) {
  console.error(`Installing the packages under Node ${nodeVersion}. The first time this takes minutes …`);
  const npm = ["npm", "ci", "--prefix", root, "--no-audit", "--no-fund", "--loglevel=error"];
  const child = spawn("npx", ["-y", "-p", `node@${nodeVersion}`, "--", ...npm], {
    // From inside the project, npx could take a half-installed Node that is about to be removed.
    cwd: tmpdir(),
    env: {
      ...process.env,
      // The npm that runs this script tells those it starts where the project is.
      npm_config_local_prefix: undefined,
      // By default it takes more than a minute to notice that there is no network.
      npm_config_fetch_retry_mintimeout: "1000",
      npm_config_fetch_retry_maxtimeout: "5000",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  let complaints = "";
  child.stderr.on("data", (data) => (complaints += data));
  const [code, signal] = await once(child, "close");
  if (code === 0) return;

  const [, reason = signal ?? `npm ended with code ${code}`] =
    /^npm error code (\S+)/m.exec(complaints) ?? [];
  const [log = ""] = /^npm error A complete log .*$/m.exec(complaints) ?? [];
  console.error(
    `The packages could not be installed (${reason}). This needs the npm registry: check the network connection, ` +
      `then run the same command again. ${log.replace("npm error ", "")}`.trim(),
  );
  process.exitCode = 1;
}
