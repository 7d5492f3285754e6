import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";
import { JsonRpcProvider, Wallet, keccak256, toQuantity } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";

import { startAnvil, type Anvil } from "../../../scripts/lib/anvil.js";
import { attemptsIn, type Attempt } from "../../../scripts/lib/operations/attempts.js";
import { submit, type Submitting } from "../../../scripts/lib/operations/submit.js";
import { Declined } from "../../../scripts/lib/signers/declined.js";
import { requireSealed, sealed } from "../../../scripts/lib/signers/sealed.js";
import type { Signer, UnsignedTransaction } from "../../../scripts/lib/signers/signer.js";

const PORT = 20_411;
/** Reverts once its slot 0 is 1, and burns two million gas once it is 2. */
const FICKLE = "0x600054806001146012576002146016570000" + "5b5f5ffd" + "5b620fffff5f20";
const FICKLE_AT = "0x00000000000000000000000000000000000F1cE1";
/** What the work throws, in words. */
const problemOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was thrown",
    (problem: Error) => problem.message,
  );
const QUICK = { poll: 20, replace: 60_000, giveUp: 4_000 };

type Request = { method: string; params?: unknown[] };
type Meddle = (request: Request, answer: () => Promise<unknown>) => Promise<unknown>;

describe("Submitting a transaction", function () {
  let anvil: Anvil;
  let chain: JsonRpcProvider;
  let key: Wallet;
  let folder: string;
  let signatures: UnsignedTransaction[];

  before(async () => {
    anvil = await startAnvil({ port: PORT });
    chain = new JsonRpcProvider(anvil.url, 31337, { staticNetwork: true, cacheTimeout: -1 });
    await chain.send("anvil_setCode", [FICKLE_AT, FICKLE]);
  });

  after(async () => {
    chain.destroy();
    await anvil.stop();
  });

  beforeEach(async () => {
    key = new Wallet(Wallet.createRandom().privateKey);
    signatures = [];
    folder = await mkdtemp(path.join(tmpdir(), "holdfast-submit-"));
    await chain.send("anvil_setBalance", [key.address, toQuantity(10n ** 18n)]);
    await chain.send("evm_setAutomine", [true]);
    await become(0);
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const become = (value: number) =>
    chain.send("anvil_setStorageAt", [FICKLE_AT, toQuantity(0), `0x${value.toString(16).padStart(64, "0")}`]);
  const stopMining = () => chain.send("evm_setAutomine", [false]);
  const mine = () => chain.send("evm_mine", []);
  const minedOfKey = () => chain.getTransactionCount(key.address);
  const log = () => attemptsIn(path.join(folder, "attempts.jsonl"));

  /** A key that counts what it signs. With `sends`, it behaves as a wallet that sends by itself. */
  function signer(sends = false): Signer {
    return {
      kind: sends ? "wallet" : "keystore",
      address: key.address,
      signTypedData: () => Promise.reject(new Error("not asked for")),
      async signTransaction(transaction) {
        requireSealed(transaction);
        signatures.push(transaction);
        const raw = await key.signTransaction(transaction);
        return sends ? { sent: (await chain.send("eth_sendRawTransaction", [raw])) as string } : { raw };
      },
      close: () => Promise.resolve(),
    };
  }

  const submitting = (
    meddle: Meddle = (_, answer) => answer(),
    given: Partial<Submitting> = {},
  ): Submitting => ({
    provider: {
      request: (request: Request) => meddle(request, () => ask(request)),
    } as unknown as EIP1193Provider,
    chainId: 31337,
    signer: signer(),
    call: { to: FICKLE_AT, value: 0n, data: "0x" },
    seal: sealed,
    log: log(),
    patience: QUICK,
    ...given,
  });

  async function ask({ method, params = [] }: Request): Promise<unknown> {
    const response = await fetch(anvil.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as {
      result?: unknown;
      error?: { code: number; message: string };
    };
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return result;
  }

  it("returns the receipt of what was mined", async () => {
    const receipt = await submit(submitting());
    expect(receipt.succeeded).to.equal(true);
    expect(await minedOfKey()).to.equal(1);
  });

  it("writes down what was signed before it sends it", async () => {
    let written: readonly Attempt[] = [];
    await submit(
      submitting(async ({ method }, answer) => {
        if (method === "eth_sendRawTransaction") written = await log().read();
        return await answer();
      }),
    );
    expect(written).to.have.length(1);
  });

  it("sends nothing twice when the answer to sending is lost", async () => {
    await submit(
      submitting(async ({ method }, answer) => {
        const result = await answer();
        if (method === "eth_sendRawTransaction") throw new Error("socket hang up");
        return result;
      }),
    );
    expect(signatures).to.have.length(1);
    expect(await minedOfKey()).to.equal(1);
  });

  it("waits for an endpoint that is dead for a while after signing", async () => {
    let refusals = 25;
    const receipt = await submit(
      submitting((_, answer) =>
        signatures.length > 0 && refusals-- > 0 ? Promise.reject(new Error("ECONNREFUSED")) : answer(),
      ),
    );
    expect(receipt.succeeded).to.equal(true);
    expect(await minedOfKey()).to.equal(1);
  });

  it("goes on with what a killed run signed and did not send, without asking for a signature", async () => {
    const killed = problemOf(
      submit(
        submitting(
          ({ method }, answer) =>
            method === "eth_sendRawTransaction" ? Promise.reject(new Error("killed")) : answer(),
          { patience: { ...QUICK, giveUp: 100 } },
        ),
      ),
    );
    expect(await killed).to.contain("was not seen mined");
    expect(await minedOfKey()).to.equal(0);

    const receipt = await submit(submitting());
    expect(receipt.succeeded).to.equal(true);
    expect(signatures).to.have.length(1);
  });

  it("returns the same receipt when it is run again after all is done", async () => {
    const first = await submit(submitting());
    const second = await submit(submitting());
    expect(second).to.deep.equal(first);
    expect(await minedOfKey()).to.equal(1);
  });

  it("replaces a transaction that stays unmined by one with fees at least an eighth higher", async () => {
    await stopMining();
    const receipt = submit(submitting(undefined, { patience: { poll: 20, replace: 300, giveUp: 10_000 } }));
    while (signatures.length < 2) await sleep(20);
    await sleep(100);
    await mine();
    expect((await receipt).succeeded).to.equal(true);
    const [first, second] = signatures as [UnsignedTransaction, UnsignedTransaction];
    expect(second.nonce).to.equal(first.nonce);
    expect(second.maxFeePerGas * 8n).to.be.greaterThan(first.maxFeePerGas * 9n);
    expect(second.maxPriorityFeePerGas * 8n).to.be.greaterThan(first.maxPriorityFeePerGas * 9n);
    expect((await receipt).hash).to.equal((await log().read())[1]!.hash);
    expect(await minedOfKey()).to.equal(1);
  });

  it("finds out when an earlier version was mined after all", async () => {
    await stopMining();
    const receipt = submit(
      submitting(
        ({ method }, answer) =>
          method === "eth_sendRawTransaction" && signatures.length > 1
            ? Promise.reject(new Error("ECONNRESET"))
            : answer(),
        { patience: { poll: 20, replace: 200, giveUp: 10_000 } },
      ),
    );
    while (signatures.length < 2) await sleep(20);
    await mine();
    expect((await receipt).hash).to.equal((await log().read())[0]!.hash);
    expect(await minedOfKey()).to.equal(1);
  });

  it("says so when another transaction took the nonce, and takes the next one when it is run again", async () => {
    await stopMining();
    const lost = problemOf(
      submit(
        submitting(({ method }, answer) =>
          method === "eth_sendRawTransaction" ? Promise.reject(new Error("dropped")) : answer(),
        ),
      ),
    );
    while (signatures.length < 1) await sleep(20);
    const other = await key.connect(chain).sendTransaction({ to: key.address, nonce: 0 });
    await mine();
    expect(await lost)
      .to.contain("Nonce 0")
      .and.to.contain("was used by another transaction");
    expect((await chain.getTransactionReceipt(other.hash))!.status).to.equal(1);

    await chain.send("evm_setAutomine", [true]);
    const receipt = await submit(submitting());
    expect(receipt.succeeded).to.equal(true);
    expect(await minedOfKey()).to.equal(2);
  });

  it("asks for no signature when the transaction would fail", async () => {
    await become(1);
    expect(await problemOf(submit(submitting()))).to.match(/would fail: .*revert.*Nothing was sent/);
    expect(signatures).to.have.length(0);
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
      const said = await problemOf(submit(submitting(busy)));
      expect(said).to.match(/^The endpoint did not answer: .*another RPC/);
      expect(said).not.to.include("\u001b");
    });
  }

  it("calls an endpoint that does not answer no forgery of what was signed", async () => {
    const dead: Meddle = ({ method }, answer) =>
      method === "eth_sendRawTransaction" ? Promise.reject(new Error("dropped")) : answer();
    await problemOf(submit(submitting(dead, { patience: { ...QUICK, giveUp: 50 } })));
    const seal = () => Promise.reject(new Error("socket hang up"));
    const said = await problemOf(submit(submitting(undefined, { seal })));
    expect(said).to.include("The endpoint did not answer: socket hang up");
    expect((await submit(submitting())).succeeded).to.equal(true);
  });

  it("says so when the transaction was mined and failed", async () => {
    await stopMining();
    const outcome = problemOf(submit(submitting()));
    while (signatures.length < 1) await sleep(20);
    await become(1);
    await sleep(100);
    await mine();
    expect(await outcome).to.match(/was mined and failed: .*revert/);
  });

  it("sends again with more gas when what it met cost more than the estimate", async () => {
    await stopMining();
    const outcome = submit(submitting());
    while (signatures.length < 1) await sleep(20);
    await sleep(100);
    await become(2);
    await mine();
    await chain.send("evm_setAutomine", [true]);
    expect((await outcome).succeeded).to.equal(true);
    expect(signatures).to.have.length(2);
    expect(signatures[1]!.gasLimit).to.be.greaterThan(2_000_000n);
  });

  it("waits for what a wallet sent by itself", async () => {
    const receipt = await submit(submitting(undefined, { signer: signer(true) }));
    expect(receipt.succeeded).to.equal(true);
    expect((await log().read())[0]!.raw).to.equal(null);
  });

  /** A wallet that notes what it is about to send, and does with it what it is told to. */
  const wallet = (does: (raw: string) => Promise<{ sent: string }>): Signer => ({
    ...signer(true),
    async signTransaction(transaction, { beforeSending } = {}) {
      await beforeSending?.();
      signatures.push(transaction);
      return await does(await key.signTransaction(transaction));
    },
  });
  const broadcast = async (raw: string) => (await chain.send("eth_sendRawTransaction", [raw])) as string;
  const lost = () => Promise.reject(new Error("socket hang up"));

  it("writes down what a wallet is asked for before it is asked", async () => {
    let open: unknown;
    const asking = wallet(async (raw) => {
      open = await log().open();
      return { sent: await broadcast(raw) };
    });
    await submit(submitting(undefined, { signer: asking }));
    expect(open).to.include({ kind: "asked", nonce: 0, to: FICKLE_AT });
    expect(await log().open()).to.equal(undefined);
  });

  it("finds what a wallet has sent whose answer was lost, and does not ask it again", async () => {
    const losing = wallet(async (raw) => {
      await broadcast(raw);
      return await lost();
    });
    expect(await problemOf(submit(submitting(undefined, { signer: losing })))).to.equal("socket hang up");
    for (let i = 0; i < 5; i += 1) await mine();
    const receipt = await submit(submitting(undefined, { signer: losing }));
    expect(receipt.succeeded).to.equal(true);
    expect(signatures).to.have.length(1);
    expect(await minedOfKey()).to.equal(1);
    expect((await log().read()).map(({ hash }) => hash)).to.deep.equal([receipt.hash]);
  });

  it("waits for what a wallet has sent whose answer was lost, while the node knows it", async () => {
    await stopMining();
    const losing = wallet(async (raw) => {
      await broadcast(raw);
      return await lost();
    });
    await problemOf(submit(submitting(undefined, { signer: losing })));
    const receipt = submit(submitting(undefined, { signer: losing }));
    await sleep(200);
    await mine();
    expect((await receipt).succeeded).to.equal(true);
    expect([signatures.length, await minedOfKey()]).to.deep.equal([1, 1]);
  });

  it("asks a person before it asks a wallet again, which then has the same nonce", async () => {
    const silent = wallet(lost);
    await problemOf(submit(submitting(undefined, { signer: silent })));
    expect(await problemOf(submit(submitting(undefined, { signer: silent })))).to.match(
      /^The wallet was asked at .* with nonce 0, and the chain does not know it: look into the wallet.*Nothing was sent now\.$/,
    );
    expect(signatures).to.have.length(1);
    const questions: string[] = [];
    const ask = (question: string) => Promise.resolve(questions.push(question) > 0);
    const sending = wallet(async (raw) => ({ sent: await broadcast(raw) }));
    expect((await submit(submitting(undefined, { signer: sending, ask }))).succeeded).to.equal(true);
    expect(questions).to.have.length(1);
    expect(signatures.map(({ nonce }) => nonce)).to.deep.equal([0, 0]);
  });

  it("takes what a wallet has sent with other fees for what it was asked for", async () => {
    const dearer = wallet(async () => {
      const { maxFeePerGas, ...rest } = signatures.at(-1)!;
      await broadcast(await key.signTransaction({ ...rest, maxFeePerGas: maxFeePerGas * 2n }));
      return await lost();
    });
    await problemOf(submit(submitting(undefined, { signer: dearer })));
    expect((await submit(submitting(undefined, { signer: dearer }))).succeeded).to.equal(true);
    expect([signatures.length, await minedOfKey()]).to.deep.equal([1, 1]);
  });

  it("forgets what a wallet's owner declined", async () => {
    const declining = wallet(() => Promise.reject(new Declined("Its owner declined.")));
    expect(await problemOf(submit(submitting(undefined, { signer: declining })))).to.equal(
      "Its owner declined.",
    );
    expect(await log().open()).to.equal(undefined);
    expect((await submit(submitting())).succeeded).to.equal(true);
  });

  it("signs nothing where the endpoint does not tell by what a nonce was used", async () => {
    const forgetful: Meddle = async ({ method, params }, answer) => {
      if (method === "eth_getTransactionReceipt") return null;
      if (method === "eth_getTransactionCount" && params?.[1] !== "latest" && params?.[1] !== "pending")
        throw Object.assign(new Error("missing trie node"), { code: -32000 });
      return await answer();
    };
    const said = await problemOf(submit(submitting(forgetful)));
    expect(said).to.match(/^Nonce 0 of 0x\w+ is used, and the endpoint does not tell by what: .*history\.$/);
    expect(await problemOf(submit(submitting(forgetful)))).to.equal(said);
    expect([signatures.length, await minedOfKey()]).to.deep.equal([1, 1]);
    expect((await submit(submitting())).succeeded).to.equal(true);
    expect([signatures.length, await minedOfKey()]).to.deep.equal([1, 1]);
  });

  for (const [what, message] of Object.entries({
    "nonce too low": "nonce too low: next nonce 1, tx nonce 0",
    "already known": "already known",
    "replacement transaction underpriced": "replacement transaction underpriced",
    "insufficient funds for what it has taken": "insufficient funds for gas * price + value",
  })) {
    it(`mines one transaction where the node takes it, and answers with: ${what}`, async () => {
      const receipt = await submit(
        submitting(async ({ method }, answer) => {
          if (method !== "eth_sendRawTransaction") return await answer();
          await answer().catch(() => undefined);
          throw Object.assign(new Error(message), { code: -32000 });
        }),
      );
      expect(receipt.succeeded).to.equal(true);
      expect([signatures.length, await minedOfKey()]).to.deep.equal([1, 1]);
    });
  }

  it("sends the same bytes again when the chain has taken the block back", async () => {
    const snapshot = (await chain.send("evm_snapshot", [])) as string;
    const first = await submit(submitting());
    await chain.send("evm_revert", [snapshot]);
    const second = await submit(submitting());
    expect(second.hash).to.equal(first.hash);
    expect([signatures.length, await minedOfKey()]).to.deep.equal([1, 1]);
  });

  for (const [what, alter] of Object.entries({
    "other bytes": async (attempt: Attempt) => {
      const other = await key.signTransaction({ ...signatures[0]!, to: key.address });
      return { ...attempt, raw: other, hash: keccak256(other) };
    },
    "other bytes under its hash": async (attempt: Attempt) => ({
      ...attempt,
      raw: await key.signTransaction({ ...signatures[0]!, data: "0x12" }),
    }),
    "another key's bytes": async (attempt: Attempt) => {
      const raw = await new Wallet(Wallet.createRandom().privateKey).signTransaction(signatures[0]!);
      return { ...attempt, raw, hash: keccak256(raw) };
    },
    "lower fees": (attempt: Attempt) => Promise.resolve({ ...attempt, maxFeePerGas: "1" }),
    "no transaction": (attempt: Attempt) => Promise.resolve({ ...attempt, raw: "0x1234" }),
  })) {
    it(`sends nothing from a log in which somebody put ${what}, and names it`, async () => {
      const dead: Meddle = ({ method }, answer) =>
        method === "eth_sendRawTransaction" ? Promise.reject(new Error("dropped")) : answer();
      await problemOf(submit(submitting(dead, { patience: { ...QUICK, giveUp: 50 } })));
      const file = path.join(folder, "attempts.jsonl");
      await writeFile(file, `${JSON.stringify(await alter((await log().read())[0]!))}\n`);
      expect(await problemOf(submit(submitting())))
        .to.include(`${file} holds what was not signed for this`)
        .and.include("Nothing was sent");
      expect(await minedOfKey()).to.equal(0);
    });
  }

  it("says that what was signed beforehand is spent when it ran out of gas", async () => {
    await stopMining();
    const outcome = problemOf(submit(submitting(undefined, { isBound: true })));
    while (signatures.length < 1) await sleep(20);
    await sleep(100);
    await become(2);
    await mine();
    const spent =
      /ran out of its \d+ gas and changed nothing\. .* for nonce 0 alone, which is spent now: take a later rung/;
    expect(await outcome).to.match(spent);
    expect(await problemOf(submit(submitting(undefined, { isBound: true })))).to.match(spent);
    expect(signatures).to.have.length(1);
  });

  it("refuses at once what the chain will never take", async () => {
    await chain.send("anvil_setBalance", [key.address, toQuantity(1n)]);
    expect(await problemOf(submit(submitting()))).to.match(/nsufficient/);
  });

  it("asks for no signature when the endpoint wants more for gas than an act may cost", async () => {
    const dear: Meddle = ({ method }, answer) =>
      method === "eth_maxPriorityFeePerGas" ? Promise.resolve(toQuantity(10n ** 15n)) : answer();
    expect(await problemOf(submit(submitting(dear)))).to.match(
      /cost up to \d+\.\d+ .*more than 1\.0: it was not signed/,
    );
    expect(signatures).to.deep.equal([]);
  });

  it("does not replace a transaction by one that would cost more than an act may", async () => {
    const told: string[] = [];
    await stopMining();
    const dear: Meddle = ({ method }, answer) =>
      signatures.length > 0 && method === "eth_maxPriorityFeePerGas"
        ? Promise.resolve(toQuantity(10n ** 15n))
        : answer();
    const receipt = submit(
      submitting(dear, {
        patience: { poll: 20, replace: 300, giveUp: 10_000 },
        tell: (sentence) => void told.push(sentence),
      }),
    );
    while (!told.some((sentence) => sentence.includes("not replaced"))) await sleep(20);
    await mine();
    await receipt;
    expect(signatures).to.have.length(1);
  });

  it("believes no nonsense, and shows no URL of the endpoint", async () => {
    const outcome = submit(
      submitting(
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
    await submit(submitting());
    const file = path.join(folder, "attempts.jsonl");
    await appendFile(file, '{"nonce": 7, "ha');
    expect(await log().read()).to.have.length(1);

    await log().add((await log().read())[0]!);
    expect((await readFile(file, "utf8")).split("\n")).to.have.length(3);

    await appendFile(file, '{"nonce": 7}\n');
    expect(await problemOf(log().read())).to.contain("attempts.jsonl:3 is not what this program wrote");
  });
});
