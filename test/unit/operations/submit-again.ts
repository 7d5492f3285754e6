import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";
import { id, keccak256, toQuantity } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import {
  attemptOf,
  attemptsIn,
  type Attempt,
  type AttemptLog,
} from "../../../scripts/lib/operations/attempts.js";
import { submit, type Submitting } from "../../../scripts/lib/operations/submit.js";
import { Declined } from "../../../scripts/lib/signers/declined.js";
import { sealed } from "../../../scripts/lib/signers/sealed.js";
import type { UnsignedTransaction } from "../../../scripts/lib/signers/signer.js";
import { eventually } from "../../../scripts/lib/eventually.js";
import { FICKLE_AT, problemOf, QUICK, Submissions, type Meddle } from "../../support/submissions.js";

const NOW = "2026-01-01T00:00:00.000Z";
const FEES = { gasLimit: 100_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };

describe("Submitting what was tried, or signed, before", function () {
  let on: Submissions;
  let told: string[];
  before(async () => (on = await Submissions.start()));
  after(() => on.stop());
  beforeEach(async () => {
    told = [];
    await on.begin();
  });
  afterEach(() => on.end());

  const tell = (sentence: string) => void told.push(sentence);
  const unsigned = (change: Partial<UnsignedTransaction> = {}): UnsignedTransaction => ({
    ...{ chainId: 31337, nonce: 0, to: FICKLE_AT, value: 0n, data: "0x", ...FEES },
    ...change,
  });
  const sign = (change?: Partial<UnsignedTransaction>) => on.key.signTransaction(unsigned(change));
  /** What a wallet is said to have sent. */
  const sentAs = (hash: string, nonce = 0): Attempt => ({
    ...{ nonce, hash, raw: null, at: NOW },
    ...{ gasLimit: "100000", maxFeePerGas: "1", maxPriorityFeePerGas: "1" },
  });
  /** What a wallet is said to have been asked for. */
  const asked = (nonce = 0) => ({ kind: "asked", nonce, to: FICKLE_AT, value: "0", at: NOW }) as const;
  /** As a manifest does it: this call and no other. */
  const strict = (transaction: UnsignedTransaction) => {
    if (transaction.data !== "0x") throw new Fault("its data is another.");
    return sealed(transaction);
  };

  describe("of which the bytes are given", () => {
    const nobody = () => ({ kind: "keystore", address: on.key.address }) as const;
    const refuse = (message: string, code?: number) =>
      Promise.reject(Object.assign(new Error(message), code === undefined ? {} : { code }));
    const presigned = async (given: Partial<Submitting> = {}, meddle?: Meddle) =>
      on.submitting(meddle, {
        ...{
          isBound: true,
          isOnceAtMost: true,
          presigned: await sign(),
          signer: nobody(),
          seal: strict,
          tell,
        },
        ...given,
      });

    it("sends them, and writes them down once", async () => {
      await submit(await presigned());
      await submit(await presigned());
      expect((await on.log().read()).map(({ raw }) => raw)).to.deep.equal([await sign()]);
      expect(await on.minedOfKey()).to.equal(1);
    });

    const spoils: Record<string, () => Promise<unknown>> = {
      "a line that is damaged": () => writeFile(on.file, '{"nonce": 7}\n'),
      "a hash that nobody knows": () => on.log().add(sentAs(id("unknown"))),
      "another transaction": async () => on.log().add(attemptOf(await sign({ nonce: 3, data: "0x12" }))),
      "a question to a wallet": () => on.log().note(asked()),
    };
    for (const [what, spoil] of Object.entries(spoils)) {
      it(`sends them whatever its log holds: ${what}`, async () => {
        await spoil();
        const receipt = await submit(await presigned());
        expect([receipt.succeeded, receipt.hash]).to.deep.equal([true, keccak256(await sign())]);
      });
    }

    it("sends them where the log cannot be written, and says so", async () => {
      await mkdir(on.file);
      expect((await submit(await presigned())).succeeded).to.equal(true);
      expect(told.join()).to.include(`${on.file} cannot be read or written, and it goes on without: EISDIR`);
    });

    it("leaves a damaged log as it is", async () => {
      await writeFile(on.file, "damaged\n");
      await submit(await presigned());
      expect(await readFile(on.file, "utf8")).to.equal("damaged\n");
    });

    it("replaces them with a higher fee where its key is at hand, and the log cannot be written", async () => {
      await mkdir(on.file);
      await on.stopMining();
      const patience = { ...QUICK, replace: 100, giveUp: 10_000 };
      const receipt = submit(await presigned({ signer: on.signer(), patience }));
      while (on.signatures.length < 1) await sleep(20);
      await sleep(100);
      await on.mine();
      expect((await receipt).succeeded).to.equal(true);
      expect(await on.minedOfKey()).to.equal(1);
    });

    it("goes on from the replacement that an earlier run has signed", async () => {
      await on.stopMining();
      const patience = { ...QUICK, replace: 100, giveUp: 250 };
      await problemOf(submit(await presigned({ signer: on.signer(), patience })));
      const fees = on.signatures.map(({ maxFeePerGas }) => maxFeePerGas);
      await problemOf(submit(await presigned({ signer: on.signer(), patience })));
      const later = on.signatures.slice(fees.length).map(({ maxFeePerGas }) => maxFeePerGas);
      expect([fees.length > 0, later.length > 0]).to.deep.equal([true, true]);
      expect(later[0]! * 8n).to.be.greaterThan(fees.at(-1)! * 9n);
      await on.mine();
      expect((await submit(await presigned())).succeeded).to.equal(true);
      expect(await on.minedOfKey()).to.equal(1);
    });

    it("sends them until they are taken, where there is not enough for their replacement", async () => {
      await on.log().add(attemptOf(await sign({ maxFeePerGas: 2n * FEES.maxFeePerGas })));
      const given = await sign();
      let sendings = 0;
      const poor: Meddle = ({ method, params }, answer) => {
        if (method !== "eth_sendRawTransaction") return answer();
        if ((params as string[])[0] === given) return ++sendings < 3 ? refuse("502 Bad Gateway") : answer();
        return refuse("insufficient funds for gas * price + value", -32_000);
      };
      expect((await submit(await presigned({}, poor))).hash).to.equal(keccak256(given));
    });

    it("says that the chain refuses them where there is not enough for any version", async () => {
      await on.log().add(attemptOf(await sign({ maxFeePerGas: 2n * FEES.maxFeePerGas })));
      const poor: Meddle = ({ method }, answer) =>
        method === "eth_sendRawTransaction" ? refuse("insufficient funds for gas", -32_000) : answer();
      expect(await problemOf(submit(await presigned({}, poor)))).to.include(
        "The chain refuses the transaction",
      );
    });

    it("finds a replacement that was mined, although nothing tells of it but the chain", async () => {
      const dearer = await on.land(await sign({ maxFeePerGas: 2n * FEES.maxFeePerGas }));
      expect((await submit(await presigned())).hash).to.equal(dearer);
    });

    it("names the next rung where another transaction has used the nonce", async () => {
      await on.land(await sign({ data: "0x12" }));
      expect(await problemOf(submit(await presigned()))).to.match(
        /^Nonce 0 of 0x\w+ was used by another transaction, .* mined\. Take a later rung/,
      );
    });

    it("sends no bytes that are not what is to be done", async () => {
      const other = await presigned({ presigned: await sign({ data: "0x12" }) });
      expect(await problemOf(submit(other))).to.include("its data is another");
      expect(await on.minedOfKey()).to.equal(0);
    });
  });

  describe("which is done once at most, as by a Safe", () => {
    const lines: Record<string, () => Promise<void>> = {
      "a transaction of a nonce far ahead": () => on.log().add(sentAs(id("unknown"), 7)),
      "a question of a nonce far ahead": () => on.log().note(asked(7)),
      "another transaction": async () => on.log().add(attemptOf(await sign({ data: "0x12" }))),
      "a transaction that nobody knows": () => on.log().add(sentAs(id("unknown"))),
    };
    for (const [what, write] of Object.entries(lines)) {
      it(`sends it although somebody wrote in its log: ${what}`, async () => {
        await write();
        const once = on.submitting(undefined, { isOnceAtMost: true, seal: strict, tell });
        expect((await submit(once)).succeeded).to.equal(true);
        expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([0]);
      });
    }

    it("takes nothing that the sender did before for it, whatever its log says was asked for", async () => {
      // The same contract, as when a Safe's pause came before its rollback.
      const earlier = await on.land(await sign({ data: "0x12" }));
      const dataHash = keccak256("0x12");
      for (const line of [asked(), { ...asked(), dataHash }]) {
        await writeFile(on.file, `${JSON.stringify(line)}\n`);
        const once = on.submitting(undefined, { isOnceAtMost: true, seal: strict, tell });
        expect((await submit(once)).hash).to.not.equal(earlier);
      }
      expect(on.signatures.map(({ data }) => data)).to.deep.equal(["0x", "0x"]);
    });

    it("asks the chain no more for a log that somebody filled", async () => {
      const lines = Array.from({ length: 2_000 }, (_, i) => JSON.stringify(sentAs(id(String(i)))));
      await writeFile(on.file, `${lines.join("\n")}\n`);
      let asked = 0;
      const counting: Meddle = ({ method }, answer) => {
        if (method !== "eth_sendRawTransaction") asked += 1;
        return answer();
      };
      await submit(on.submitting(counting, { isOnceAtMost: true, seal: strict }));
      expect(asked).to.be.lessThan(30);
    });

    for (const [what, write] of Object.entries({
      "it sent what nobody knows": () => on.log().add(sentAs(id("unknown"))),
      "it was asked": () => on.log().note(asked()),
    })) {
      it(`asks a wallet at once, and no person, where somebody wrote that ${what}`, async () => {
        await write();
        const signer = on.wallet(async (raw) => ({ sent: await on.broadcast(raw) }));
        const ask = () => expect.fail("nobody is asked");
        const once = on.submitting(undefined, { isOnceAtMost: true, seal: strict, signer, ask });
        expect((await submit(once)).succeeded).to.equal(true);
        expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([0]);
      });
    }

    it("waits for what a wallet has sent already while the node knows it", async () => {
      await on.stopMining();
      await on.log().add(sentAs(await on.broadcast(await sign())));
      const receipt = submit(on.submitting(undefined, { isOnceAtMost: true, seal: strict, tell }));
      await eventually(() => void expect(told.join()).to.include("Going on with the transaction"), 3);
      await on.mine();
      expect((await receipt).hash).to.equal(keccak256(await sign()));
      expect(on.signatures).to.deep.equal([]);
    });

    it("sends it although the endpoint does not tell what used the nonce of an earlier attempt", async () => {
      await on.land(await sign({ data: "0x12" }));
      await on.log().add(sentAs(id("unknown")));
      const forgetful: Meddle = async ({ method, params }, answer) => {
        if (method === "eth_getTransactionCount" && !["latest", "pending"].includes(String(params?.[1])))
          throw Object.assign(new Error("missing trie node"), { code: -32000 });
        return await answer();
      };
      const once = on.submitting(forgetful, { isOnceAtMost: true, seal: strict });
      expect((await submit(once)).succeeded).to.equal(true);
      expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([1]);
    });
  });

  it("sends nothing that it cannot write down where it could be signed twice", async () => {
    await writeFile(path.join(on.folder, "file"), "");
    const [empty, full] = [on.log(), attemptsIn(path.join(on.folder, "file", "attempts.jsonl"))];
    const log: AttemptLog = {
      path: full.path,
      ...{ read: () => empty.read(), open: () => empty.open() },
      ...{ add: (attempt) => full.add(attempt), note: (line) => full.note(line) },
    };
    expect(await problemOf(submit(on.submitting(undefined, { log })))).to.match(/ENOTDIR|EEXIST/);
    expect(await on.minedOfKey()).to.equal(0);
  });

  describe("by a wallet that said so", () => {
    const sending = () => on.wallet(async (raw) => ({ sent: await on.broadcast(raw) }));

    it("asks a person where the chain does not know it, and then for the same nonce", async () => {
      const unknown = id("unknown");
      await on.log().add(sentAs(unknown));
      const asking = on.submitting(undefined, { signer: sending(), seal: strict });
      expect(await problemOf(submit(asking))).to.match(
        new RegExp(
          `^The wallet said at ${NOW} that it sent this as ${unknown}, as 0x\\w+ with nonce 0, and the chain does not know it`,
        ),
      );
      expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([0, 0]);
      const receipt = await submit({ ...asking, ask: () => Promise.resolve(true) });
      expect(receipt.succeeded).to.equal(true);
      expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([0]);
    });

    it("lets a key take its place with the same nonce", async () => {
      await on.log().add(sentAs(id("unknown")));
      expect((await submit(on.submitting())).succeeded).to.equal(true);
      expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([0]);
    });

    it("signs nothing for a nonce far ahead that somebody wrote there", async () => {
      await on.log().add(sentAs(id("unknown"), 7));
      expect(await problemOf(submit(on.submitting()))).to.include("which is not");
      expect(on.signatures).to.deep.equal([]);
    });

    it("does not take an earlier transaction of the sender to the same contract for it", async () => {
      const earlier = await on.land(await sign({ data: "0x12" }));
      await on.log().add(sentAs(earlier));
      const outcome = await problemOf(submit(on.submitting(undefined, { seal: strict })));
      expect(outcome).to.include("holds what was not signed for this").and.include("Nothing was sent");
      expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([0, 1]);
    });

    it("sends what was signed for the same nonce before, and asks nobody", async () => {
      await on.log().add(attemptOf(await sign()));
      await on.log().note(asked());
      const receipt = await submit(on.submitting(undefined, { signer: sending(), tell }));
      expect(receipt.hash).to.equal(keccak256(await sign()));
      expect(on.signatures).to.deep.equal([]);
    });

    it("goes on with the latest nonce after one was used in vain whose question was open", async () => {
      // Too little gas; and a wallet was asked to replace it.
      const starved = await sign({ gasLimit: 22_000n });
      await on.become(2);
      await on.log().add(attemptOf(starved));
      await on.log().note(asked());
      await on.land(starved);
      await on.mine();
      const dead: Meddle = ({ method }, answer) =>
        method === "eth_sendRawTransaction" ? Promise.reject(new Error("dropped")) : answer();
      const patience = { ...QUICK, giveUp: 100 };
      expect(await problemOf(submit(on.submitting(dead, { patience })))).to.include("Nonce 1 of");
      expect((await submit(on.submitting())).succeeded).to.equal(true);
      expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([1]);
      expect(await on.minedOfKey()).to.equal(2);
    });

    it("keeps a question open that was open before its owner declined to be asked again", async () => {
      await on.log().add(sentAs(id("unknown")));
      const declining = on.wallet(() => Promise.reject(new Declined("Its owner declined.")));
      const ask = () => Promise.resolve(true);
      await problemOf(submit(on.submitting(undefined, { signer: declining, ask })));
      expect(await on.log().open()).to.include({ nonce: 0 });
    });
  });

  describe("in vain, on a chain that may take that back", () => {
    let final: number;
    /** An endpoint that says which block is final. */
    const telling: Meddle = async ({ method, params }, answer) =>
      method === "eth_getBlockByNumber" && params?.[0] === "finalized"
        ? { number: toQuantity(final) }
        : await answer();
    const onIt = (given: Partial<Submitting> = {}, meddle = telling) =>
      on.submitting(meddle, { finality: "finalized", tell, ...given });
    /** An attempt that is mined and fails, by a run that died. */
    const failed = async (gasLimit = FEES.gasLimit) => {
      const raw = await sign({ gasLimit });
      await on.become(gasLimit === FEES.gasLimit ? 1 : 2);
      await on.log().add(attemptOf(raw));
      await on.land(raw);
      await on.mine();
      await on.become(0);
      return keccak256(raw);
    };
    const newest = () => on.chain.getBlockNumber();
    const heard = (what: RegExp) => eventually(() => void expect(told.join("\n")).to.match(what), 3);

    beforeEach(async () => (final = (await newest()) - 1));

    for (const [how, gasLimit] of [
      ["failed", FEES.gasLimit],
      ["ran out of its gas", 22_000n],
    ] as const) {
      it(`signs nothing anew for what ${how} before that is final, and says what it waits for`, async () => {
        const hash = await failed(gasLimit);
        const receipt = submit(onIt());
        await heard(/cannot take that back/);
        await sleep(100);
        expect(on.signatures).to.deep.equal([]);
        expect(told.join("\n")).to.match(
          new RegExp(`${hash} .*; waiting until the chain cannot take that back: \\d+ blocks to go\\.`),
        );
        final = await newest();
        expect((await receipt).succeeded).to.equal(true);
        expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([1]);
      });
    }

    it("signs nothing anew for a nonce that another transaction has used before that is final", async () => {
      await on.log().add(attemptOf(await sign()));
      await on.land(await sign({ data: "0x12" }));
      await on.mine();
      const receipt = submit(onIt({ seal: strict }));
      await heard(/used by another transaction; waiting/);
      expect(on.signatures).to.deep.equal([]);
      final = await newest();
      expect((await receipt).succeeded).to.equal(true);
      expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([1]);
    });

    it("sends the same bytes again when the chain has taken the block back", async () => {
      const snapshot = (await on.chain.send("evm_snapshot", [])) as string;
      const hash = await failed();
      const outcome = problemOf(submit(onIt()));
      await heard(/cannot take that back/);
      await on.chain.send("evm_revert", [snapshot]);
      expect(await outcome)
        .to.include("has taken back what used nonce 0")
        .and.include("run the command again");
      expect((await submit(onIt())).hash).to.equal(hash);
      expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([0, 1]);
    });

    it("is content with what it waits for if that succeeds in another block", async () => {
      await on.log().add(attemptOf(await sign()));
      await on.land(await sign());
      let status = "0x0";
      const changing: Meddle = async (request, answer) =>
        request.method === "eth_getTransactionReceipt"
          ? { ...((await answer()) as object), status }
          : await telling(request, answer);
      const receipt = submit(onIt({}, changing));
      await heard(/cannot take that back/);
      status = "0x1";
      expect((await receipt).hash).to.equal(keccak256(await sign()));
      expect(on.signatures).to.deep.equal([]);
    });

    it("gives up waiting with nothing signed, and goes on where it is run again", async () => {
      await failed();
      const patience = { ...QUICK, final: 100 };
      expect(await problemOf(submit(onIt({ patience })))).to.match(
        /was mined and failed, and the chain can still take that back: nothing was signed anew\. Run the command again later/,
      );
      expect(on.signatures).to.deep.equal([]);
      final = await newest();
      expect((await submit(onIt())).succeeded).to.equal(true);
    });

    it("counts blocks where the node does not tell which are final", async () => {
      await failed();
      const silent: Meddle = async ({ method, params }, answer) => {
        if (method === "eth_getBlockByNumber" && params?.[0] === "finalized")
          throw Object.assign(new Error("invalid block tag"), { code: -32602 });
        return await answer();
      };
      const receipt = submit(onIt({}, silent));
      await heard(/ 25[56] blocks to go/);
      await on.chain.send("anvil_mine", [toQuantity(256)]);
      expect((await receipt).succeeded).to.equal(true);
    });

    it("does not wait for what does no harm when it is done twice", async () => {
      await failed();
      expect((await submit(onIt({ isHarmlessTwice: true }))).succeeded).to.equal(true);
    });

    it("does not wait on a local chain", async () => {
      await failed();
      expect((await submit(on.submitting(telling, { tell }))).succeeded).to.equal(true);
      expect(told.join()).to.not.include("cannot take that back");
    });
  });

  it("refuses a log that somebody has appended to where it is not bound", async () => {
    await appendFile(on.file, '{"nonce": 7}\n');
    expect(await problemOf(submit(on.submitting()))).to.include("is not what this program wrote");
    expect(on.signatures).to.deep.equal([]);
  });
});
