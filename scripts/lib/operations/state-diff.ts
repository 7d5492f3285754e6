import { dataSlice, getAddress } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { ContractLayout } from "../../../deploy/storage-layout.js";
import type { Mined, Trace } from "./fork.js";
import { fieldsOf, type Field, type Keys } from "./layout.js";

/** A contract whose storage may change, by what people call it. */
export interface NamedContract {
  readonly address: string;
  readonly name: string;
  /** What its slots may mean; several if its code changes. */
  readonly layouts: readonly ContractLayout[];
}

/** What every slot of some contracts is called. */
export class StorageNames {
  readonly #fields = new Map<string, Map<bigint, Field[]>>();

  /** @param keys What mappings may have been written under. */
  constructor(
    private readonly contracts: readonly NamedContract[],
    private readonly keys: Keys,
  ) {}

  contractAt(address: string): NamedContract | undefined {
    return this.contracts.find((contract) => contract.address === address);
  }

  /** What is in a slot; empty if it has no name. */
  fieldsAt(contract: NamedContract, slot: string): readonly Field[] {
    let fields = this.#fields.get(contract.address);
    if (fields === undefined) {
      fields = Map.groupBy(this.#fieldsOf(contract), (field) => field.slot);
      this.#fields.set(contract.address, fields);
    }
    return fields.get(BigInt(slot)) ?? [];
  }

  /** The same variable of two versions is one. */
  #fieldsOf({ layouts }: NamedContract): Iterable<Field> {
    const unique = new Map<string, Field>();
    for (const layout of layouts) {
      for (const field of fieldsOf(layout, this.keys)) {
        unique.set([field.slot, field.offset, field.bytes, field.name].join(), field);
      }
    }
    return unique.values();
  }
}

/** One named piece of storage that a transaction changed. Values as in Solidity; integers in decimal. */
export interface Change {
  readonly contract: string;
  readonly address: string;
  /** 32 bytes of hex. */
  readonly slot: string;
  readonly name: string;
  readonly type: string;
  readonly before: string;
  readonly after: string;
}

const EMPTY = `0x${"00".repeat(32)}`;

/** A change's contract and name in one, as acts declare what they may change. */
export const entryOf = ({ contract, name }: Pick<Change, "contract" | "name">) => `${contract} ${name}`;

/**
 * What a transaction changed, every bit of it named.
 *
 * @throws {@link Fault} if it changed something that has no name, or anything that is not storage: coin moved, code made.
 */
export function readChanges(
  trace: Trace,
  { receipt, miner }: Pick<Mined, "receipt" | "miner">,
  names: StorageNames,
): Change[] {
  const changes: Change[] = [];
  const faults = findOtherEffects(trace, [receipt.from, miner]);
  for (const { address, slot, before, after } of changedSlots(trace)) {
    const contract = names.contractAt(address);
    if (contract === undefined) {
      faults.push(`It changes slot ${slot} of ${address}, which is no contract that it may change.`);
      continue;
    }
    const fields = names.fieldsAt(contract, slot);
    if (unnamedBits(before, after, fields) !== 0n) {
      faults.push(
        `It changes slot ${slot} of ${contract.name}, from ${before} to ${after}, which has no name.`,
      );
      continue;
    }
    for (const field of fields) {
      const values = { before: valueOf(before, field), after: valueOf(after, field) };
      if (values.before === values.after) continue;
      const { name, type } = field;
      changes.push({ contract: contract.name, address, slot, name, type, ...values });
    }
  }
  if (faults.length > 0)
    throw new Fault("The transaction has effects that nobody planned:", { details: faults });
  return changes.sort((one, other) => entryOf(one).localeCompare(entryOf(other)));
}

interface ChangedSlot {
  address: string;
  slot: string;
  before: string;
  after: string;
}

/** The tracer leaves out what is zero. */
function changedSlots({ pre, post }: Trace): ChangedSlot[] {
  const addresses = new Set([...Object.keys(pre), ...Object.keys(post)]);
  return [...addresses].flatMap((account) => {
    const [storedBefore, storedAfter] = [pre[account]?.storage ?? {}, post[account]?.storage ?? {}];
    return [...new Set([...Object.keys(storedBefore), ...Object.keys(storedAfter)])]
      .map((slot) => ({
        address: getAddress(account),
        slot,
        before: storedBefore[slot] ?? EMPTY,
        after: storedAfter[slot] ?? EMPTY,
      }))
      .filter(({ before, after }) => before !== after);
  });
}

/** Gas money leaves the sender for the miner; anything else that is not storage is a surprise. */
function findOtherEffects({ pre, post }: Trace, paysAndMines: readonly string[]): string[] {
  const expected = paysAndMines.map((address) => address.toLowerCase());
  return Object.keys(post).flatMap((account) => {
    const [before, after] = [pre[account], post[account]!];
    const faults: string[] = [];
    if (after.code !== undefined && after.code !== before?.code)
      faults.push(`It changes the code of ${account}.`);
    if (expected.includes(account.toLowerCase())) return faults;
    if (after.balance !== undefined) faults.push(`It moves coin to or from ${account}.`);
    if (after.nonce !== undefined) faults.push(`It uses a nonce of ${account}.`);
    return faults;
  });
}

const maskOf = ({ offset, bytes }: Field) => ((1n << BigInt(8 * bytes)) - 1n) << BigInt(8 * offset);

function unnamedBits(before: string, after: string, fields: readonly Field[]): bigint {
  const named = fields.reduce((mask, field) => mask | maskOf(field), 0n);
  return (BigInt(before) ^ BigInt(after)) & ~named;
}

/** What a field of a slot's 32 bytes says, as in Solidity; integers in decimal. */
export function valueOf(word: string, { offset, bytes, type, values }: Field): string {
  const raw = dataSlice(word, 32 - offset - bytes, 32 - offset);
  if (values !== undefined) return values[Number(raw)] ?? String(Number(raw));
  if (type === "address" || type.startsWith("contract ")) return getAddress(raw);
  if (type === "bool") return String(BigInt(raw) !== 0n);
  if (type.startsWith("int")) return BigInt.asIntN(8 * bytes, BigInt(raw)).toString();
  return type.startsWith("uint") ? BigInt(raw).toString() : raw;
}
