/*
 * npm run supply-chain -- <lockfile | find | since | provenance | audit | bom>: what this project is made of, and whether it
 * may be. Plain JavaScript without dependencies, for Node 20 and an empty node_modules: who suspects a package must not have
 * to run it. Exits 0 if all is well, 1 if not, 2 if it could not tell.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { parseMode, refusal } from "../deploy/mode.js";
import { judgeAudit, parse, readAudit } from "./lib/supply-chain/audit.js";
import { findBomFaults, normalise } from "./lib/supply-chain/bom.js";
import { checkCheckout } from "./lib/supply-chain/checkout.js";
import { faultOfQuestion, findChanges, findPackage, told } from "./lib/supply-chain/find.js";
import { lockfilesOf } from "./lib/supply-chain/history.js";
import { checkLockfile } from "./lib/supply-chain/lockfile.js";
import { RANGES, readRanges } from "./lib/supply-chain/ranges.js";
import { readSignatures } from "./lib/supply-chain/signatures.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ALLOWED = "supply-chain/audit-allow.json";
const INSTALLED = "node_modules/.package-lock.json";
const BOM = "bom.cdx.json";

const textOf = (file) => readFileSync(ROOT + file, "utf8");
const read = (file) => JSON.parse(textOf(file));

const modeOfThis = () => parseMode(process.env.HOLDFAST_MODE, "HOLDFAST_MODE");

/** Everything here is a development dependency, and npm leaves those out where the environment says `production`. */
const ALL = ["dev", "optional", "peer"].map((kind) => `--include=${kind}`);

/** What npm prints, whatever it ends with. */
function npm(...args) {
  const { stdout, error } = spawnSync("npm", [...args, ...ALL], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, npm_config_fetch_retries: "0", npm_config_loglevel: "silent" },
  });
  if (error) throw new Error(`npm cannot be run: ${error.message}.`);
  return stdout;
}

function tell(faults, good) {
  for (const fault of faults) console.error(`  ${fault}`);
  console.log(faults.length === 0 ? good : `${faults.length} ${faults.length === 1 ? "fault" : "faults"}.`);
  return faults.length === 0 ? 0 : 1;
}

function couldNotTell(what, instead) {
  console.error(`${what} could not be asked: no network, or a registry that does not offer it. ${instead}`);
  return 2;
}

/** Nothing that stands in a lockfile repaints a terminal. */
const print = (line) => console.log(line.replaceAll(/[^\x20-\x7e]/g, "?"));

function refuse(sentence) {
  console.error(sentence);
  return 2;
}

/** One or several in one argument, as a variable hands them over: not every shell takes those apart. */
const versionsIn = (given) => given.flatMap((versions) => versions.trim().split(/\s+/));

const COMMANDS = {
  lockfile: {
    tells:
      "every package is from npm, in one version that whoever asks for it allows, with a hash, and allowed or forbidden to run scripts",
    run() {
      const { faults, checked } = checkLockfile(read("package-lock.json"), read("package.json"));
      const npmrc = existsSync(`${ROOT}.npmrc`) ? textOf(".npmrc") : "";
      faults.push(...checkCheckout(readdirSync(ROOT), npmrc));
      if (faults.length > 0) return tell(faults.map(({ where, what }) => `${where} ${what}`));
      const outside = readRanges(npm(...RANGES));
      if (outside === undefined)
        return refuse("npm does not say whether each version is one that is asked for.");
      return tell(
        outside.map((fault) => fault.replaceAll(/[^\x20-\x7e]/g, "?")),
        `${checked} packages: from npm, exact, hashed, in the ranges that are asked for, scripts decided.`,
      );
    },
  },
  find: {
    tells:
      "<package> [version …]: where the lockfile has it, also under another name, and whether it is installed here",
    run(name, ...given) {
      const versions = versionsIn(given);
      const fault = faultOfQuestion(name, versions);
      if (fault !== undefined) return refuse(fault);
      const files = ["package-lock.json", ...(existsSync(ROOT + INSTALLED) ? [INSTALLED] : [])];
      const found = files.flatMap((file) =>
        findPackage(read(file), name, versions).map(
          (one) => `${file === INSTALLED ? "installed here:   " : "package-lock.json:"} ${told(one)}`,
        ),
      );
      for (const line of found) print(line);
      if (found.length > 0) return 1;
      console.log(
        files.length > 1
          ? "Neither in package-lock.json nor installed here."
          : "Not in package-lock.json; nothing is installed here.",
      );
      return 0;
    },
  },
  since: {
    tells: "<package> [version …]: with which commits it came into the lockfile and went",
    run(name, ...given) {
      const versions = versionsIn(given);
      const fault = faultOfQuestion(name, versions);
      if (fault !== undefined) return refuse(fault);
      const { states, isWhole } = lockfilesOf(ROOT);
      const changes = findChanges(states, name, versions);
      for (const line of changes) print(line);
      if (!isWhole) return refuse("This clone is shallow: before its first commit nobody can tell here.");
      if (changes.length === 0)
        console.log(`In none of the ${states.length} lockfiles that this branch had.`);
      return changes.length === 0 ? 0 : 1;
    },
  },
  provenance: {
    tells: "the registry signed what is installed, and attestations of builds hold (asks the network)",
    run() {
      const signatures = readSignatures(npm("audit", "signatures", "--json"));
      if (signatures === undefined)
        return couldNotTell(
          "The registry's signatures",
          "Until they can be, what is installed is exactly what was hashed: npm run supply-chain -- lockfile.",
        );
      return tell(
        signatures.faults,
        "Everything installed is signed by the registry, and no attestation is false.",
      );
    },
  },
  audit: {
    tells: `no known vulnerability, but for those in ${ALLOWED} (asks the network)`,
    run() {
      const advisories = readAudit(npm("audit", "--json"));
      if (advisories === undefined)
        return couldNotTell(
          "The registry's advisories",
          "Until they can be, change no dependency; docs/supply-chain.md says how to ask from elsewhere.",
        );
      const { faults, notices } = judgeAudit(advisories, read(ALLOWED), new Date());
      for (const notice of notices) console.log(`  ${notice}`);
      return tell(faults, `${advisories.length} advisories, each looked into.`);
    },
  },
  bom: {
    tells: `writes the bill of materials (CycloneDX) to ${BOM}, or to the file that is named: the same lockfile, the same bytes`,
    run(file = ROOT + BOM) {
      const mode = modeOfThis();
      if (mode === "read-only") return refuse(refusal("supply-chain -- bom", mode));
      const printed = parse(npm("sbom", "--sbom-format", "cyclonedx", "--package-lock-only"));
      if (printed === undefined) {
        console.error(
          "npm made no bill of materials: is the lockfile damaged? npm run supply-chain -- lockfile",
        );
        return 2;
      }
      const bom = normalise(printed, read("package.json"));
      const faults = findBomFaults(bom);
      // Nothing that is no bill of materials is left behind as one.
      const keeps = faults.length === 0 && mode === "live";
      if (keeps) writeFileSync(file, `${JSON.stringify(bom, null, 2)}\n`);
      return tell(
        faults,
        keeps
          ? `${bom.components.length} components, in ${file}.`
          : `Dry run: ${bom.components.length} components; nothing is written to ${file}.`,
      );
    },
  },
};

const [command, ...args] = process.argv.slice(2);
const chosen = Object.hasOwn(COMMANDS, command ?? "") ? COMMANDS[command] : undefined;
if (chosen === undefined) {
  console.error(
    [
      "npm run supply-chain -- <command>",
      ...Object.entries(COMMANDS).map(([name, { tells }]) => `  ${name.padEnd(11)} ${tells}`),
    ].join("\n"),
  );
  process.exitCode = command === "--help" ? 0 : 2;
} else {
  try {
    // What is no mode is none for a look either.
    modeOfThis();
    process.exitCode = chosen.run(...args);
  } catch (problem) {
    console.error(problem.message);
    process.exitCode = 2;
  }
}
