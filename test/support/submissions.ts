import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { JsonRpcProvider, toQuantity, Wallet } from "ethers";
import type { EIP1193Provider } from "hardhat/types/providers";

import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { attemptsIn } from "../../scripts/lib/operations/attempts.js";
import type { Submitting } from "../../scripts/lib/operations/submit.js";
import { freePort } from "../../scripts/lib/processes.js";
import { requireSealed, sealed } from "../../scripts/lib/signers/sealed.js";
import type { Signer, UnsignedTransaction } from "../../scripts/lib/signers/signer.js";

/** Reverts once its slot 0 is 1, and burns two million gas once it is 2. */
const FICKLE = "0x600054806001146012576002146016570000" + "5b5f5ffd" + "5b620fffff5f20";
export const FICKLE_AT = "0x00000000000000000000000000000000000F1cE1";
export const QUICK = { poll: 20, replace: 60_000, giveUp: 4_000, final: 4_000, remind: 0 };

export type Request = { method: string; params?: unknown[] };
/** How an endpoint behaves: what it does with a request, and with the answer that the chain would give. */
export type Meddle = (request: Request, answer: () => Promise<unknown>) => Promise<unknown>;

/** What the work throws, in words. */
export const problemOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "nothing was thrown",
    (problem: Error) => problem.message,
  );

/** A chain, a key with a coin in each test, and all that one transaction of it is submitted with. */
export class Submissions {
  key!: Wallet;
  folder!: string;
  /** What was signed in this test. */
  signatures: UnsignedTransaction[] = [];

  private constructor(
    private readonly anvil: Anvil,
    readonly chain: JsonRpcProvider,
  ) {}

  static async start(): Promise<Submissions> {
    const anvil = await startAnvil({ port: await freePort() });
    const chain = new JsonRpcProvider(anvil.url, 31337, { staticNetwork: true, cacheTimeout: -1 });
    await chain.send("anvil_setCode", [FICKLE_AT, FICKLE]);
    return new Submissions(anvil, chain);
  }

  async stop(): Promise<void> {
    this.chain.destroy();
    await this.anvil.stop();
  }

  async begin(): Promise<void> {
    this.key = new Wallet(Wallet.createRandom().privateKey);
    this.signatures = [];
    this.folder = await mkdtemp(path.join(tmpdir(), "holdfast-submit-"));
    await this.chain.send("anvil_setBalance", [this.key.address, toQuantity(10n ** 18n)]);
    await this.chain.send("evm_setAutomine", [true]);
    await this.become(0);
  }

  async end(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  become = (value: number) =>
    this.chain.send("anvil_setStorageAt", [
      FICKLE_AT,
      toQuantity(0),
      `0x${value.toString(16).padStart(64, "0")}`,
    ]);
  stopMining = () => this.chain.send("evm_setAutomine", [false]);
  mine = () => this.chain.send("evm_mine", []);
  minedOfKey = () => this.chain.getTransactionCount(this.key.address);
  get file() {
    return path.join(this.folder, "attempts.jsonl");
  }
  log = () => attemptsIn(this.file);
  broadcast = async (raw: string) => (await this.chain.send("eth_sendRawTransaction", [raw])) as string;

  /** A key that counts what it signs. With `sends`, it behaves as a wallet that sends by itself. */
  signer = (sends = false): Signer => ({
    kind: sends ? "wallet" : "keystore",
    address: this.key.address,
    signTypedData: () => Promise.reject(new Error("not asked for")),
    signTransaction: async (transaction) => {
      requireSealed(transaction);
      this.signatures.push(transaction);
      const raw = await this.key.signTransaction(transaction);
      return sends ? { sent: await this.broadcast(raw) } : { raw };
    },
    close: () => Promise.resolve(),
  });

  /** A wallet that notes what it is about to send, and does with it what it is told to. */
  wallet = (does: (raw: string) => Promise<{ sent: string }>): Signer => ({
    ...this.signer(true),
    signTransaction: async (transaction, { beforeSending } = {}) => {
      await beforeSending?.();
      this.signatures.push(transaction);
      return await does(await this.key.signTransaction(transaction));
    },
  });

  submitting = (meddle: Meddle = (_, answer) => answer(), given: Partial<Submitting> = {}): Submitting => ({
    provider: {
      request: (request: Request) => meddle(request, () => this.ask(request)),
    } as unknown as EIP1193Provider,
    chainId: 31337,
    signer: this.signer(),
    call: { to: FICKLE_AT, value: 0n, data: "0x" },
    seal: sealed,
    log: this.log(),
    patience: QUICK,
    ...given,
  });

  async ask({ method, params = [] }: Request): Promise<unknown> {
    const response = await fetch(this.anvil.url, {
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
}
