import { appendFile, readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";
import { Wallet, keccak256, toQuantity } from "ethers";

import type { Attempt } from "../../../scripts/lib/operations/attempts.js";
import { submit } from "../../../scripts/lib/operations/submit.js";
import { Declined } from "../../../scripts/lib/signers/declined.js";
import type { UnsignedTransaction } from "../../../scripts/lib/signers/signer.js";
import { FICKLE_AT, problemOf, QUICK, Submissions, type Meddle } from "../../support/submissions.js";

describe("Submitting a transaction", function () {
  let on: Submissions;
  before(async () => (on = await Submissions.start()));
  after(() => on.stop());
  beforeEach(() => on.begin());
  afterEach(() => on.end());

  it("returns the receipt of what was mined", async () => {
    const receipt = await submit(on.submitting());
    expect(receipt.succeeded).to.equal(true);
    expect(await on.minedOfKey()).to.equal(1);
  });

  it("writes down what was signed before it sends it", async () => {
    let written: readonly Attempt[] = [];
    await submit(
      on.submitting(async ({ method }, answer) => {
        if (method === "eth_sendRawTransaction") written = await on.log().read();
        return await answer();
      }),
    );
    expect(written).to.have.length(1);
  });

  it("sends nothing twice when the answer to sending is lost", async () => {
    await submit(
      on.submitting(async ({ method }, answer) => {
        const result = await answer();
        if (method === "eth_sendRawTransaction") throw new Error("socket hang up");
        return result;
      }),
    );
    expect(on.signatures).to.have.length(1);
    expect(await on.minedOfKey()).to.equal(1);
  });

  it("waits for an endpoint that is dead for a while after signing", async () => {
    let refusals = 25;
    const receipt = await submit(
      on.submitting((_, answer) =>
        on.signatures.length > 0 && refusals-- > 0 ? Promise.reject(new Error("ECONNREFUSED")) : answer(),
      ),
    );
    expect(receipt.succeeded).to.equal(true);
    expect(await on.minedOfKey()).to.equal(1);
  });

  it("goes on with what a killed run signed and did not send, without asking for a signature", async () => {
    const killed = problemOf(
      submit(
        on.submitting(
          ({ method }, answer) =>
            method === "eth_sendRawTransaction" ? Promise.reject(new Error("killed")) : answer(),
          { patience: { ...QUICK, giveUp: 100 } },
        ),
      ),
    );
    expect(await killed).to.contain("was not seen mined");
    expect(await on.minedOfKey()).to.equal(0);

    const receipt = await submit(on.submitting());
    expect(receipt.succeeded).to.equal(true);
    expect(on.signatures).to.have.length(1);
  });

  it("returns the same receipt when it is run again after all is done", async () => {
    const first = await submit(on.submitting());
    const second = await submit(on.submitting());
    expect(second).to.deep.equal(first);
    expect(await on.minedOfKey()).to.equal(1);
  });

  it("replaces a transaction that stays unmined by one with fees at least an eighth higher", async () => {
    await on.stopMining();
    const receipt = submit(
      on.submitting(undefined, { patience: { poll: 20, replace: 300, giveUp: 10_000 } }),
    );
    while (on.signatures.length < 2) await sleep(20);
    await sleep(100);
    await on.mine();
    expect((await receipt).succeeded).to.equal(true);
    const [first, second] = on.signatures as [UnsignedTransaction, UnsignedTransaction];
    expect(second.nonce).to.equal(first.nonce);
    expect(second.maxFeePerGas * 8n).to.be.greaterThan(first.maxFeePerGas * 9n);
    expect(second.maxPriorityFeePerGas * 8n).to.be.greaterThan(first.maxPriorityFeePerGas * 9n);
    const [, ...replacements] = await on.log().read();
    expect(replacements.map(({ hash }) => hash)).to.include((await receipt).hash);
    expect(await on.minedOfKey()).to.equal(1);
  });

  it("finds out when an earlier version was mined after all", async () => {
    await on.stopMining();
    const receipt = submit(
      on.submitting(
        ({ method }, answer) =>
          method === "eth_sendRawTransaction" && on.signatures.length > 1
            ? Promise.reject(new Error("ECONNRESET"))
            : answer(),
        { patience: { poll: 20, replace: 200, giveUp: 10_000 } },
      ),
    );
    while (on.signatures.length < 2) await sleep(20);
    await on.mine();
    expect((await receipt).hash).to.equal((await on.log().read())[0]!.hash);
    expect(await on.minedOfKey()).to.equal(1);
  });

  it("says so when another transaction took the nonce, and takes the next one when it is run again", async () => {
    await on.stopMining();
    const lost = problemOf(
      submit(
        on.submitting(({ method }, answer) =>
          method === "eth_sendRawTransaction" ? Promise.reject(new Error("dropped")) : answer(),
        ),
      ),
    );
    while (on.signatures.length < 1) await sleep(20);
    const other = await on.key.connect(on.chain).sendTransaction({ to: on.key.address, nonce: 0 });
    await on.mine();
    expect(await lost)
      .to.contain("Nonce 0")
      .and.to.contain("was used by another transaction");
    expect((await on.chain.getTransactionReceipt(other.hash))!.status).to.equal(1);

    await on.chain.send("evm_setAutomine", [true]);
    const receipt = await submit(on.submitting());
    expect(receipt.succeeded).to.equal(true);
    expect(await on.minedOfKey()).to.equal(2);
  });

  it("asks for no signature when the transaction would fail", async () => {
    await on.become(1);
    expect(await problemOf(submit(on.submitting()))).to.match(/would fail: .*revert.*Nothing was sent/);
    expect(on.signatures).to.have.length(0);
  });

  for (const [what, code, message] of [
    ["is overrun", 429, "Too Many Requests"],
    ["is a gateway before a dead node", -1, "Request failed: Bad Gateway"],
    ["limits the rate", -32005, "daily limit"],
    ["says so in words", -32000, "rate limit \u001b[2Kexceeded"],
  ] as const) {
    it(`calls an endpoint that ${what} no failure of the transaction`, async () => {
      const busy: Meddle = ({ method }, answer) =>
        method === "eth_estimateGas" ? Promise.reject(Object.assign(new Error(message), { code })) : answer();
      const said = await problemOf(submit(on.submitting(busy)));
      expect(said).to.match(/^The endpoint did not answer: .*another RPC/);
      expect(said).not.to.include("\u001b");
    });
  }

  it("calls an endpoint that does not answer no forgery of what was signed", async () => {
    const dead: Meddle = ({ method }, answer) =>
      method === "eth_sendRawTransaction" ? Promise.reject(new Error("dropped")) : answer();
    await problemOf(submit(on.submitting(dead, { patience: { ...QUICK, giveUp: 50 } })));
    const seal = () => Promise.reject(new Error("socket hang up"));
    const said = await problemOf(submit(on.submitting(undefined, { seal })));
    expect(said).to.include("The endpoint did not answer: socket hang up");
    expect((await submit(on.submitting())).succeeded).to.equal(true);
  });

  it("says so when the transaction was mined and failed", async () => {
    await on.stopMining();
    const outcome = problemOf(submit(on.submitting()));
    while (on.signatures.length < 1) await sleep(20);
    await on.become(1);
    await sleep(100);
    await on.mine();
    expect(await outcome).to.match(/was mined and failed: .*revert/);
  });

  it("sends again with more gas when what it met cost more than the estimate", async () => {
    await on.stopMining();
    const outcome = submit(on.submitting());
    while (on.signatures.length < 1) await sleep(20);
    await sleep(100);
    await on.become(2);
    await on.mine();
    await on.chain.send("evm_setAutomine", [true]);
    expect((await outcome).succeeded).to.equal(true);
    expect(on.signatures).to.have.length(2);
    expect(on.signatures[1]!.gasLimit).to.be.greaterThan(2_000_000n);
  });

  it("waits for what a wallet sent by itself", async () => {
    const receipt = await submit(on.submitting(undefined, { signer: on.signer(true) }));
    expect(receipt.succeeded).to.equal(true);
    expect((await on.log().read())[0]!.raw).to.equal(null);
  });

  const lost = () => Promise.reject(new Error("socket hang up"));

  it("writes down what a wallet is asked for before it is asked", async () => {
    let open: unknown;
    const asking = on.wallet(async (raw) => {
      open = await on.log().open();
      return { sent: await on.broadcast(raw) };
    });
    await submit(on.submitting(undefined, { signer: asking }));
    expect(open).to.include({ kind: "asked", nonce: 0, to: FICKLE_AT });
    expect(await on.log().open()).to.equal(undefined);
  });

  it("finds what a wallet has sent whose answer was lost, and does not ask it again", async () => {
    const losing = on.wallet(async (raw) => {
      await on.broadcast(raw);
      return await lost();
    });
    expect(await problemOf(submit(on.submitting(undefined, { signer: losing })))).to.equal("socket hang up");
    for (let i = 0; i < 5; i += 1) await on.mine();
    const receipt = await submit(on.submitting(undefined, { signer: losing }));
    expect(receipt.succeeded).to.equal(true);
    expect(on.signatures).to.have.length(1);
    expect(await on.minedOfKey()).to.equal(1);
    expect((await on.log().read()).map(({ hash }) => hash)).to.deep.equal([receipt.hash]);
  });

  it("waits for what a wallet has sent whose answer was lost, while the node knows it", async () => {
    await on.stopMining();
    const losing = on.wallet(async (raw) => {
      await on.broadcast(raw);
      return await lost();
    });
    await problemOf(submit(on.submitting(undefined, { signer: losing })));
    const receipt = submit(on.submitting(undefined, { signer: losing }));
    await sleep(200);
    await on.mine();
    expect((await receipt).succeeded).to.equal(true);
    expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([1, 1]);
  });

  it("asks a person before it asks a wallet again, which then has the same nonce", async () => {
    const silent = on.wallet(lost);
    await problemOf(submit(on.submitting(undefined, { signer: silent })));
    expect(await problemOf(submit(on.submitting(undefined, { signer: silent })))).to.match(
      /^The wallet was asked at .* with nonce 0, and the chain does not know it: look into the wallet.*Nothing was sent now\.$/,
    );
    expect(on.signatures).to.have.length(1);
    const questions: string[] = [];
    const ask = (question: string) => Promise.resolve(questions.push(question) > 0);
    const sending = on.wallet(async (raw) => ({ sent: await on.broadcast(raw) }));
    expect((await submit(on.submitting(undefined, { signer: sending, ask }))).succeeded).to.equal(true);
    expect(questions).to.have.length(1);
    expect(on.signatures.map(({ nonce }) => nonce)).to.deep.equal([0, 0]);
  });

  it("takes what a wallet has sent with other fees for what it was asked for", async () => {
    const dearer = on.wallet(async () => {
      const { maxFeePerGas, ...rest } = on.signatures.at(-1)!;
      await on.broadcast(await on.key.signTransaction({ ...rest, maxFeePerGas: maxFeePerGas * 2n }));
      return await lost();
    });
    await problemOf(submit(on.submitting(undefined, { signer: dearer })));
    expect((await submit(on.submitting(undefined, { signer: dearer }))).succeeded).to.equal(true);
    expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([1, 1]);
  });

  it("forgets what a wallet's owner declined", async () => {
    const declining = on.wallet(() => Promise.reject(new Declined("Its owner declined.")));
    expect(await problemOf(submit(on.submitting(undefined, { signer: declining })))).to.equal(
      "Its owner declined.",
    );
    expect(await on.log().open()).to.equal(undefined);
    expect(await readFile(on.file, "utf8")).to.match(/"kind":"settled","nonce":0,"why":"declined"/);
    expect((await submit(on.submitting())).succeeded).to.equal(true);
  });

  it("signs nothing where the endpoint does not tell by what a nonce was used", async () => {
    const forgetful: Meddle = async ({ method, params }, answer) => {
      if (method === "eth_getTransactionReceipt") return null;
      if (method === "eth_getTransactionCount" && params?.[1] !== "latest" && params?.[1] !== "pending")
        throw Object.assign(new Error("missing trie node"), { code: -32000 });
      return await answer();
    };
    const said = await problemOf(submit(on.submitting(forgetful)));
    expect(said).to.match(/^Nonce 0 of 0x\w+ is used, and the endpoint does not tell by what: .*history\.$/);
    expect(await problemOf(submit(on.submitting(forgetful)))).to.equal(said);
    expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([1, 1]);
    expect((await submit(on.submitting())).succeeded).to.equal(true);
    expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([1, 1]);
  });

  for (const [what, message] of Object.entries({
    "nonce too low": "nonce too low: next nonce 1, tx nonce 0",
    "already known": "already known",
    "replacement transaction underpriced": "replacement transaction underpriced",
    "insufficient funds for what it has taken": "insufficient funds for gas * price + value",
  })) {
    it(`mines one transaction where the node takes it, and answers with: ${what}`, async () => {
      const receipt = await submit(
        on.submitting(async ({ method }, answer) => {
          if (method !== "eth_sendRawTransaction") return await answer();
          await answer().catch(() => undefined);
          throw Object.assign(new Error(message), { code: -32000 });
        }),
      );
      expect(receipt.succeeded).to.equal(true);
      expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([1, 1]);
    });
  }

  it("sends the same bytes again when the chain has taken the block back", async () => {
    const snapshot = (await on.chain.send("evm_snapshot", [])) as string;
    const first = await submit(on.submitting());
    await on.chain.send("evm_revert", [snapshot]);
    const second = await submit(on.submitting());
    expect(second.hash).to.equal(first.hash);
    expect([on.signatures.length, await on.minedOfKey()]).to.deep.equal([1, 1]);
  });

  for (const [what, alter] of Object.entries({
    "other bytes": async (attempt: Attempt) => {
      const other = await on.key.signTransaction({ ...on.signatures[0]!, to: on.key.address });
      return { ...attempt, raw: other, hash: keccak256(other) };
    },
    "other bytes under its hash": async (attempt: Attempt) => ({
      ...attempt,
      raw: await on.key.signTransaction({ ...on.signatures[0]!, data: "0x12" }),
    }),
    "another key's bytes": async (attempt: Attempt) => {
      const raw = await new Wallet(Wallet.createRandom().privateKey).signTransaction(on.signatures[0]!);
      return { ...attempt, raw, hash: keccak256(raw) };
    },
    "lower fees": (attempt: Attempt) => Promise.resolve({ ...attempt, maxFeePerGas: "1" }),
    "no transaction": (attempt: Attempt) => Promise.resolve({ ...attempt, raw: "0x1234" }),
  })) {
    it(`sends nothing from a log in which somebody put ${what}, and names it`, async () => {
      const dead: Meddle = ({ method }, answer) =>
        method === "eth_sendRawTransaction" ? Promise.reject(new Error("dropped")) : answer();
      await problemOf(submit(on.submitting(dead, { patience: { ...QUICK, giveUp: 50 } })));
      const { file } = on;
      await writeFile(file, `${JSON.stringify(await alter((await on.log().read())[0]!))}\n`);
      expect(await problemOf(submit(on.submitting())))
        .to.include(`${file} holds what was not signed for this`)
        .and.include("Nothing was sent");
      expect(await on.minedOfKey()).to.equal(0);
    });
  }

  it("says that what was signed beforehand is spent when it ran out of gas", async () => {
    await on.stopMining();
    const outcome = problemOf(submit(on.submitting(undefined, { isBound: true })));
    while (on.signatures.length < 1) await sleep(20);
    await sleep(100);
    await on.become(2);
    await on.mine();
    const spent =
      /ran out of its \d+ gas and changed nothing\. .* for nonce 0 alone, which is spent now: take a later rung/;
    expect(await outcome).to.match(spent);
    expect(await problemOf(submit(on.submitting(undefined, { isBound: true })))).to.match(spent);
    expect(on.signatures).to.have.length(1);
  });

  it("refuses at once what the chain will never take", async () => {
    await on.chain.send("anvil_setBalance", [on.key.address, toQuantity(1n)]);
    expect(await problemOf(submit(on.submitting()))).to.match(/nsufficient/);
  });

  it("asks for no signature when the endpoint wants more for gas than an act may cost", async () => {
    const dear: Meddle = ({ method }, answer) =>
      method === "eth_maxPriorityFeePerGas" ? Promise.resolve(toQuantity(10n ** 15n)) : answer();
    expect(await problemOf(submit(on.submitting(dear)))).to.match(
      /cost up to \d+\.\d+ .*more than 1\.0: it was not signed/,
    );
    expect(on.signatures).to.deep.equal([]);
  });

  it("does not replace a transaction by one that would cost more than an act may", async () => {
    const told: string[] = [];
    await on.stopMining();
    const dear: Meddle = ({ method }, answer) =>
      on.signatures.length > 0 && method === "eth_maxPriorityFeePerGas"
        ? Promise.resolve(toQuantity(10n ** 15n))
        : answer();
    const receipt = submit(
      on.submitting(dear, {
        patience: { poll: 20, replace: 300, giveUp: 10_000 },
        tell: (sentence) => void told.push(sentence),
      }),
    );
    while (!told.some((sentence) => sentence.includes("not replaced"))) await sleep(20);
    await on.mine();
    await receipt;
    expect(on.signatures).to.have.length(1);
  });

  it("believes no nonsense, and shows no URL of the endpoint", async () => {
    const outcome = submit(
      on.submitting(
        ({ method }, answer) =>
          method === "eth_getTransactionReceipt"
            ? Promise.resolve({ status: "ok", transactionHash: 7 })
            : method === "eth_sendRawTransaction"
              ? Promise.reject(new Error("cannot reach https://node.example/v2/s3cret"))
              : answer(),
        { patience: { ...QUICK, giveUp: 200 } },
      ),
    );
    expect(await problemOf(outcome))
      .to.contain("Run the command again")
      .and.not.to.contain("s3cret");
  });

  it("ignores a line that was being written when the process died, and refuses one that it did not write", async () => {
    await submit(on.submitting());
    const { file } = on;
    await appendFile(file, '{"nonce": 7, "ha');
    expect(await on.log().read()).to.have.length(1);

    await on.log().add((await on.log().read())[0]!);
    expect((await readFile(file, "utf8")).split("\n")).to.have.length(3);

    await appendFile(file, '{"nonce": 7}\n');
    expect(await problemOf(on.log().read())).to.contain("attempts.jsonl:3 is not what this program wrote");
  });
});
