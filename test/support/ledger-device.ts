import { EventEmitter } from "node:events";
import { createRequire } from "node:module";

import { HDNodeWallet, Transaction, concat, formatEther, hexlify, keccak256 } from "ethers";

import { MNEMONIC } from "./signing.js";

/** What the person at the device does about a screen. */
export type Act = "confirm" | "decline" | "unplug" | "be absent";

export interface LedgerDeviceOptions {
  readonly mnemonic?: string;
  readonly act?: (screen: readonly string[]) => Act;
  /** Whether its Ethereum app is allowed to sign what it cannot show. */
  readonly signsBlind?: boolean;
}

/** Status words, as Ledger's Ethereum app answers. */
const OK = 0x9000;
const DECLINED = 0x6985;
const CANNOT_SHOW = 0x6a80;
const NOT_SUPPORTED = 0x6d00;

class Refused extends Error {
  constructor(readonly status: number) {
    super();
  }
}

const HARDENED = 0x8000_0000;
const PACKET_BYTES = 64;
/** Channel, tag and sequence number at the head of every packet. */
const HEAD_BYTES = 5;
const APDU_TAG = 5;

/** The native module that talks to USB. Its functions are looked up at each call, so they can be put in its place. */
const nodeHid = createRequire(import.meta.url)("node-hid") as { devices: unknown; HID: unknown };

/** One connection to the device: packets of 64 bytes each way. */
class Hid extends EventEmitter {
  readonly #exchange: (apdu: Buffer) => Promise<Buffer>;
  #received = Buffer.alloc(0);
  #outgoing: Buffer[] = [];
  #reader?: (error: Error | undefined, packet?: Buffer) => void;

  constructor(exchange: (apdu: Buffer) => Promise<Buffer>) {
    super();
    this.#exchange = exchange;
  }

  getDeviceInfo() {
    return { product: "Nano S" };
  }

  /** @param report A report number, and then the packet. */
  write(report: number[]): void {
    const packet = Buffer.from(report.slice(1));
    const channel = packet.readUInt16BE(0);
    this.#received = Buffer.concat([this.#received, packet.subarray(HEAD_BYTES)]);
    const length = this.#received.readUInt16BE(0);
    if (this.#received.length < length + 2) return;
    const apdu = this.#received.subarray(2, length + 2);
    this.#received = Buffer.alloc(0);
    void this.#exchange(apdu).then(
      (answer) => this.#send(channel, answer),
      () => this.#reader?.(new Error("could not read from HID device"), Buffer.alloc(0)),
    );
  }

  read(reader: (error: Error | undefined, packet?: Buffer) => void): void {
    const packet = this.#outgoing.shift();
    if (packet) reader(undefined, packet);
    else this.#reader = reader;
  }

  close(): void {}

  #send(channel: number, answer: Buffer): void {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(answer.length);
    const content = Buffer.concat([length, answer]);
    const room = PACKET_BYTES - HEAD_BYTES;
    for (let number = 0; number * room < content.length; number++) {
      const packet = Buffer.alloc(PACKET_BYTES);
      packet.writeUInt16BE(channel, 0);
      packet.writeUInt8(APDU_TAG, 2);
      packet.writeUInt16BE(number, 3);
      content.copy(packet, HEAD_BYTES, number * room, (number + 1) * room);
      this.#outgoing.push(packet);
    }
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) this.read(reader);
  }
}

/**
 * A Ledger without the hardware, in the place of USB: Ledger's own libraries and Hardhat's plugin run unchanged above it.
 * It is one that takes typed data by its hashes only. It signs with a seed of its own, and records on its
 * {@link screens} what it makes of the bytes it receives.
 */
export class LedgerDevice {
  readonly screens: string[][] = [];
  readonly #options: LedgerDeviceOptions;
  readonly #replaced = { ...nodeHid };
  readonly #removed = Promise.withResolvers<void>();
  /** The key and the first bytes of a transaction that arrives in pieces. */
  #pending?: { key: HDNodeWallet; bytes: Buffer };

  private constructor(options: LedgerDeviceOptions) {
    this.#options = options;
  }

  static plugIn(options: LedgerDeviceOptions = {}): LedgerDevice {
    const device = new LedgerDevice(options);
    nodeHid.devices = () => [{ path: "ledger", productId: 0x1011, interface: 0, usagePage: 0xffa0 }];
    nodeHid.HID = class extends Hid {
      constructor() {
        super((apdu) => device.#exchange(apdu));
      }
    };
    return device;
  }

  /** No device at all, to software that could talk to one. */
  unplug(): void {
    nodeHid.devices = () => [];
  }

  /** As the library is when it was installed and not built. */
  unbuild(): void {
    nodeHid.devices = () => {
      throw new Error("Could not locate the bindings file.");
    };
  }

  /** Gives USB back to whatever talked to it before. */
  remove(): void {
    this.#removed.resolve();
    Object.assign(nodeHid, this.#replaced);
  }

  /** Rejects only when the device is gone. */
  async #exchange(apdu: Buffer): Promise<Buffer> {
    const [group, instruction, first] = apdu as unknown as [number, number, number];
    try {
      const answer = await this.#answer((group << 8) | instruction, first === 0, apdu.subarray(5));
      return Buffer.concat([answer, statusWord(OK)]);
    } catch (refused) {
      if (refused instanceof Refused) return statusWord(refused.status);
      throw refused;
    }
  }

  async #answer(command: number, isFirst: boolean, data: Buffer): Promise<Buffer> {
    switch (command) {
      case 0xb001:
        return Buffer.concat([Buffer.from([1]), sized("Ethereum"), sized("1.10.3"), Buffer.from([1, 0])]);
      case 0xe002: {
        const { key } = this.#keyAt(data);
        const publicKey = Buffer.from(key.signingKey.publicKey.slice(2), "hex");
        return Buffer.concat([Buffer.from([publicKey.length]), publicKey, sized(key.address.slice(2))]);
      }
      case 0xe004:
        return this.#signTransaction(isFirst, data);
      case 0xe00c:
        return this.#signHashes(data);
      default:
        throw new Refused(NOT_SUPPORTED);
    }
  }

  async #signTransaction(isFirst: boolean, data: Buffer): Promise<Buffer> {
    const pending = isFirst ? this.#keyAt(data) : this.#pending!;
    const bytes = isFirst ? pending.bytes : Buffer.concat([pending.bytes, data]);
    this.#pending = { ...pending, bytes };
    const transaction = parsed(bytes);
    if (transaction === undefined) return Buffer.alloc(0);

    const { chainId, value, to, gasLimit, maxFeePerGas, unsignedHash, data: calldata } = transaction;
    const isBlind = calldata !== "0x";
    if (isBlind && this.#options.signsBlind === false) throw new Refused(CANNOT_SHOW);
    const coin = chainId === 1n ? "ETH" : "???";
    const inCoins = (wei: bigint) => `${formatEther(wei).replace(/\.0$/, "")} ${coin}`;
    if (isBlind) this.#show(["Blind signing ahead", "To accept risk, press both buttons"]);
    this.#show(["Review transaction"]);
    this.#show(["From", pending.key.address]);
    if (!isBlind || value > 0n) this.#show(["Amount", inCoins(value)]);
    this.#show(["To", to!]);
    this.#show(["Max fees", inCoins(gasLimit * maxFeePerGas!)]);
    if (chainId !== 1n) this.#show(["Network", chainId.toString()]);
    if (isBlind) this.#show(["Tx hash", unsignedHash]);
    await this.#confirm([isBlind ? "Accept risk and sign transaction" : "Sign transaction"]);
    return this.#signature(pending.key, unsignedHash, 0);
  }

  async #signHashes(data: Buffer): Promise<Buffer> {
    const { key, bytes } = this.#keyAt(data);
    if (bytes.length === 0) throw new Refused(NOT_SUPPORTED);
    if (this.#options.signsBlind === false) throw new Refused(CANNOT_SHOW);
    const [domainHash, messageHash] = [bytes.subarray(0, 32), bytes.subarray(32, 64)];
    const inCapitals = (hash: Buffer) => `0x${hash.toString("hex").toUpperCase()}`;
    this.#show(["Blind signing ahead", "To accept risk, press both buttons"]);
    this.#show(["Review typed message"]);
    this.#show(["Domain hash", inCapitals(domainHash)]);
    this.#show(["Message hash", inCapitals(messageHash)]);
    await this.#confirm(["Sign message"]);
    return this.#signature(key, keccak256(concat(["0x1901", domainHash, messageHash])), 27);
  }

  #show(screen: string[]): void {
    this.screens.push(screen);
  }

  async #confirm(screen: string[]): Promise<void> {
    this.#show(screen);
    switch (this.#options.act?.(screen) ?? "confirm") {
      case "confirm":
        return;
      case "decline":
        throw new Refused(DECLINED);
      case "unplug":
        this.unplug();
        throw new Error("the device is gone");
      case "be absent":
        await this.#removed.promise;
        throw new Refused(DECLINED);
    }
  }

  #signature(key: HDNodeWallet, digest: string, firstV: number): Buffer {
    const { r, s, yParity } = key.signingKey.sign(digest);
    return Buffer.concat([Buffer.from([firstV + yParity]), Buffer.from(r.slice(2) + s.slice(2), "hex")]);
  }

  /** The key at the path that stands first, and the bytes behind it. */
  #keyAt(data: Buffer): { key: HDNodeWallet; bytes: Buffer } {
    const length = data[0]!;
    const steps = Array.from({ length }, (_, index) => data.readUInt32BE(1 + 4 * index));
    const path = steps.map((step) => (step >= HARDENED ? `${step - HARDENED}'` : step)).join("/");
    const key = HDNodeWallet.fromPhrase(this.#options.mnemonic ?? MNEMONIC, "", `m/${path}`);
    return { key, bytes: data.subarray(1 + 4 * length) };
  }
}

const statusWord = (status: number) => Buffer.from([status >> 8, status & 0xff]);

const sized = (text: string) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

/** The transaction, if all of it has arrived. */
function parsed(bytes: Buffer): Transaction | undefined {
  try {
    return Transaction.from(hexlify(bytes));
  } catch {
    return undefined;
  }
}
