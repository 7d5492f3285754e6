import { createRequire } from "node:module";

import { getAddress, keccak256, toQuantity } from "ethers";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HardhatPlugin } from "hardhat/types/plugins";

import { Fault } from "../../../deploy/fault.js";
import { Alarm } from "./alarm.js";
import { checked } from "./checked.js";
import { faultOf, noAnswer, notBuilt, notReady } from "./ledger-faults.js";
import type { Person } from "./person.js";
import type { Signer } from "./signer.js";
import { typedDataPayload } from "./typed-data.js";

export interface LedgerOptions {
  /** Whose key. The plugin looks for it at m/44'/60'/0'/0/0 to m/44'/60'/20'/0/0. */
  readonly address: string;
  /** Derivation path of the key, where it is none of those. */
  readonly path?: string;
  /** How long to wait for a device that is plugged in, unlocked and has its Ethereum app open, in milliseconds. */
  readonly deviceMs: number;
  /** How long a person may take to decide, in milliseconds. */
  readonly personMs: number;
  readonly person: Person;
}

const NETWORK = "ledger";

/**
 * A key on a Ledger, through Hardhat's plugin for it.
 *
 * The plugin signs what an account of a network is asked to sign, and a transaction only in order to send it. So it is
 * given a Hardhat of its own, whose network is nowhere and keeps what it is asked to send; and it is loaded only here.
 */
export async function openLedger({ address: wanted, path, ...options }: LedgerOptions): Promise<Signer> {
  requireNodeHid();
  const address = getAddress(wanted);
  const conversation = new Conversation(options);
  const { default: ledgerPlugin } = await import("@nomicfoundation/hardhat-ledger");
  const hre = await createHardhatRuntimeEnvironment({
    // What the plugin passes on reaches the plugins before it.
    plugins: [conversation.plugin, ledgerPlugin],
    networks: {
      [NETWORK]: {
        type: "http",
        url: "http://127.0.0.1:1",
        ledgerAccounts: [address],
        ledgerOptions: path === undefined ? undefined : { derivationFunction: () => path },
      },
    },
  });
  const connection = await hre.network.create(NETWORK);
  const ask = (method: string, params: unknown[]) =>
    conversation.during<string>(() => connection.provider.request({ method, params }));

  return checked({
    kind: "ledger",
    address,
    signTypedData: (message) => ask("eth_signTypedData_v4", [address, typedDataPayload(message)]),
    async signTransaction(transaction) {
      conversation.chainId = transaction.chainId;
      const { to, data } = transaction;
      const request = {
        from: address,
        to,
        // The plugin takes no data for a byte of zeros.
        ...(data === "0x" ? {} : { data }),
        nonce: toQuantity(transaction.nonce),
        value: toQuantity(transaction.value),
        gas: toQuantity(transaction.gasLimit),
        maxFeePerGas: toQuantity(transaction.maxFeePerGas),
        maxPriorityFeePerGas: toQuantity(transaction.maxPriorityFeePerGas),
      };
      await ask("eth_sendTransaction", [request]);
      return { raw: conversation.kept };
    },
    close: () => connection.close(),
  });
}

/** What the plugin says on the way, and what it wants to send. */
class Conversation {
  chainId = 0;
  /** The transaction that was to be sent last. */
  kept = "";
  readonly #options: Omit<LedgerOptions, "address" | "path">;
  #alarm = new Alarm();
  #since = 0;

  constructor(options: Omit<LedgerOptions, "address" | "path">) {
    this.#options = options;
  }

  async during<Answer>(ask: () => Promise<unknown>): Promise<Answer> {
    const alarm = (this.#alarm = new Alarm());
    this.#since = Date.now();
    try {
      return (await Promise.race([ask(), alarm.rung])) as Answer;
    } catch (error) {
      throw faultOf(error);
    } finally {
      alarm.stop();
    }
  }

  /** Between the Ledger's plugin and a network that is nowhere. */
  get plugin(): HardhatPlugin {
    return {
      id: "holdfast-ledger-conversation",
      hookHandlers: {
        userInterruptions: () =>
          Promise.resolve({
            default: () =>
              Promise.resolve({
                displayMessage: (_context, _interruptor, message) => this.#hear(message),
              }),
          }),
        network: () =>
          Promise.resolve({
            default: () =>
              Promise.resolve({
                onRequest: (_context, _connection, { id, method, params }) =>
                  Promise.resolve({ jsonrpc: "2.0", id, result: this.#answer(method, params) }),
              }),
          }),
      },
    };
  }

  /** The plugin would go on looking for its device for half an hour: it is told to stop where it says so. */
  #hear(message: string): Promise<void> {
    const { deviceMs, personMs, person } = this.#options;
    if (message.includes("Retrying") && Date.now() - this.#since >= deviceMs) {
      return Promise.reject(notReady(message));
    }
    if (message === "Confirmation start") this.#alarm.set(personMs, () => noAnswer(personMs));
    person.tell(`Ledger: ${message}`);
    return Promise.resolve();
  }

  #answer(method: string, params: unknown): string {
    if (method === "eth_chainId") return toQuantity(this.chainId);
    if (method !== "eth_sendRawTransaction")
      throw new Fault(`The Ledger's plugin left ${method} to the network.`);
    [this.kept] = params as [string];
    return keccak256(this.kept);
  }
}

/** The one part of the plugin that is compiled on the machine, and is not when packages are installed. */
function requireNodeHid(): void {
  try {
    (createRequire(import.meta.url)("node-hid") as { devices(): unknown }).devices();
  } catch (cause) {
    throw notBuilt(cause);
  }
}
