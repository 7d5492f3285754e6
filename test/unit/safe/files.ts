import { mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import { collect } from "../../../scripts/lib/safe/collect.js";
import { requireExecutable } from "../../../scripts/lib/safe/execute.js";
import {
  readSignature,
  readSignatures,
  writeSignature,
  type SignatureFile,
} from "../../../scripts/lib/safe/files.js";
import { safeHashes } from "../../../scripts/lib/safe/hash.js";
import { readSafeTree } from "../../../scripts/lib/safe/owners.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import { TESTED_VERSIONS } from "../../support/safes.js";
import {
  CHAIN_ID,
  faultOf,
  loadCast,
  provider,
  requestFor,
  send,
  signMessage,
  type Account,
} from "../fixtures/safe.js";

describe("signature files", () => {
  let directory: string;
  beforeEach(async () => (directory = await mkdtemp(path.join(tmpdir(), "holdfast-signatures-"))));
  afterEach(() => rm(directory, { recursive: true }));

  /** What happens at the table: the wallet signs what it is asked, and the file is written. */
  const sign = async (signer: Account, transaction: SafeTransaction, onBehalfOf: readonly string[] = []) => {
    const request = await requestFor(transaction, signer, onBehalfOf);
    return writeSignature(directory, transaction, request, await signMessage(signer, request.message));
  };
  /** Alters a file as somebody would who got hold of it. */
  const alter = async (file: string, change: Partial<Record<keyof SignatureFile | "comment", unknown>>) => {
    const written = JSON.parse(await readFile(file, "utf8")) as SignatureFile;
    await writeFile(file, JSON.stringify({ ...written, ...change }));
  };
  const collectFiles = async (transaction: SafeTransaction) =>
    collect(provider, transaction, await readSafeTree(provider, transaction.safe), [
      await readSignatures(directory, transaction),
    ]);

  it("say for themselves who signed what", async () => {
    const { flat, transaction, alice } = await loadCast("1.5.0");
    const ours = transaction(flat, { nonce: 3 });
    const { safeTxHash } = safeHashes(ours);
    const file = await sign(alice, ours);
    expect(path.basename(file)).to.equal(`${safeTxHash}-${alice.address}.json`);
    const { message } = await requestFor(ours, alice);
    expect(JSON.parse(await readFile(file, "utf8"))).to.deep.equal({
      chainId: CHAIN_ID,
      safe: flat,
      nonce: 3,
      safeTxHash,
      signer: alice.address,
      onBehalfOf: [],
      signature: await signMessage(alice, message),
    });
  });

  for (const version of TESTED_VERSIONS) {
    it(`carry a Safe ${version} with a Safe among its owners from the ceremony to the execution`, async () => {
      const { parent, nested, transaction, alice, bob, dave, relayer, counter } = await loadCast(version);
      const ours = transaction(parent);
      await sign(alice, ours, [nested]);
      await sign(dave, ours, [nested]);
      // alice is an owner of both, and signs for the one only.
      expect((await collectFiles(ours)).signatures).to.have.length(1);
      await sign(bob, ours);
      const collected = await collectFiles(ours);
      await requireExecutable(provider, ours, collected, relayer.address);
      await send(relayer, ours, collected.signatures);
      expect(await counter.count()).to.equal(1n);
      expect(await readdir(directory)).to.have.length(3);
    });
  }

  it("are only written if the signature is good", async () => {
    const { flat, transaction, alice, bob } = await loadCast("1.5.0");
    const ours = transaction(flat);
    const request = await requestFor(ours, alice);
    const theirs = await signMessage(bob, request.message);
    expect(await faultOf(() => writeSignature(directory, ours, request, theirs))).to.match(/is not by/);
    expect(await readdir(directory)).to.be.empty;
  });

  it("are left alone when the same owner signs again, and not silently replaced when damaged", async () => {
    const { flat, transaction, alice } = await loadCast("1.5.0");
    const ours = transaction(flat);
    const file = await sign(alice, ours);
    const before = await readFile(file, "utf8");
    expect(await sign(alice, ours)).to.equal(file);
    expect(await readFile(file, "utf8")).to.equal(before);
    await alter(file, { signature: `0x${"11".repeat(65)}` });
    expect(await faultOf(() => sign(alice, ours))).to.match(/damaged|is not by/);
  });

  it("of other transactions, and other files, are left aside", async () => {
    const { flat, transaction, alice } = await loadCast("1.5.0");
    const ours = transaction(flat);
    await sign(alice, transaction(flat, { nonce: 1 }));
    await writeFile(path.join(directory, "README.md"), "");
    expect(await readSignatures(directory, ours)).to.deep.equal({ signatures: [], refused: [] });
    expect(await readSignatures(path.join(directory, "none"), ours)).to.deep.equal({
      signatures: [],
      refused: [],
    });
  });

  describe("that were tampered with are refused", () => {
    const other = `0x${"22".repeat(20)}`;
    const tampering: Readonly<Record<string, readonly [Parameters<typeof alter>[1], RegExp]>> = {
      "a field nobody knows": [{ comment: "trust me" }, /malformed \(.*comment/],
      "no address": [{ signer: "alice" }, /malformed \(signer: is not an address/],
      "a signature that is no hex": [{ signature: "0xzz" }, /malformed \(signature: is not hex/],
      "no chain": [{ chainId: undefined }, /malformed \(chainId/],
      "another nonce": [{ nonce: 9 }, /is for nonce 9, and the transaction's is 0/],
      "another chain": [{ chainId: 1 }, /is for chainId 1, and the transaction's is 31337/],
      "another Safe": [{ safe: other }, new RegExp(`is for safe ${other}`)],
      "another hash": [{ safeTxHash: `0x${"33".repeat(32)}` }, /is for safeTxHash 0x33/],
      "another signer": [{ signer: other }, /holds what belongs in 0x\w+-0x2222/],
      "another Safe signed for": [{ onBehalfOf: [other] }, /holds what belongs in 0x\w+-0x2222/],
    };
    for (const [what, [change, expected]] of Object.entries(tampering)) {
      it(`with ${what}`, async () => {
        const { flat, transaction, alice, bob } = await loadCast("1.5.0");
        const ours = transaction(flat);
        const file = await sign(alice, ours);
        await sign(bob, ours);
        await alter(file, change);
        const { signatures, refused } = await collectFiles(ours);
        expect(signatures.map(({ owner }) => owner)).to.deep.equal([bob.address]);
        expect(refused).to.have.length(1);
        expect(refused[0]!.source).to.equal(path.basename(file));
        expect(refused[0]!.why).to.match(expected);
      });
    }

    it("that are no JSON", async () => {
      const { flat, transaction, alice } = await loadCast("1.5.0");
      const ours = transaction(flat);
      const file = await sign(alice, ours);
      await writeFile(file, '{"chainId":');
      expect(await faultOf(() => readSignature(file, ours))).to.match(
        /is not JSON; delete it and sign again/,
      );
    });

    it("that lie under another name", async () => {
      const { flat, transaction, alice, bob } = await loadCast("1.5.0");
      const ours = transaction(flat);
      const file = await sign(alice, ours);
      const renamed = file.replace(alice.address, bob.address);
      await rename(file, renamed);
      expect(await faultOf(() => readSignature(renamed, ours))).to.match(/holds what belongs in/);
    });

    it("with other bytes for a signature, when it comes to count them", async () => {
      const { flat, transaction, alice, bob } = await loadCast("1.5.0");
      const ours = transaction(flat);
      const file = await sign(alice, ours);
      const theirs = JSON.parse(await readFile(await sign(bob, ours), "utf8")) as SignatureFile;
      await alter(file, { signature: theirs.signature });
      const { signatures, refused } = await collectFiles(ours);
      expect(signatures.map(({ owner }) => owner)).to.deep.equal([bob.address]);
      expect(refused[0]!.why).to.match(new RegExp(`is not by ${alice.address}`));
    });
  });
});
