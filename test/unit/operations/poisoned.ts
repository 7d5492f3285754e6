import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { digestOf } from "../../../scripts/lib/operations/canonical.js";
import { planFolder, writeOperation } from "../../../scripts/lib/operations/folder.js";
import { aRollback, findKept } from "../../../scripts/lib/operations/kept.js";
import type { Manifest } from "../../../scripts/lib/operations/manifest.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { findReadiness } from "../../../scripts/lib/operations/ready.js";
import { readRegister } from "../../../scripts/lib/operations/register.js";
import { readStatus } from "../../../scripts/lib/operations/status.js";
import { toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { hardhat, withRecord } from "../../support/command-line.js";
import { signAs } from "../../support/ceremony.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain, faultOf } from "../../support/operations.js";

/** An upgrade that was carried out, whose rollback is signed, and beside it what somebody put there. */
describe("an operation's folder that somebody poisoned", function () {
  let chain: AdminChain;
  let opened: OpenManifest;

  before(async () => {
    chain = await AdminChain.start();
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    opened = await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: 60 }), { verb: "upgrade" });
    await signAs(connection, opened, [deployed.holders.GUARDIAN.address]);
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
  });
  after(() => chain.stop());

  let poisoned: string;
  beforeEach(() => (poisoned = path.join(chain.folder, "2-poisoned")));
  afterEach(() => rm(poisoned, { recursive: true, force: true }));

  const copied = () => cp(opened.folder, poisoned, { recursive: true });
  const manifestFile = () => path.join(poisoned, "manifest.json");
  /** A manifest that agrees with itself, as far as anybody could make it. */
  const altered = async (alter: (manifest: Manifest) => void) => {
    await copied();
    const manifest = JSON.parse(await readFile(manifestFile(), "utf8")) as Manifest;
    alter(manifest);
    const text = JSON.stringify({ ...manifest, digest: digestOf(manifest) }, null, 2);
    // JSON knows numbers that no program writes.
    await writeFile(manifestFile(), text.replaceAll('"1e300"', "1e300"));
  };
  const directoryAt = async (...place: string[]) => {
    await copied();
    const where = path.join(poisoned, ...place);
    await rm(where, { recursive: true, force: true });
    await mkdir(where, { recursive: true });
  };
  /** Whoever opens one waits for its other end. */
  const pipeAt = async (...place: string[]) => {
    await directoryAt(...place);
    const where = path.join(poisoned, ...place);
    await rm(where, { recursive: true });
    await promisify(execFile)("mkfifo", [where]);
  };
  const linkAt = async (target: string, ...place: string[]) => {
    await pipeAt(...place);
    const where = path.join(poisoned, ...place);
    await rm(where);
    await symlink(target, where);
  };
  const signatureFile = () => {
    const { signing, account } = opened.step("rollback-1");
    return ["signatures", `${signing[0]!.digest}-${account}.json`];
  };
  const attemptsFile = () => ["attempts", `schedule-${opened.step("schedule").account}.jsonl`];
  const fileAt = async (content: string, ...place: string[]) => {
    await copied();
    const where = path.join(poisoned, ...place);
    await rm(where, { recursive: true, force: true });
    await writeFile(where, content);
  };
  const outcome = (time: string) =>
    `{"kind":"carried out","step":"schedule","hash":"0x${"11".repeat(32)}","block":1,"blockHash":"0x${"22".repeat(32)}",` +
    `"time":${time},"by":"${opened.manifest.accounts[0]!.address}","surprises":null}\n`;

  const look = async () => {
    const { provider } = chain.connection.ethers;
    const register = await readRegister(provider, chain.deployed.record, chain.folder);
    const { operations, unreadable } = await findReadiness(chain.suite, register, { ahead: false });
    const problems = [...register.unreadable, ...unreadable].map(({ problem }) => problem);
    return { operations, problems };
  };

  const POISONS: Readonly<Record<string, () => Promise<void>>> = {
    "has no JSON in its manifest": () => fileAt("{", "manifest.json"),
    "has a manifest that is another thing": () =>
      fileAt('{"format":"holdfast-operation/9"}', "manifest.json"),
    "has a directory for its manifest": () => directoryAt("manifest.json"),
    "has a directory for its page": () => directoryAt("manifest.md"),
    "has a directory for its outcome": () => directoryAt("outcome.jsonl"),
    "has a file for its attempts": () => fileAt("", "attempts"),
    "has a file for its signatures": () => fileAt("", "signatures"),
    "has a pipe for its manifest": () => pipeAt("manifest.json"),
    "has a pipe for its page": () => pipeAt("manifest.md"),
    "has a pipe for its outcome": () => pipeAt("outcome.jsonl"),
    "has a pipe for its attempts": () => pipeAt(...attemptsFile()),
    "has a pipe for a signature": () => pipeAt(...signatureFile()),
    "has a manifest without an end": () => linkAt("/dev/zero", "manifest.json"),
    "has an outcome without an end": () => linkAt("/dev/zero", "outcome.jsonl"),
    "has an outcome that is longer than anybody writes": () =>
      fileAt("\n".repeat(20 * 1024 * 1024), "outcome.jsonl"),
    "has a time that is no date": () =>
      altered((manifest) => Object.assign(manifest, { expiresAt: Number.MAX_SAFE_INTEGER })),
    "has a number that is out of this world": () =>
      altered((manifest) => Object.assign(manifest, { expiresAt: "1e300" })),
    "waits for longer than anybody lives": () =>
      altered((manifest) =>
        Object.assign(manifest.steps[1]!.notBefore!, { seconds: Number.MAX_SAFE_INTEGER }),
      ),
    "has an outcome of another age": () => fileAt(outcome("9007199254740991"), "outcome.jsonl"),
    "is nested deeper than anybody reads": () =>
      fileAt(`${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`, "manifest.json"),
    "is a file itself": () => writeFile(poisoned, "{"),
  };
  for (const [what, poison] of Object.entries(POISONS)) {
    it(`keeps nobody from the others, and is named, where it ${what}`, async () => {
      await poison();
      const { operations, problems } = await look();
      expect(operations.map(({ number }) => number)).to.include(1);
      expect(operations.find(({ number }) => number === 1)!.steps[0]!.verdict).to.equal("works");
      expect(problems.join("\n")).to.include("2-poisoned");

      const told: string[] = [];
      const tell = (sentence: string) => void told.push(sentence);
      const kept = await findKept(chain.suite, aRollback(chain.suite, "escrow"), {
        directory: chain.folder,
        tell,
      });
      expect(kept?.step.id).to.equal("rollback-1");
      // What only records does not keep its own rollback from being used, either.
      expect(kept?.operation.number === 2 || told.join().includes("2-poisoned")).to.equal(true);

      const { attention } = await readStatus(chain.suite, chain.folder, path.join(chain.folder, "none"));
      expect(attention.join("\n")).to.include("2-poisoned");
    });
  }

  it("has a number after which none comes, and is no operation", async () => {
    const endless = path.join(chain.folder, "99999999999999999999-endless");
    const last = path.join(chain.folder, "999999999-last");
    await mkdir(endless);
    const { number, path: next } = await writeOperation(opened.manifest, chain.folder);
    expect(number).to.equal(2);
    await rm(next, { recursive: true });
    await mkdir(last);
    expect(await faultOf(writeOperation(opened.manifest, chain.folder))).to.include("no number left");
    await rm(endless, { recursive: true });
    await rm(last, { recursive: true });
  });

  it("is named by history too, which exits with 1", async () => {
    const place = await planFolder(opened.manifest);
    try {
      await writeFile(path.join(place.path, "manifest.json"), "{");
      const { exitCode, stderr, stdout } = await withRecord(chain.deployed.record, () =>
        hardhat(chain.anvil.url, "ops", "history", "--json"),
      );
      expect(stderr).to.include(`${place.number}-${place.name}`);
      expect(JSON.parse(stdout)).to.be.an("array");
      expect(exitCode).to.equal(1);
    } finally {
      await rm(place.path, { recursive: true });
    }
  });
});
