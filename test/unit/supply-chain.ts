import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import hre from "hardhat";

import { judgeAudit, readAudit } from "../../scripts/lib/supply-chain/audit.js";
import { findBomFaults, normalise } from "../../scripts/lib/supply-chain/bom.js";
import { checkCheckout } from "../../scripts/lib/supply-chain/checkout.js";
import { faultOfQuestion, findChanges, findPackage } from "../../scripts/lib/supply-chain/find.js";
import { checkLockfile } from "../../scripts/lib/supply-chain/lockfile.js";
import { readRanges } from "../../scripts/lib/supply-chain/ranges.js";
import { readSignatures } from "../../scripts/lib/supply-chain/signatures.js";

type Packages = Record<string, Record<string, unknown>>;
/** The parts of the two files that are damaged here. */
interface Lockfile {
  lockfileVersion?: number;
  packages?: Packages;
}
interface Manifest {
  devDependencies?: Record<string, string>;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  overrides?: Record<string, unknown>;
  workspaces?: string[];
  bundleDependencies?: string[];
  scripts?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

const TODAY = new Date("2026-06-01T00:00:00Z");
const MODULES = [
  "askers",
  "audit",
  "bom",
  "checkout",
  "find",
  "history",
  "lockfile",
  "manifest",
  "ranges",
  "signatures",
];
const SCRIPT = path.join("scripts", "supply-chain.js");

describe("the supply chain", () => {
  const { root } = hre.config.paths;
  const json = async <Content>(file: string) =>
    JSON.parse(await readFile(path.join(root, file), "utf8")) as Content;

  describe("lockfile", () => {
    let lockfile: Lockfile;
    let manifest: Manifest;
    beforeEach(async () => {
      lockfile = await json("package-lock.json");
      manifest = await json("package.json");
    });
    const packages = () => lockfile.packages!;
    const faults = () =>
      checkLockfile(lockfile, manifest).faults.map(({ where, what }) => `${where} ${what}`);

    it("of this project has no fault, and no package without a hash", () => {
      const found = checkLockfile(lockfile, manifest);
      expect(found.faults).to.deep.equal([]);
      expect(found.checked).to.be.greaterThan(1_000);
    });

    const VIEM = "node_modules/viem";
    const ABITYPE = "node_modules/abitype";
    const OTHER = "node_modules/@rollup/rollup-win32-x64-msvc";
    const GIT = "git+https://user:secret@evil.example/ethers.git";
    const damage: Record<string, [plant: () => void, fault: string]> = {
      "a hash that was taken out": [() => delete packages()[VIEM]!.integrity, `${VIEM} has no hash`],
      "a hash of a weak kind": [
        () => (packages()[VIEM]!.integrity = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
        "which is no sha512",
      ],
      "a hash that was cut short": [
        () => (packages()[VIEM]!.integrity = "sha512-AAAA"),
        "which is no sha512",
      ],
      "a tarball of somebody else's": [
        () => (packages()[VIEM]!.resolved = "https://user:secret@evil.example/viem.tgz"),
        `${VIEM} comes from https://evil.example/viem.tgz, and not from npm`,
      ],
      "a repository": [
        () => (packages()[VIEM]!.resolved = "git+ssh://git@github.com/someone/viem.git#abc"),
        "and not from npm",
      ],
      "a version that is a place": [
        () => (packages()[VIEM]!.version = "git+https://github.com/someone/viem.git"),
        "which is none of npm's",
      ],
      "a link to a folder": [
        () => (packages()[VIEM] = { link: true, resolved: "../elsewhere" }),
        "is a link to a folder",
      ],
      "a new package that runs a script": [
        () => (packages()["node_modules/sneaky"] = { ...packages()[VIEM], hasInstallScript: true }),
        "sneaky runs a script when it is installed, and allowScripts does not say",
      ],
      "a script that nobody runs any more": [
        () => (manifest.allowScripts = { ...manifest.allowScripts, gone: true }),
        "gone is in allowScripts, and has no script",
      ],
      "a binary of our own platform without a hash": [
        () => delete packages()["node_modules/@nomicfoundation/edr-linux-x64-gnu"]!.integrity,
        "node_modules/@nomicfoundation/edr-linux-x64-gnu has no hash",
      ],
      "a binary of another platform without a hash": [
        () => delete packages()[OTHER]!.integrity,
        `${OTHER} has no hash`,
      ],
      "a binary without a hash for whatever is not Windows": [
        () => {
          Object.assign(packages()[OTHER]!, { os: ["!win32"], libc: ["!musl"] });
          delete packages()[OTHER]!.integrity;
        },
        `${OTHER} has no hash`,
      ],
      "a newcomer without a hash, named like a binary of ours": [
        () => (packages()["node_modules/@foundry-rs/anvil-evil"] = { version: "1.7.1", optional: true }),
        "node_modules/@foundry-rs/anvil-evil has no hash",
      ],
      "a package that says it lies inside of another": [
        () => {
          packages()[VIEM]!.inBundle = true;
          delete packages()[VIEM]!.integrity;
        },
        `${VIEM} says inBundle, which changes what npm installs`,
      ],
      "a package that says what lies inside of it": [
        () => (packages()[VIEM]!.bundleDependencies = ["abitype"]),
        `${VIEM} says bundleDependencies, which changes what npm installs`,
      ],
      "a folder beside node_modules": [
        () => (packages()["../elsewhere"] = { ...packages()[VIEM] }),
        "../elsewhere is a folder of its own",
      ],
      "a folder that only looks like one in node_modules": [
        () => (packages()["node_modules/../elsewhere"] = { ...packages()[VIEM] }),
        "node_modules/../elsewhere is a folder of its own",
      ],
      "a package that asks for one from a repository": [
        () => (packages()[VIEM]!.dependencies = { ethers: GIT }),
        `${VIEM} asks for ethers from git+https://evil.example/ethers.git, and not from npm`,
      ],
      "another package under the name of one that only another asks for": [
        () => (packages()[ABITYPE]!.name = "evil-pkg"),
        `${ABITYPE} is the package evil-pkg, and abitype is asked for there`,
      ],
      "another package under the name of one that may run a script": [
        () => (packages()["node_modules/esbuild"]!.name = "evil-pkg"),
        "evil-pkg runs a script when it is installed, and allowScripts does not say",
      ],
      "the package whose name an alias only borrows": [
        () => delete packages()["node_modules/strip-ansi-cjs"]!.name,
        "node_modules/strip-ansi-cjs is the package strip-ansi-cjs, and strip-ansi is asked for there",
      ],
      "a package that nobody asks for": [
        () => (packages()["node_modules/extra"] = { ...packages()[ABITYPE] }),
        "node_modules/extra is asked for by nobody",
      ],
      "an override by another package": [
        () => (manifest.overrides = { ...manifest.overrides, ms: "npm:evil-pkg@1.0.0" }),
        "package.json: overrides.ms asks for npm:evil-pkg@1.0.0, which is no exact version of it",
      ],
      "another package under a name that is asked for": [
        () => (packages()[VIEM]!.name = "viem-evil"),
        "package.json: viem asks for viem@",
      ],
      "another version than is asked for": [
        () => (packages()[VIEM]!.version = "2.0.0"),
        "and the lockfile has viem@2.0.0",
      ],
      "nothing for what is asked for": [
        () => delete packages()[VIEM],
        "package.json: viem is asked for, and the lockfile has none",
      ],
      "a range": [
        () => (manifest.devDependencies = { ...manifest.devDependencies, viem: "^2.0.0" }),
        "package.json: viem asks for ^2.0.0, which is no exact version from npm",
      ],
      "a dependency from a repository": [
        () => (manifest.devDependencies = { ...manifest.devDependencies, viem: "github:someone/viem" }),
        "which is no exact version from npm",
      ],
      "an alias of a range": [
        () => (manifest.devDependencies = { ...manifest.devDependencies, viem: "npm:viem@latest" }),
        "which is no exact version from npm",
      ],
      "a package.json that the lockfile was not made for": [
        () => (manifest.devDependencies = { ...manifest.devDependencies, viem: "2.0.0" }),
        "package.json: viem asks for 2.0.0, and the lockfile was made for",
      ],
      "an override from a repository": [
        () => (manifest.overrides = { ...manifest.overrides, ethers: GIT }),
        "package.json: overrides.ethers asks for git+https",
      ],
      "an override from a repository, of what one package asks for": [
        () => (manifest.overrides = { ...manifest.overrides, ponder: { ethers: GIT } }),
        "package.json: overrides.ponder.ethers asks for git+https",
      ],
      "an override by something that is not asked for": [
        () => (manifest.overrides = { ...manifest.overrides, ethers: "$evil" }),
        "package.json: overrides.ethers asks for $evil",
      ],
      "an optional dependency from a repository": [
        () => (manifest.optionalDependencies = { ethers: GIT }),
        "package.json: ethers asks for git+https",
      ],
      "a dependency that the lockfile was not made for": [
        () => (manifest.dependencies = { evil: "1.0.0" }),
        "package.json: evil asks for 1.0.0, and the lockfile was made for nothing",
      ],
      "a range that an exact version of the same name stands before": [
        () => (manifest.optionalDependencies = { viem: "*" }),
        "package.json: viem asks for *, which is no exact version",
      ],
      "a dependency that only the lockfile knows": [
        () => (packages()[""]!.dependencies = { evil: "1.0.0" }),
        "package.json: evil asks for nothing, and the lockfile was made for 1.0.0",
      ],
      "folders as workspaces": [
        () => (manifest.workspaces = ["evil"]),
        "package.json: workspaces has npm install what no hash was made of",
      ],
      "folders as workspaces of the lockfile's": [
        () => (packages()[""]!.workspaces = ["evil"]),
        "package-lock.json: workspaces has npm install what no hash was made of",
      ],
      "dependencies in its own bundle": [
        () => (manifest.bundleDependencies = ["viem"]),
        "package.json: bundleDependencies has npm install",
      ],
      ...Object.fromEntries(
        ["preinstall", "install", "postinstall", "prepublish", "prepare", "dependencies"].map((script) => [
          `a script of its own that npm runs: ${script}`,
          [
            () => (manifest.scripts = { ...manifest.scripts, [script]: "node evil.js" }),
            `package.json: scripts.${script} is run by npm itself`,
          ],
        ]),
      ),
      "an old kind of lockfile": [() => (lockfile.lockfileVersion = 1), "is not of version 3"],
      "an empty one": [() => (lockfile.packages = {}), "has no packages"],
    };
    for (const [name, [plant, fault]] of Object.entries(damage)) {
      it(`with ${name} is found out`, () => {
        plant();
        expect(faults().join("\n")).to.include(fault);
      });
    }

    it("is refused beside files that have npm read or run something else", () => {
      const told = (files: string[], npmrc: string) =>
        checkCheckout(files, npmrc).map(({ where, what }) => `${where} ${what}`);
      expect(told(["package.json"], "save-exact=true\n\nomit-lockfile-registry-resolved=true\n")).to.be.empty;
      expect(told(["npm-shrinkwrap.json"], "").join()).to.include(
        "is read by npm in package-lock.json's place",
      );
      expect(told(["binding.gyp"], "").join()).to.include("compile and run native code");
      expect(told([], "//evil.example/:_authToken=secret\nregistry = https://evil.example")).to.deep.equal([
        ".npmrc says //evil.example/:_authToken, which this project does not set",
        ".npmrc says registry, which this project does not set",
      ]);
    });
  });

  describe("a package that is looked for", () => {
    const lockfile = (packages: Record<string, { name?: string; version: string }>) => ({ packages });
    const paths = async (name: string, ...versions: string[]) => {
      const found = findPackage(await json<Lockfile>("package-lock.json"), name, versions) as {
        path: string;
      }[];
      return found.map(({ path: where }) => where);
    };

    it("is found in every version, also under another name", async () => {
      expect(await paths("solc")).to.deep.equal(["node_modules/solc", "node_modules/solc-0.8.17"]);
      expect(await paths("solc", "0.8.17", "9.9.9")).to.deep.equal(["node_modules/solc-0.8.17"]);
      expect(await paths("solc-0.8.17")).to.deep.equal(["node_modules/solc-0.8.17"]);
      expect(await paths("strip-ansi")).to.include("node_modules/strip-ansi-cjs");
    });

    it("is not found where it is not", async () => {
      expect(await paths("solc", "9.9.9")).to.be.empty;
      expect(await paths("sol")).to.be.empty;
    });

    it("is not said to be missing from what is no lockfile", () => {
      const look = () => void findPackage({}, "viem", []);
      expect(look).to.throw("no lockfile that names its packages");
    });

    it("is only looked for by a name and exact versions", () => {
      expect(faultOfQuestion("@scope/name", ["1.2.3", "1.2.4-rc.1"])).to.equal(undefined);
      for (const name of [undefined, "", "solc@0.8.17", "npm:solc", "../x", "@scope"])
        expect(faultOfQuestion(name, []), name).to.include("The name of a package is needed");
      for (const version of ["^1.2.3", "1.2", "v1.2.3", "1.2.3,1.2.4", ""])
        expect(faultOfQuestion("viem", [version]), version).to.include("A version is exact");
    });

    it("is told with what it came with and went with", () => {
      const states = [
        { commit: "a", lockfile: lockfile({ "node_modules/x": { version: "1.0.0" } }) },
        { commit: "b", lockfile: lockfile({ "node_modules/x": { version: "1.0.1" } }) },
        { commit: "c", lockfile: lockfile({ "node_modules/y": { name: "x", version: "1.0.1" } }) },
        { commit: "d", lockfile: lockfile({}) },
      ];
      expect(findChanges(states, "x", ["1.0.1"])).to.deep.equal([
        "b came: x 1.0.1 in node_modules/x",
        "c went: x 1.0.1 in node_modules/x",
        "c came: x 1.0.1 in node_modules/y",
        "d went: x 1.0.1 in node_modules/y",
      ]);
      expect(findChanges(states, "x", ["2.0.0"])).to.be.empty;
    });
  });

  describe("audit", () => {
    const GHSA = "GHSA-23cf-45gh-67jm";
    const via = (name: string, id: string) => ({
      ...{ source: 1, name, severity: "high", title: "Prototype pollution" },
      url: `https://github.com/advisories/${id}`,
    });
    const report = JSON.stringify({
      auditReportVersion: 2,
      vulnerabilities: {
        bad: { name: "bad", via: [via("bad", GHSA)] },
        // What inherits it names it, and is not counted again.
        above: { name: "above", via: ["bad", via("bad", GHSA)] },
      },
    });
    const entry = {
      advisory: GHSA,
      package: "bad",
      reason: "Only a test uses it, on data of its own.",
      expires: "2026-08-01",
    };
    const judge = (list: unknown) => judgeAudit(readAudit(report)!, list, TODAY);

    it("reads each advisory once", () => {
      const [found, ...others] = readAudit(report)!;
      expect(others).to.deep.equal([]);
      expect(found).to.include({ advisory: GHSA, package: "bad", severity: "high" });
    });

    it("cannot tell what an endpoint that does not audit answers", () => {
      for (const text of [
        "",
        "<html>",
        "{}",
        '{"message":"405 Method Not Allowed"}',
        '{"error":{"code":"ENOTFOUND"}}',
        "null",
      ])
        expect(readAudit(text), text).to.equal(undefined);
    });

    it("fails for what nobody has looked into", () => {
      expect(judge([]).faults.join()).to.include(`bad: ${GHSA}, high: Prototype pollution`);
      expect(judge([{ ...entry, package: "other" }]).faults).to.have.lengthOf(1);
    });

    it("lets pass what is allowed with a reason, until its day", () => {
      expect(judge([entry])).to.deep.equal({
        faults: [],
        notices: [`bad: ${GHSA}, high: Prototype pollution: allowed until 2026-08-01: ${entry.reason}`],
      });
      expect(judge([{ ...entry, expires: "2026-06-02" }]).faults).to.deep.equal([]);
      expect(judge([{ ...entry, expires: "2026-06-01" }]).faults.join()).to.include("ended on 2026-06-01");
    });

    it("tells what may be taken off the list", () => {
      expect(judgeAudit([], [entry], TODAY).notices.join()).to.include("is not reported any more");
    });

    it("takes no entry that is not whole", () => {
      for (const [change, fault] of [
        [{ advisory: "CVE-2026-1" }, "names no advisory"],
        [{ package: "" }, "names no package"],
        [{ reason: "ok" }, "gives no reason"],
        [{ expires: "never" }, "has no date"],
        [{ expires: "2026-13-45" }, "has no date"],
        [{ expires: "2027-06-01" }, "allows for more than 180 days"],
        [{ until: "x" }, "has until, which nobody reads"],
      ] as const) {
        const { faults } = judge([{ ...entry, ...change }]);
        expect(faults[0], fault).to.include(fault);
        expect(faults, fault).to.have.lengthOf(2);
      }
      expect(judge([null]).faults).to.have.lengthOf(2);
      expect(judge({}).faults[0]).to.include("is no array");
    });

    it("has a list of this project's that is whole", async () => {
      const { faults } = judgeAudit([], await json("supply-chain/audit-allow.json"), new Date());
      expect(faults).to.deep.equal([]);
    });
  });

  describe("provenance", () => {
    it("fails for what is not signed, or falsely", () => {
      const found = { name: "bad", version: "1.0.0" };
      expect(readSignatures(JSON.stringify({ invalid: [found], missing: [found] }))).to.deep.equal({
        faults: [
          "bad@1.0.0 has a signature or an attestation that is false: do not run it.",
          "bad@1.0.0 is not signed by the registry.",
        ],
      });
      expect(readSignatures('{"invalid":[],"missing":[]}')).to.deep.equal({ faults: [] });
    });

    it("cannot tell what a registry without keys answers", () => {
      for (const text of ["", "{}", '{"error":{"summary":"no keys"}}', "[]"])
        expect(readSignatures(text), text).to.equal(undefined);
    });
  });

  describe("bill of materials", () => {
    const component = (name: string) => ({
      ...{
        "bom-ref": `${name}@1.0.0`,
        type: "library",
        name,
        version: "1.0.0",
        purl: `pkg:npm/${name}@1.0.0`,
      },
      hashes: [{ alg: "SHA-512", content: "a".repeat(128) }],
    });
    const bom = () => ({
      ...{
        bomFormat: "CycloneDX",
        specVersion: "1.5",
        version: 1,
        serialNumber: `urn:uuid:${Math.random()}`,
      },
      metadata: {
        timestamp: new Date().toISOString(),
        tools: [{ name: "cli" }],
        component: component("folder"),
      },
      components: [component("b"), component("a")],
      dependencies: [{ ref: "b@1.0.0", dependsOn: ["a@1.0.0"] }, { ref: "a@1.0.0" }],
    });
    const about = { name: "holdfast", version: "0.1.0" };

    it("is the same whenever, wherever and by whichever npm it is made", () => {
      const [one, other] = [bom(), bom()];
      other.components.reverse();
      other.dependencies.reverse();
      other.metadata.component.name = "another-folder";
      expect(JSON.stringify(normalise(one, about))).to.equal(JSON.stringify(normalise(other, about)));
      expect(findBomFaults(normalise(one, about))).to.deep.equal([]);
    });

    it("is refused if it is none", () => {
      for (const [change, fault] of [
        [{ bomFormat: "SPDX" }, "bomFormat is SPDX"],
        [{ specVersion: "9" }, "specVersion is 9"],
        [{ version: 0 }, "has no version"],
        [{ components: [] }, "has no components"],
        [{ components: [component("a"), component("a")] }, "one bom-ref"],
        [{ components: [{ ...component("a"), type: "thing" }] }, "has the type thing"],
        [{ components: [{ ...component("a"), version: "" }] }, "lacks its bom-ref, name or version"],
        [{ components: [{ ...component("a"), purl: "pkg:pypi/a" }] }, "has the purl pkg:pypi/a"],
        [{ components: [{ ...component("a"), hashes: [{ alg: "SHA-512", content: "ab" }] }] }, "no SHA-512"],
        [{ dependencies: [{ ref: "gone@1.0.0" }] }, "gone@1.0.0 is depended on"],
      ] as const) {
        expect(findBomFaults({ ...bom(), ...change }).join(), fault).to.include(fault);
      }
      expect(findBomFaults(null)).to.deep.equal(["It is no JSON object."]);
    });
  });

  describe("as it is typed", function () {
    this.timeout(120_000);
    let copy: string;

    /** The checkout's own files, and nothing that is installed. */
    before(async () => {
      copy = await mkdtemp(path.join(tmpdir(), "holdfast-supply-chain-"));
      for (const file of [
        ...["package.json", "package-lock.json", ".npmrc", "supply-chain/audit-allow.json", SCRIPT],
        "deploy/mode.js",
        ...MODULES.map((name) => `scripts/lib/supply-chain/${name}.js`),
      ]) {
        await mkdir(path.dirname(path.join(copy, file)), { recursive: true });
        await copyFile(path.join(root, file), path.join(copy, file));
      }
    });
    after(() => rm(copy, { recursive: true, force: true }));

    const type = (...args: string[]) => typeIn("live", ...args);
    const typeIn = (HOLDFAST_MODE: string, ...args: string[]) =>
      new Promise<{ code: number; said: string }>((resolve) => {
        // No registry answers there.
        const env = { ...process.env, HOLDFAST_MODE, npm_config_registry: "http://127.0.0.1:1/" };
        execFile(process.execPath, [path.join(copy, SCRIPT), ...args], { env }, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
        );
      });

    it("needs nothing that is installed, and ends with 1 for a damaged lockfile", async () => {
      const good = await type("lockfile");
      expect(good.code, good.said).to.equal(0);
      const file = path.join(copy, "package-lock.json");
      const lockfile = JSON.parse(await readFile(file, "utf8")) as { packages: Packages };
      delete lockfile.packages["node_modules/viem"]!.integrity;
      await writeFile(file, JSON.stringify(lockfile));
      expect(await type("lockfile")).to.include({ code: 1 });
      await copyFile(path.join(root, "package-lock.json"), file);
    });

    it("finds a version that is outside of a range that somebody asks for, and says whose", async () => {
      const file = path.join(copy, "package-lock.json");
      const lockfile = JSON.parse(await readFile(file, "utf8")) as { packages: Packages };
      lockfile.packages["node_modules/isexe"]!.version = "99.0.0";
      await writeFile(file, JSON.stringify(lockfile));
      const { code, said } = await type("lockfile");
      await copyFile(path.join(root, "package-lock.json"), file);
      expect(code, said).to.equal(1);
      expect(said).to.match(
        /^ {2}isexe@99\.0\.0 is of no version that is asked for: .*"\^2\.0\.0" from node_modules\/which/m,
      );
    });

    it("cannot tell whether versions are in their ranges if npm says nothing", () => {
      for (const text of ["", "{}", "[]", '{"error":{}}']) expect(readRanges(text), text).to.equal(undefined);
      expect(readRanges('{"name":"a","dependencies":{}}')).to.deep.equal([]);
      const missing = ["missing: b@^1.0.0, required by c@1.0.0"];
      expect(readRanges(JSON.stringify({ name: "a", dependencies: {}, problems: missing }))).to.deep.equal([
        `package-lock.json: npm says ${missing[0]}`,
      ]);
    });

    it("looks at what npm reads beside the lockfile", async () => {
      const file = path.join(copy, "npm-shrinkwrap.json");
      await writeFile(file, "{}");
      const { code, said } = await type("lockfile");
      expect([code, said.includes("npm-shrinkwrap.json is read by npm")], said).to.deep.equal([1, true]);
      await rm(file);
    });

    const git = (...args: string[]) =>
      promisify(execFile)("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", "-C", copy, ...args]);

    it("finds a package under another name, in the lockfile and where it is installed", async () => {
      const bad = await type("find", "solc", "0.8.17");
      expect(bad).to.deep.equal({
        code: 1,
        said: "package-lock.json: solc 0.8.17 in node_modules/solc-0.8.17\n",
      });
      // However a shell hands over a list of them.
      for (const versions of [["0.8.16", "0.8.17"], ["0.8.16 0.8.17"]])
        expect(await type("find", "solc", ...versions)).to.deep.equal(bad);
      expect(await type("find", "solc", "9.9.9")).to.include({ code: 0 });
      expect(await type("find", "solc", "")).to.include({ code: 2 });
      expect(await type("find", "solc@0.8.17")).to.include({ code: 2 });
      const installed = path.join(copy, "node_modules", ".package-lock.json");
      await mkdir(path.dirname(installed));
      await writeFile(installed, '{"packages":{"node_modules/evil":{"version":"1.0.0"}}}');
      expect(await type("find", "evil")).to.deep.equal({
        code: 1,
        said: "installed here:    evil 1.0.0 in node_modules/evil\n",
      });
    });

    it("says since when the lockfile has a package, or that it cannot", async () => {
      expect((await type("since", "solc")).code).to.equal(2);
      await git("init", "--quiet");
      await git("add", "package-lock.json");
      await git("commit", "--quiet", "--message", "one");
      await git("rm", "--quiet", "--cached", "package-lock.json");
      const { code, said } = await type("since", "solc", "0.8.17");
      expect(code, said).to.equal(1);
      expect(said).to.match(
        /^[0-9a-f]+ \d{4}-\d\d-\d\d came: solc 0\.8\.17 in node_modules\/solc-0\.8\.17\n$/,
      );
      expect(await type("since", "solc", "9.9.9")).to.deep.equal({
        code: 0,
        said: "In none of the 1 lockfiles that this branch had.\n",
      });
      const { stdout: head } = await git("rev-parse", "HEAD");
      await writeFile(path.join(copy, ".git", "shallow"), head);
      expect(await type("since", "solc", "9.9.9")).to.include({ code: 2 });
    });

    it("makes the same bill of materials twice", async () => {
      const files = ["one.json", "other.json"].map((name) => path.join(copy, name));
      for (const file of files) expect(await type("bom", file)).to.include({ code: 0 });
      const [one, other] = await Promise.all(files.map((file) => readFile(file, "utf8")));
      expect(one).to.equal(other);
      const bom = JSON.parse(one!) as { components: unknown[] };
      expect(bom.components.length).to.be.greaterThan(500);
      expect(findBomFaults(bom)).to.deep.equal([]);
    });

    it("writes no bill of materials unless live, and knows no mode by a typo", async () => {
      const file = path.join(copy, "none.json");
      const refused = await typeIn("read-only", "bom", file);
      expect(refused).to.include({ code: 2 });
      expect(refused.said).to.include("This is read-only, and supply-chain -- bom writes");
      const tried = await typeIn("dry-run", "bom", file);
      expect(tried).to.include({ code: 0 });
      expect(tried.said).to.match(/^Dry run: \d+ components; nothing is written/);
      expect(existsSync(file)).to.equal(false);
      expect(await typeIn("read-only", "lockfile")).to.include({ code: 0 });
      for (const command of ["lockfile", "find"]) {
        const { code, said } = await typeIn("readonly", command, "viem");
        expect([code, said.includes("HOLDFAST_MODE is one of")], command).to.deep.equal([2, true]);
      }
    });

    it("says that it cannot tell without a network, and ends with 2", async () => {
      for (const command of ["audit", "provenance"]) {
        const { code, said } = await type(command);
        expect([code, said.includes("could not be asked")], `${command}: ${said}`).to.deep.equal([2, true]);
      }
    });

    it("asks npm of everything, also where the environment is one of production", async () => {
      const folder = path.join(copy, "bin");
      await mkdir(folder, { recursive: true });
      // Stands in for npm, and answers with what it was asked.
      await writeFile(path.join(folder, "npm"), '#!/bin/sh\necho "$@" >>"$ASKED"\n', { mode: 0o755 });
      const ASKED = path.join(copy, "asked");
      const env = { ...process.env, ASKED, PATH: `${folder}:${process.env.PATH}`, NODE_ENV: "production" };
      for (const command of ["lockfile", "audit", "provenance", "bom"])
        await promisify(execFile)(process.execPath, [path.join(copy, SCRIPT), command], { env }).catch(
          () => {},
        );
      const lines = (await readFile(ASKED, "utf8")).trim().split("\n");
      expect(lines).to.have.lengthOf(4);
      for (const line of lines) expect(line).to.include("--include=dev --include=optional --include=peer");
    });

    it("teaches what there is", async () => {
      const { code, said } = await type("nonsense");
      expect(code).to.equal(2);
      for (const command of ["lockfile", "find", "since", "provenance", "audit", "bom"])
        expect(said).to.include(command);
    });
  });
});
