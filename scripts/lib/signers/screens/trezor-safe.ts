import type { TypedDataPayload } from "../typed-data.js";
import { dataBytes, decimal, hex, maximumFee, pieces, words, type Device, type Screen } from "./device.js";
import { symbolOf } from "./trezor-networks.js";

const PAGE_BYTES = 36;
/** The device takes in this much before it shows the first page, and the rest chunk by chunk: each begins a page. */
const KEPT_BYTES = 6144;
const CHUNK_BYTES = 1024;
const TITLE_LENGTH = 16;

/** The newer models, which show every field: worded as on the Safe 3. The T, the Safe 5 and others differ in layout. */
export const trezorSafe: Device = {
  name: "Trezor Safe 3, Safe 5 or T",
  source: "trezor-firmware, core 2.12.4 (Safe 3)",
  note: "Choose to show the full message and all of the data: who only confirms does not get to see the fields.",
  typedMessage: (payload, { messageHash }, signer) => [
    ["Signing address", signer.toLowerCase()],
    domainScreen(payload),
    ["Confirm message", ...contents(payload, payload.primaryType)],
    ...structScreens(payload, payload.primaryType, payload.message, [payload.primaryType]),
    ["Confirm message hash", messageHash],
    ["Confirm typed data", "Really sign EIP-712 typed data?"],
  ],
  transaction(transaction) {
    const { to, value, chainId } = transaction;
    const symbol = symbolOf(chainId);
    const total = dataBytes(transaction);
    return [
      ...dataPages(hex(transaction.data), total),
      [total > 0 ? "Interaction contract" : "Recipient", to],
      ["Amount:", amountOf(value, symbol), "Maximum fee:", amountOf(maximumFee(transaction), symbol)],
    ];
  },
};

const amountOf = (wei: bigint, symbol: string) =>
  wei < 10n ** 9n ? `${decimal(wei, 0)} Wei ${symbol}` : `${decimal(wei, 18)} ${symbol}`;

function dataPages(digits: string, total: number): Screen[] {
  const kept = digits.slice(0, 2 * KEPT_BYTES);
  const chunks = [kept, ...pieces(digits.slice(kept.length), 2 * CHUNK_BYTES)];
  let soFar = 0;
  return chunks
    .flatMap((chunk) => pieces(chunk, 2 * PAGE_BYTES))
    .map((page) => {
      soFar += page.length / 2;
      return [`Data: ${soFar} / ${total} bytes`, page];
    });
}

type Struct = Readonly<Record<string, unknown>>;

/** What a struct consists of, before its fields are shown one by one. */
function contents({ types }: TypedDataPayload, name: string): string[] {
  const fields = types[name]!.map((field) => field.name);
  return [name, `Contains ${fields.length} ${fields.length === 1 ? "key" : "keys"}`, fields.join(", ")];
}

function domainScreen({ types, domain }: TypedDataPayload): Screen {
  const lines = types.EIP712Domain.flatMap(({ name, type }) => [
    `${name} (${type}):`,
    shown(domain[name], type),
  ]);
  return ["EIP712Domain", ...lines];
}

/** @param parents The names that lead to the struct, from the primary type on. */
function structScreens(payload: TypedDataPayload, name: string, struct: Struct, parents: string[]): Screen[] {
  return payload.types[name]!.flatMap((field) => {
    const value = struct[field.name];
    const path = [...parents, field.name];
    if (field.type.endsWith("]")) return arrayScreens(payload, field.type, value as unknown[], path);
    if (isStruct(payload, field.type)) {
      const screens = structScreens(payload, field.type, value as Struct, path);
      return [[path.join("."), ...contents(payload, field.type)], ...screens];
    }
    return [[titleOf(parents), `${field.name} (${field.type}):`, shown(value, field.type)]];
  });
}

function arrayScreens(payload: TypedDataPayload, type: string, values: unknown[], path: string[]): Screen[] {
  const entry = type.slice(0, type.lastIndexOf("["));
  const count = values.length === 1 ? `1 ${entry}` : `${values.length} ${pluralOf(entry)}`;
  const screens = values.flatMap((value, index) =>
    isStruct(payload, entry)
      ? structScreens(payload, entry, value as Struct, path)
      : [[titleOf(path), `[${index}] (${entry}):`, shown(value, entry)]],
  );
  return [[titleOf(path), `Array of ${count}`], ...screens];
}

const isStruct = ({ types }: TypedDataPayload, type: string) => type in types;

/** As the device forms it, of any noun. */
const pluralOf = (noun: string) => (/[hsxz]$/.test(noun) ? `${noun}es` : `${noun}s`);

/** The end of a long title, for which there is no room. */
function titleOf(parents: readonly string[]): string {
  const title = parents.join(".");
  return title.length <= TITLE_LENGTH + 2 ? title : `..${title.slice(-TITLE_LENGTH)}`;
}

/** Bytes are shown without their 0x. */
const shown = (value: unknown, type: string) =>
  type.startsWith("bytes") ? hex(words(value, type)) : words(value, type);
