import {
  concat,
  dataLength,
  formatUnits,
  getAddress,
  id,
  keccak256,
  toUtf8String,
  zeroPadBytes,
} from "ethers";

import {
  Refused,
  hexOf,
  numberOf,
  restOfData,
  signedDigest,
  signedTransaction,
  symbolOf,
  type Device,
  type Firmware,
} from "./firmware.js";

/** A type as the host describes it on the wire. */
interface FieldType {
  readonly data_type: "UINT" | "INT" | "BYTES" | "STRING" | "BOOL" | "ADDRESS" | "ARRAY" | "STRUCT";
  /** Bytes of a value, members of a struct, entries of an array; null if not fixed. */
  readonly size: number | null;
  readonly entry_type: FieldType | null;
  readonly struct_name: string | null;
}
interface Member {
  readonly name: string;
  readonly type: FieldType;
}
type Types = Map<string, readonly Member[]>;

function nameOf({ data_type, size, entry_type, struct_name }: FieldType): string {
  switch (data_type) {
    case "STRUCT":
      return struct_name!;
    case "ARRAY":
      return `${nameOf(entry_type!)}[${size ?? ""}]`;
    case "UINT":
    case "INT":
      return data_type.toLowerCase() + size! * 8;
    case "BYTES":
      return `bytes${size ?? ""}`;
    case "STRING":
    case "BOOL":
    case "ADDRESS":
      return data_type.toLowerCase();
  }
}

/** A value in words, from its bytes on the wire. */
function words({ data_type, size }: FieldType, value: string): string {
  switch (data_type) {
    case "UINT":
      return BigInt(`0x${value}`).toString();
    case "INT":
      return BigInt.asIntN(size! * 8, BigInt(`0x${value}`)).toString();
    case "BOOL":
      return value === "01" ? "true" : "false";
    case "ADDRESS":
      return getAddress(`0x${value}`);
    case "STRING":
      return toUtf8String(`0x${value}`);
    case "BYTES":
      return value;
    case "ARRAY":
    case "STRUCT":
      throw new Error(`${data_type} has no value of its own`);
  }
}

/** A value in 32 bytes, as EIP-712 has it. */
function encoded({ data_type, size }: FieldType, value: string): string {
  switch (data_type) {
    case "BYTES":
      return size === null ? keccak256(`0x${value}`) : zeroPadBytes(`0x${value}`, 32);
    case "STRING":
      return keccak256(`0x${value}`);
    case "INT": {
      const number = BigInt.asUintN(256, BigInt.asIntN(size! * 8, BigInt(`0x${value}`)));
      return `0x${number.toString(16).padStart(64, "0")}`;
    }
    case "UINT":
    case "BOOL":
    case "ADDRESS":
      return `0x${value.padStart(64, "0")}`;
    case "ARRAY":
    case "STRUCT":
      throw new Error(`${data_type} has no value of its own`);
  }
}

const elementOf = (type: FieldType): FieldType =>
  type.data_type === "ARRAY" ? elementOf(type.entry_type!) : type;

/** Shortened to its end, as it must fit into a title. */
const title = (parts: readonly string[]) => {
  const text = parts.join(".");
  return text.length <= 18 ? text : `..${text.slice(-16)}`;
};

const many = (count: number, noun: string) => {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${/[hsxz]$/.test(noun) ? "es" : "s"}`;
};

/** Hashes typed data as the host streams it, and shows every value on the way. */
class TypedData {
  readonly #types: Types = new Map();

  constructor(
    readonly device: Device,
    readonly primaryType: string,
  ) {}

  async digest(expectedMessageHash: string): Promise<string> {
    const { device, primaryType } = this;
    await this.#collect("EIP712Domain");
    await this.#collect(primaryType);
    const domain = await this.#hash("EIP712Domain", [0], []);
    await device.show(["Confirm message", ...this.#contents(primaryType)]);
    const message = await this.#hash(primaryType, [1], [primaryType]);
    if (expectedMessageHash !== "") {
      if (message !== `0x${expectedMessageHash}`)
        throw new Refused("Failure_DataError", "Message hash mismatch");
      await device.show(["Confirm message hash", message], "ButtonRequest_SignTx");
    }
    await device.show(["Confirm typed data", "Really sign EIP-712 typed data?"]);
    return keccak256(concat(["0x1901", domain, message]));
  }

  async #collect(name: string): Promise<void> {
    const { members } = await this.device.ask(
      "EthereumTypedDataStructRequest",
      { name },
      "EthereumTypedDataStructAck",
    );
    this.#types.set(name, members as Member[]);
    for (const { type } of members as Member[]) {
      const { struct_name } = elementOf(type);
      if (struct_name !== null && !this.#types.has(struct_name)) await this.#collect(struct_name);
    }
  }

  #contents(name: string): string[] {
    const members = this.#types.get(name)!;
    const keys = members.map((member) => member.name).join(", ");
    return [name, `Contains ${many(members.length, "key")}`, keys];
  }

  #typeHash(name: string): string {
    const used = new Set<string>();
    const visit = (struct: string) => {
      used.add(struct);
      for (const { type } of this.#types.get(struct)!) {
        const { struct_name } = elementOf(type);
        if (struct_name !== null && !used.has(struct_name)) visit(struct_name);
      }
    };
    visit(name);
    used.delete(name);
    const encodings = [name, ...[...used].sort()].map((struct) => {
      const members = this.#types.get(struct)!.map((member) => `${nameOf(member.type)} ${member.name}`);
      return `${struct}(${members.join(",")})`;
    });
    return id(encodings.join(""));
  }

  /** @param parents Where the struct stands, in words. The domain stands nowhere: its values share one screen. */
  async #hash(name: string, path: number[], parents: readonly string[]): Promise<string> {
    const parts = [this.#typeHash(name)];
    const domain: string[] = [];
    for (const [index, { name: field, type }] of this.#types.get(name)!.entries()) {
      const at = [...path, index];
      if (type.data_type === "STRUCT" || type.data_type === "ARRAY") {
        parts.push(await this.#hashNested(type, at, [...parents, field]));
        continue;
      }
      const value = await this.#value(at);
      parts.push(encoded(type, value));
      const label = `${field} (${nameOf(type)}):`;
      if (name === "EIP712Domain") domain.push(label, words(type, value));
      else await this.device.show([title(parents), label, words(type, value)]);
    }
    if (name === "EIP712Domain") await this.device.show([name, ...domain]);
    return keccak256(concat(parts));
  }

  async #hashNested(type: FieldType, path: number[], parents: readonly string[]): Promise<string> {
    if (type.data_type === "STRUCT") {
      await this.device.show([parents.join("."), ...this.#contents(type.struct_name!)]);
      return this.#hash(type.struct_name!, path, parents);
    }
    const entry = type.entry_type!;
    const size = type.size ?? Number(BigInt(`0x${await this.#value(path)}`));
    await this.device.show([title(parents), `Array of ${many(size, nameOf(entry))}`]);
    const parts: string[] = [];
    for (let index = 0; index < size; index++) {
      const at = [...path, index];
      if (entry.data_type === "STRUCT") {
        parts.push(await this.#hash(entry.struct_name!, at, parents));
      } else {
        const value = await this.#value(at);
        parts.push(encoded(entry, value));
        await this.device.show([title(parents), `[${index}] (${nameOf(entry)}):`, words(entry, value)]);
      }
    }
    return keccak256(concat(parts));
  }

  async #value(member_path: number[]): Promise<string> {
    const answer = await this.device.ask(
      "EthereumTypedDataValueRequest",
      { member_path },
      "EthereumTypedDataValueAck",
    );
    return hexOf(answer, "value");
  }
}

function amount(wei: bigint, symbol: string): string {
  const isDust = wei < 10n ** 9n;
  const [whole, fraction] = (isDust ? wei.toString() : formatUnits(wei)).split(".") as [string, string?];
  const grouped = BigInt(whole).toLocaleString("en-US");
  return `${grouped}${fraction && fraction !== "0" ? `.${fraction}` : ""} ${isDust ? "Wei " : ""}${symbol}`;
}

/** As much of the data as the device keeps in its memory before it shows the first of it. */
const KEPT_DIGITS = 6144 * 2;
const PAGE_DIGITS = 36 * 2;

/** The Trezor Safe 3 with firmware 2.12.4: `core/src/apps/ethereum`, with the layouts of its screen (`caesar`). */
export const fieldsFirmware: Firmware = {
  features: {
    major_version: 2,
    minor_version: 12,
    patch_version: 4,
    model: "Safe 3",
    internal_model: "T3B1",
    capabilities: ["Capability_Bitcoin", "Capability_Ethereum", "Capability_PassphraseEntry"],
  },
  answers: {
    async EthereumSignTypedData(device, request) {
      const key = await device.keyOf(request);
      await device.show(["Signing address", key.address.toLowerCase()], "ButtonRequest_SignTx");
      const typedData = new TypedData(device, String(request.primary_type));
      return signedDigest(key, await typedData.digest(hexOf(request, "show_message_hash")));
    },
    async EthereumSignTxEIP1559(device, request) {
      const key = await device.keyOf(request);
      const symbol = symbolOf(request);
      const confirm = (screen: string[]) => device.show(screen, "ButtonRequest_SignTx");
      const total = Number(request.data_length);

      let data = "";
      const showPages = async (chunk: string) => {
        for (let at = 0; at < chunk.length; at += PAGE_DIGITS) {
          const page = chunk.slice(at, at + PAGE_DIGITS);
          data += page;
          await confirm([`Data: ${dataLength(`0x${data}`)} / ${total} bytes`, page]);
        }
      };
      const rest = restOfData(device, request);
      let kept = hexOf(request, "data_initial_chunk");
      while (kept.length < Math.min(total * 2, KEPT_DIGITS)) {
        const { value } = (await rest.next()) as IteratorYieldResult<string>;
        kept += value;
      }
      await showPages(kept);
      for await (const chunk of rest) await showPages(chunk);

      const to = getAddress(String(request.to));
      await confirm([total > 0 ? "Interaction contract" : "Recipient", to]);
      const maximumFee = numberOf(request, "max_gas_fee") * numberOf(request, "gas_limit");
      await confirm([
        "Amount:",
        amount(numberOf(request, "value"), symbol),
        "Maximum fee:",
        amount(maximumFee, symbol),
      ]);
      return signedTransaction(key, request, data);
    },
  },
};
