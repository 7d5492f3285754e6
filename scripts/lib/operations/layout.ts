import { AbiCoder, concat, id, keccak256, toBeHex } from "ethers";

/** Where a contract keeps what, as solc and OpenZeppelin's upgrade checks write it down. */
export interface Layout {
  readonly storage: readonly Variable[];
  /** ERC-7201 namespaces by what marks them in the source, such as `erc7201:holdfast.storage.Escrow`. */
  readonly namespaces?: Readonly<Record<string, readonly Variable[]>>;
  readonly types: Readonly<Record<string, Type>>;
}

interface Variable {
  readonly label: string;
  readonly type: string;
  readonly slot?: string;
  readonly offset?: number;
}

interface Type {
  readonly label: string;
  readonly numberOfBytes?: string;
  readonly members?: readonly Variable[] | readonly string[];
}

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

/** `erc7201:holdfast.storage.Escrow` begins there. */
export function namespaceSlot(mark: string): bigint {
  const namespace = mark.replace(/^erc7201:/, "");
  const hash = keccak256(toBeHex(BigInt(id(namespace)) - 1n, 32));
  return BigInt(hash) & ~0xffn;
}

/** A namespace's short name: the last part of the mark's. */
export const namespaceName = (mark: string) => mark.slice(mark.lastIndexOf(".") + 1);

/** Every field of a layout, a mapping's once for each key that is known. */
export function* fieldsOf(layout: Layout, keys: Keys): Generator<Field> {
  for (const { label, type, slot = "0", offset = 0 } of layout.storage) {
    yield* fieldsIn(layout, keys, label, type, BigInt(slot), offset);
  }
  for (const [mark, variables] of Object.entries(layout.namespaces ?? {})) {
    const base = namespaceSlot(mark);
    for (const { label, type, slot = "0", offset = 0 } of variables) {
      yield* fieldsIn(layout, keys, `${namespaceName(mark)}.${label}`, type, base + BigInt(slot), offset);
    }
  }
}

function* fieldsIn(
  layout: Layout,
  keys: Keys,
  name: string,
  typeId: string,
  slot: bigint,
  offset: number,
): Generator<Field> {
  const mapping = /^t_mapping\((.*)\)$/s.exec(typeId)?.[1];
  if (mapping !== undefined) {
    // The key of a mapping is never itself a type with a comma.
    const comma = mapping.indexOf(",");
    const [keyType, valueType] = [mapping.slice(0, comma), mapping.slice(comma + 1)];
    for (const [key, keyName] of keys[keyType.replace(/^t_/, "")] ?? []) {
      yield* fieldsIn(layout, keys, `${name}[${keyName}]`, valueType, entrySlot(keyType, key, slot), 0);
    }
    return;
  }

  const type = layout.types[typeId];
  if (type?.numberOfBytes === undefined) throw new Error(`The storage layout does not describe ${typeId} of ${name}.`);
  if (isDelay(type)) return yield* delayFields(name, slot, offset);
  if (typeId.startsWith("t_struct")) {
    for (const member of type.members as readonly Variable[]) {
      const at = slot + BigInt(member.slot ?? 0);
      yield* fieldsIn(layout, keys, `${name}.${member.label}`, member.type, at, member.offset ?? 0);
    }
    return;
  }
  const values = typeId.startsWith("t_enum") ? (type.members as readonly string[] | undefined) : undefined;
  const solidityType = typeId.startsWith("t_contract") ? "address" : type.label;
  yield { name, slot, offset, bytes: Number(type.numberOfBytes), type: solidityType, ...(values && { values }) };
}

function entrySlot(keyType: string, key: string, mapping: bigint): bigint {
  const encodedKey = coder.encode([keyType.replace(/^t_/, "")], [key]);
  return BigInt(keccak256(concat([encodedKey, toBeHex(mapping, 32)])));
}

const isDelay = ({ label }: Type) => label === "Time.Delay";

/** OpenZeppelin's `Time.Delay` is one number to the compiler: seconds now, seconds from `effect` on. */
function* delayFields(name: string, slot: bigint, offset: number): Generator<Field> {
  yield { name: `${name}.after`, slot, offset, bytes: 4, type: "uint32" };
  yield { name: `${name}.before`, slot, offset: offset + 4, bytes: 4, type: "uint32" };
  yield { name: `${name}.effect`, slot, offset: offset + 8, bytes: 6, type: "uint48" };
}
