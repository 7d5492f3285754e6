import { AbiCoder, concat, keccak256, toBeHex } from "ethers";

import type { ContractLayout, TypeLayout } from "../../../deploy/storage-layout.js";

/** Bytes of one storage slot that mean something of their own. */
export interface Field {
  /** As in the source: `Controls.settings.depositsUntil`, `_records[escrow].previous`. */
  readonly name: string;
  readonly slot: bigint;
  /** From the slot's lowest byte. */
  readonly offset: number;
  readonly bytes: number;
  /** Solidity's name for it, such as `uint40`, `address` or `enum ListMode`. */
  readonly type: string;
  /** The names of an enum's values. */
  readonly values?: readonly string[];
}

/** The keys that a mapping may have been written under, by their Solidity type: value to name. */
export type Keys = Readonly<Record<string, ReadonlyMap<string, string>>>;

const coder = AbiCoder.defaultAbiCoder();

/** Every field of a layout, a mapping's once for each key that is known. */
export function* fieldsOf({ regions, types }: ContractLayout, keys: Keys): Generator<Field> {
  for (const { namespace, root, entries } of regions) {
    for (const { name, slot, ...rest } of entries) {
      const place = { name: `${prefixOf(namespace)}${name}`, slot: BigInt(root) + BigInt(slot), ...rest };
      yield* fieldsIn(place, types, keys);
    }
  }
}

/** `erc7201:holdfast.storage.Controls` puts `Controls.` before its variables; ordinary variables stand alone. */
function prefixOf(namespace: string): string {
  if (namespace.startsWith("erc7201:")) return `${namespace.slice(namespace.lastIndexOf(".") + 1)}.`;
  return namespace.startsWith("eip1967.") ? "ERC1967." : "";
}

function* fieldsIn(place: Field, types: Readonly<Record<string, TypeLayout>>, keys: Keys): Generator<Field> {
  const { name, slot, type: typeName } = place;
  // OpenZeppelin's `Time.Delay` is one number to the compiler.
  if (typeName === "Time.Delay") {
    yield* delayFields(place);
    return;
  }
  const type = types[typeName];
  switch (type?.kind) {
    case undefined:
      yield place;
      return;
    case "alias":
      yield* fieldsIn({ ...place, type: type.of }, types, keys);
      return;
    case "enum":
      yield { ...place, values: type.values };
      return;
    case "struct":
      for (const member of type.members) {
        const within = { ...member, name: `${name}.${member.name}`, slot: slot + BigInt(member.slot) };
        yield* fieldsIn(within, types, keys);
      }
      return;
    case "mapping":
      for (const [key, keyName] of keys[type.key] ?? []) {
        const entry = { name: `${name}[${keyName}]`, slot: entrySlot(type.key, key, slot), offset: 0 };
        yield* fieldsIn({ ...entry, bytes: bytesOf(type.value), type: type.value }, types, keys);
      }
  }
}

function entrySlot(keyType: string, key: string, mapping: bigint): bigint {
  return BigInt(keccak256(concat([coder.encode([keyType], [key]), toBeHex(mapping, 32)])));
}

/** Of an elementary type, the only ones whose size is not written beside them: a mapping's values have a slot each. */
function bytesOf(type: string): number {
  if (type === "bool" || type.startsWith("enum ")) return 1;
  if (type === "address" || type.startsWith("contract ")) return 20;
  const [, kind, size] = /^(u?int|bytes)(\d*)$/.exec(type) ?? [];
  return kind === "bytes" ? Number(size) : Number(size ?? 256) / 8;
}

/** Seconds that a delay takes: `before`, and from the time `effect` on `after`. */
function* delayFields({ name, slot, offset }: Field): Generator<Field> {
  yield { name: `${name}.after`, slot, offset, bytes: 4, type: "uint32" };
  yield { name: `${name}.before`, slot, offset: offset + 4, bytes: 4, type: "uint32" };
  yield { name: `${name}.effect`, slot, offset: offset + 8, bytes: 6, type: "uint48" };
}
