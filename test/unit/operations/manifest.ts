import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import { getAddress } from "ethers";
import { format } from "prettier";

import { TARGET_INTERFACES } from "../../../deploy/selectors.js";
import { requireSealed } from "../../../scripts/lib/signers/sealed.js";
import { digestOf } from "../../../scripts/lib/operations/canonical.js";
import { deriveStep } from "../../../scripts/lib/operations/derive.js";
import { listOperations, findOperation, writeOperation } from "../../../scripts/lib/operations/folder.js";
import { manifestJsonSchema, type Manifest } from "../../../scripts/lib/operations/manifest.js";
import { openManifest, type OpenManifest } from "../../../scripts/lib/operations/open.js";
import { readRegister } from "../../../scripts/lib/operations/register.js";
import { findTampering } from "../../../scripts/lib/operations/tampering.js";
import { toPause, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { createSafe } from "../../support/safes.js";
import { formatPage } from "../../../scripts/lib/operations/page.js";
import { AdminChain, faultOf } from "../../support/operations.js";

const DAY = 86_400;
const root = new URL("../../../", import.meta.url);

describe("a manifest", function () {
  let chain: AdminChain;
  /** An upgrade by a key, with rollback and pause by a Safe: everything that a manifest can contain. */
  let opened: OpenManifest;
  let pausing: OpenManifest;

  before(async () => {
    chain = await AdminChain.start(async (connection) => {
      const owners = (await connection.ethers.getSigners()).slice(11, 14).map(({ address }) => address);
      return { GUARDIAN: [await createSafe(connection, { version: "1.5.0", owners, threshold: 2 })] };
    });
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const initializer = { function: "initializeV2", args: ["7"] };
    const request = { proxy: "escrow", implementation, contract: "EscrowNext", initializer } as const;
    opened = await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade" });
    pausing = await chain.plan(toPause({ bits: ["EXITS"], seconds: DAY, reason: "test" }));
  });
  after(() => chain.stop());

  const copy = () => structuredClone(opened.manifest);
  const faultsOf = (manifest: Manifest) => findTampering(manifest, chain.deployed.record);
  /** As somebody would who can also write the digest. */
  const forged = (change: (manifest: Manifest) => void) => {
    const manifest = copy();
    change(manifest);
    return faultsOf({ ...manifest, digest: digestOf(manifest) });
  };
  const step = (manifest: Manifest, id: string) => manifest.steps.find((found) => found.id === id)!;

  describe("as a file", () => {
    it("opens as it was written", () => {
      expect(opened.manifest.operation.verb).to.equal("upgrade");
      expect(faultsOf(opened.manifest)).to.deep.equal([]);
    });

    it("is refused if any one value in it was changed", async () => {
      const file = path.join(chain.folder, "changed.json");
      for (const place of leavesOf(opened.manifest)) {
        const changed = copy();
        change(changed, place);
        await writeFile(file, JSON.stringify(changed));
        const refusal = await faultOf(openManifest(file, chain.deployed.record));
        expect(refusal, place.join(".")).to.match(/is malformed|is not as it was planned/);
      }
    });

    it("is refused if it was planned before there was a suite, so that logs would be read from then on", () => {
      const { block } = opened.manifest.plannedAt;
      const { record } = chain.deployed;
      expect(findTampering(opened.manifest, { ...record, startBlock: block })).to.deep.equal([]);
      expect(findTampering(opened.manifest, { ...record, startBlock: block + 1 }).join()).to.include(
        `planned on block ${block}, and the suite was deployed from block ${block + 1} on`,
      );
    });

    it("is refused if it has a field more", async () => {
      const file = path.join(chain.folder, "more.json");
      await writeFile(file, JSON.stringify({ ...opened.manifest, delegatecall: true }));
      expect(await faultOf(openManifest(file, chain.deployed.record))).to.include("delegatecall");
    });

    it("is refused if a terminal would show its words as others", async () => {
      const file = path.join(chain.folder, "repainting.json");
      for (const repainting of [
        "Pause\u001b[2K",
        "Pause\r",
        "Pause\nDigest 0x",
        "Pause\u202e",
        "Pause\u2028",
      ]) {
        for (const change of [
          (m: Manifest) => (m.operation.title = repainting),
          (m: Manifest) => (m.names[m.accounts[0]!.address] = repainting),
          (m: Manifest) => m.cautions.push(repainting),
        ]) {
          const manifest = copy();
          change(manifest);
          await writeFile(file, JSON.stringify({ ...manifest, digest: digestOf(manifest) }));
          expect(await faultOf(openManifest(file, chain.deployed.record))).to.include("is malformed");
        }
      }
    });

    it("is refused if it is none", async () => {
      const file = path.join(chain.folder, "none.json");
      await writeFile(file, "{");
      expect(await faultOf(openManifest(file, chain.deployed.record))).to.include("is not JSON");
      expect(
        await faultOf(openManifest(path.join(chain.folder, "nowhere"), chain.deployed.record)),
      ).to.include("There is no manifest");
    });

    it("has the JSON Schema that is committed; `npm run schemas` writes it", async () => {
      const committed = await readFile(new URL("deploy/operations/manifest.schema.json", root), "utf8");
      expect(committed).to.equal(
        await format(JSON.stringify(manifestJsonSchema()), { parser: "json", printWidth: 110 }),
      );
    });

    it("is refused beside a page that says something else, or none", async () => {
      const { folder } = await chain.again(opened);
      const page = path.join(folder, "manifest.md");
      const written = await readFile(page, "utf8");
      await writeFile(page, await readFile(path.join(pausing.folder, "manifest.md"), "utf8"));
      expect(await faultOf(openManifest(folder, chain.deployed.record))).to.include(
        "is not that of its manifest",
      );
      await writeFile(page, written.replace("upgrade(", "pause("));
      expect(await faultOf(openManifest(folder, chain.deployed.record))).to.include(
        "is not that of its manifest",
      );
      await rm(page);
      expect(await faultOf(openManifest(folder, chain.deployed.record))).to.include("There is no page");
      await writeFile(page, written);
      expect((await openManifest(folder, chain.deployed.record)).digest).to.equal(opened.digest);
      await rm(folder, { recursive: true });
    });

    it("has a page of which no text that somebody wrote hides or forges anything", () => {
      const hostile = "<!-- <details> ``` ~~~ &#x202e; [x]: http://x $$ \\ `code";
      const manifest = structuredClone(opened.manifest);
      manifest.operation.title = manifest.operation.reason = hostile;
      manifest.cautions = [hostile];
      manifest.proxies[0]!.after.version = hostile;
      const [first] = manifest.steps;
      first!.title = hostile;
      first!.call.arguments = [{ name: "reason", type: "string", value: hostile, meaning: hostile }];
      const [, address] = Object.keys(manifest.names);
      manifest.names[address!] = hostile;
      const page = formatPage(manifest);
      const outside = page
        .replaceAll(/^```\n[^]*?^```$/gm, "")
        .replaceAll(/(?<![\\`])(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, "")
        .replaceAll(/^<\/?(details|summary)>.*$/gm, "");
      expect(outside).to.not.match(/(?<!\\)[<`~$&[]/);
      expect(page.split("\n").filter((line) => line.includes("\\<!--"))).to.have.length.above(5);
    });

    it("has a page that shows every hash, and the screens of every kind of device", async () => {
      const page = await readFile(path.join(opened.folder, "manifest.md"), "utf8");
      for (const { safeTxHash, signing } of opened.manifest.steps) {
        if (safeTxHash !== null) expect(page).to.include(safeTxHash);
        for (const { digest } of signing) expect(page).to.include(digest);
      }
      expect(page).to.include(opened.digest);
      expect(page.match(/On a Trezor One/g)).to.have.length(opened.manifest.steps.length);
    });
  });

  describe("whose digest was forged too is refused", () => {
    const forgeries: [what: string, change: (manifest: Manifest) => void][] = [
      ["the bytes of a transaction", (m) => (step(m, "rollback-1").transaction.data = "0x")],
      ["where a transaction goes", (m) => (step(m, "rollback-1").transaction.to = m.suite.escrow.address)],
      ["the coin that it sends", (m) => (step(m, "pause-1").transaction.value = "1")],
      ["the nonce of a Safe's transaction", (m) => (step(m, "rollback-1").nonce += 1)],
      ["the nonce of a key's transaction", (m) => (step(m, "schedule").nonce += 1)],
      ["the fees of a key's transaction", (m) => (step(m, "schedule").gas!.maxFeePerGas = "1")],
      ["a hash of a Safe's transaction", (m) => (step(m, "pause-1").safeTxHash = m.digest)],
      ["the message that owners sign", (m) => (messageOf(m).message.nonce = "9")],
      ["the domain that they sign under", (m) => (messageOf(m).domain.chainId = 1)],
      ["the hash that a device shows", (m) => (signingOf(m).messageHash = m.digest)],
      ["who signs", (m) => signingOf(m).signers.pop()],
      ["a screen", (m) => (signingOf(m).screens["trezor-one"]![3]![1] = "0000000000000000")],
      ["the name of a function", (m) => (step(m, "execute").call.function = "rollback(address)")],
      ["an argument", (m) => (step(m, "pause-1").call.arguments[1]!.value = "60")],
      ["what an argument means", (m) => (step(m, "pause-1").call.arguments[1]!.meaning = "1 minute")],
      [
        "the call within a call",
        (m) => (step(m, "schedule").call.calls[0]!.arguments[1]!.value = m.suite.escrow.address),
      ],
      ["what the upgrade calls", (m) => (m.proxies[0]!.initializer = null)],
      ["the code that it promises", (m) => (m.proxies[0]!.after.implementation = m.suite.escrow.address)],
      ["a change of code that it does not make", (m) => (m.proxies[1]!.after.version = "9.9.9")],
      ["an address of the suite", (m) => (m.suite.escrow.address = m.suite.accessManager.address)],
      ["a proxy", (m) => (m.proxies[1]!.proxyAdmin = m.suite.escrow.address)],
      ["the chain", (m) => (m.chainId = 1)],
      ["the name of a contract", (m) => (m.names[m.suite.escrow.address] = "escrowLens")],
      ["a name that belongs to somebody else", (m) => (m.names[m.digest.slice(0, 42)] = "GUARDIAN")],
      ["a token's decimals", (m) => (m.tokens[0]!.decimals = 0)],
      ["a Safe's nonce", (m) => (m.accounts[1]!.nonce += 1)],
      ["whose step it is", (m) => (step(m, "schedule").account = m.suite.escrow.address)],
      [
        "an account that does nothing",
        (m) => m.accounts.push({ ...m.accounts[0]!, address: m.suite.escrow.address }),
      ],
      ["the order of the steps", (m) => m.steps.reverse()],
      ["a name that nothing in it has", (m) => (m.names[addressLike(m)] = "the treasury")],
      [
        "something else to keep ready",
        (m) => sends(m, "pause-1", m.suite.accessManager.address, granting(m)),
      ],
      [
        "a rollback of another proxy to keep ready",
        (m) => sends(m, "rollback-1", m.suite.upgradeController.address, rollingBack(m.proxies[1]!.address)),
      ],
      ["a step that is there twice", (m) => m.steps.push(step(m, "pause-1"))],
    ];
    for (const [what, change] of forgeries) {
      it(`for ${what}`, () => {
        expect(forged(change)).to.not.be.empty;
      });
    }
  });

  const addressLike = (manifest: Manifest) => getAddress(manifest.digest.slice(0, 42));
  const granting = (manifest: Manifest) =>
    TARGET_INTERFACES.accessManager.encodeFunctionData("grantRole", [0, addressLike(manifest), 0]);
  const rollingBack = (proxy: string) =>
    TARGET_INTERFACES.upgradeController.encodeFunctionData("rollback", [proxy]);
  /** With all that follows from it, as somebody would who has this program. */
  const sends = (manifest: Manifest, id: string, to: string, data: string) => {
    const found = step(manifest, id);
    Object.assign(found, deriveStep(manifest, { ...found, transaction: { to, value: "0", data } }));
  };

  const signingOf = (manifest: Manifest) => {
    const [signing] = step(manifest, "pause-1").signing;
    if (signing?.kind !== "message") return expect.fail("a Safe's owners sign a message");
    return signing;
  };
  const messageOf = (manifest: Manifest) => signingOf(manifest).message;

  describe("is the only source of what is signed", () => {
    it("because nothing else seals", async () => {
      const importers: string[] = [];
      for await (const file of glob("{deploy,scripts}/**/*.ts", { cwd: root.pathname })) {
        const source = await readFile(new URL(file, root), "utf8");
        if (/import \{[^}]*\bsealed\b[^}]*\} from/.test(source)) importers.push(file);
      }
      expect(importers).to.deep.equal(["scripts/lib/operations/open.ts"]);
    });

    it("gives the owners of a Safe its message", () => {
      const requests = opened.requests("rollback-1");
      expect(requests).to.have.length(3);
      for (const { message } of requests) {
        requireSealed(message);
        expect(message.message).to.include({ nonce: 0, operation: 0 });
      }
    });

    it("gives a key its transaction", () => {
      const transaction = opened.transaction("schedule");
      requireSealed(transaction);
      expect(transaction.data).to.equal(opened.step("schedule").transaction.data);
    });

    it("consents to other fees of the same transaction", () => {
      const dearer = { ...opened.transaction("schedule"), maxFeePerGas: 10n ** 12n };
      requireSealed(opened.consent("schedule", dearer));
    });

    it("consents to the execution of a Safe's step by anybody, with whatever signatures", async () => {
      const { execTransactionData } = await import("../../../scripts/lib/safe/execute.js");
      const transaction = opened.safeTransaction("pause-1");
      const data = execTransactionData(transaction, [
        { kind: "approved", owner: opened.requests("pause-1")[0]!.signer },
      ]);
      const fees = opened.transaction("schedule");
      requireSealed(opened.consent("pause-1", { ...fees, nonce: 77, to: transaction.safe, data }));
    });

    it("does not consent to anything else", async () => {
      const { execTransactionData } = await import("../../../scripts/lib/safe/execute.js");
      const planned = opened.transaction("schedule");
      for (const change of [
        { nonce: 5 },
        { value: 1n },
        { data: "0x" },
        { to: opened.manifest.suite.escrow.address },
        { chainId: 1 },
      ]) {
        expect(() => opened.consent("schedule", { ...planned, ...change })).to.throw(
          "is not the step schedule",
        );
      }
      const transaction = opened.safeTransaction("pause-1");
      const other = execTransactionData({ ...transaction, data: "0x" }, []);
      for (const data of [other, transaction.data]) {
        expect(() => opened.consent("pause-1", { ...planned, to: transaction.safe, data })).to.throw(
          "is not the step pause-1",
        );
      }
    });
  });

  describe("lies in a folder", () => {
    it("with a number of its own, counting up", async () => {
      const folders = await listOperations(31337, chain.folder);
      expect(folders.map(({ number }) => number)).to.deep.equal([1, 2]);
      expect(path.basename(pausing.folder)).to.equal("2-test");
    });

    it("that is found by number, name or path, and by default the latest", async () => {
      for (const given of [undefined, "2", "2-test", pausing.folder]) {
        expect((await findOperation(31337, given, chain.folder)).number).to.equal(2);
      }
      expect(await faultOf(findOperation(31337, "test", chain.folder))).to.include("Several operations");
      expect(await faultOf(findOperation(31337, "9", chain.folder))).to.include("1-test");
    });

    it("whose number and folder come before anybody's name", async () => {
      // Called 3-2, 4-2-test and 5-7.
      const made = [`3-2`, `4-2-test`, `5-7`].map((name) => path.join(chain.folder, name));
      for (const folder of made) await mkdir(folder);
      const numberOf = async (given: string) => (await findOperation(31337, given, chain.folder)).number;
      expect(await numberOf("2")).to.equal(2);
      expect(await numberOf("2-test")).to.equal(2);
      expect(await numberOf("3-2")).to.equal(3);
      expect(await numberOf("7")).to.equal(5);
      for (const folder of made) await rm(folder, { recursive: true });
    });

    it("without zeros before the number, which would name two", async () => {
      const made = path.join(chain.folder, "02-test");
      await mkdir(made);
      expect((await listOperations(31337, chain.folder)).map(({ number }) => number)).to.deep.equal([1, 2]);
      for (const given of ["02", "02-test"])
        expect(await faultOf(findOperation(31337, given, chain.folder))).to.include("without zeros in front");
      const { provider } = chain.connection.ethers;
      const { unreadable } = await readRegister(provider, chain.deployed.record, chain.folder);
      expect(unreadable.map(({ problem }) => problem).join()).to.include("02-test is not looked at");
      await rm(made, { recursive: true });
    });

    it("and never replaces another", async () => {
      const written = await Promise.allSettled(
        [1, 2].map(() => writeOperation(pausing.manifest, chain.folder)),
      );
      const paths = written.map((result) => (result.status === "fulfilled" ? result.value.path : undefined));
      expect(new Set(paths).size).to.equal(2);
      expect(await readFile(path.join(pausing.folder, "manifest.json"), "utf8")).to.include(pausing.digest);
    });
  });
});

type Place = readonly (string | number)[];

/** The place of every value that is not itself made of values. */
function leavesOf(value: unknown, place: Place = []): Place[] {
  if (typeof value !== "object" || value === null) return [place];
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...place, key]));
}

/** Changes a value to another of its kind. */
function change(manifest: Manifest, place: Place): void {
  let within = manifest as unknown as Record<string, unknown>;
  for (const key of place.slice(0, -1)) within = within[key] as Record<string, unknown>;
  const last = place.at(-1)!;
  const value = within[last];
  if (typeof value === "number") within[last] = value + 1;
  else if (typeof value === "boolean") within[last] = !value;
  else if (typeof value === "string") within[last] = changed(value);
  else within[last] = { step: "schedule", seconds: 1 };
}

const changed = (text: string) =>
  /[0-9]$/.test(text)
    ? `${text.slice(0, -1)}${(Number(text.at(-1)) + 1) % 10}`
    : `${text.slice(0, -1)}${text.endsWith("a") ? "b" : "a"}`;
