import { toEip1967Hash, type StorageLayout } from "@openzeppelin/upgrades-core";
import { id, keccak256, toBeHex } from "ethers";
import hre from "hardhat";

import { readImplementation } from "./upgrade-safety.js";

/*
 * Where each contract keeps what, as plain data: `npm run layouts` writes it to deploy/layouts/, docs/storage.md explains
 * it. With these files a state diff can name slots without a compiler.
 */

/** A variable, or a member of a struct. */
export interface Entry {
  readonly name: string;
  /** An elementary Solidity type, or a key of {@link ContractLayout} `types`. */
  readonly type: string;
  /** Slots after the region's root, or after the struct's first slot. */
  readonly slot: number;
  /** Bytes from the slot's low end. */
  readonly offset: number;
  readonly bytes: number;
}

/** Storage whose slots are counted from one root. */
export interface Region {
  /** `erc7201:…`, `eip1967.proxy.…`, or `slot 0` for variables without a namespace. */
  readonly namespace: string;
  /** 32 bytes. */
  readonly root: string;
  readonly entries: readonly Entry[];
}

export type TypeLayout =
  | { readonly kind: "struct"; readonly bytes: number; readonly members: readonly Entry[] }
  | { readonly kind: "enum"; readonly values: readonly string[] }
  | { readonly kind: "mapping"; readonly key: string; readonly value: string }
  | { readonly kind: "alias"; readonly of: string };

export interface ContractLayout {
  readonly contract: string;
  readonly regions: readonly Region[];
  /** Every type that is more than elementary, by its name. */
  readonly types: Readonly<Record<string, TypeLayout>>;
}

/** Deployed with the suite, and not ours. */
const LIBRARY_CONTRACTS = ["AccessManager", "ProxyAdmin", "TransparentUpgradeableProxy"];

/** What a proxy keeps (ERC-1967) without declaring a variable for it. */
const PROXY_REGIONS: readonly Region[] = ["implementation", "admin"].map((name) => ({
  namespace: `eip1967.proxy.${name}`,
  root: toEip1967Hash(`eip1967.proxy.${name}`),
  entries: [{ name, type: "address", slot: 0, offset: 0, bytes: 20 }],
}));

/** The layout of every contract of ours, except mocks, and of those that are deployed with them, if it has storage. */
export async function readLayouts(): Promise<ContractLayout[]> {
  const names = [...(await hre.artifacts.getAllFullyQualifiedNames())];
  const ours = names.filter((name) => /^contracts\/\w+\.sol:/.test(name));
  const layouts: ContractLayout[] = [];
  for (const name of [...ours, ...LIBRARY_CONTRACTS]) layouts.push(await readLayout(name));
  return layouts.filter(({ regions }) => regions.length > 0);
}

/** The layout of one contract of the build, by its bare or fully qualified name. */
export async function readLayout(contractName: string): Promise<ContractLayout> {
  const { name, layout } = await readImplementation(contractName);
  const described = describeLayout(name, layout);
  return name === "TransparentUpgradeableProxy"
    ? { ...described, regions: [...described.regions, ...PROXY_REGIONS] }
    : described;
}

/** A layout as OpenZeppelin's upgrade checks see it, as plain data. */
export function describeLayout(contract: string, layout: StorageLayout): ContractLayout {
  const regions: Region[] = Object.entries(layout.namespaces ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([namespace, items]) => ({
      namespace,
      root: erc7201Root(namespace),
      entries: entriesOf(items, layout),
    }));
  if (layout.storage.length > 0) {
    regions.push({
      namespace: "slot 0",
      root: toBeHex(0, 32),
      entries: entriesOf(layout.storage, layout),
    });
  }
  return { contract, regions, types: typesOf(regions, layout) };
}

function erc7201Root(namespace: string): string {
  const inner = BigInt(id(namespace.replace("erc7201:", ""))) - 1n;
  return toBeHex(BigInt(keccak256(toBeHex(inner, 32))) & ~0xffn, 32);
}

type Item = Pick<StorageLayout["storage"][number], "label" | "type" | "slot" | "offset">;

function entriesOf(items: readonly Item[], { types }: StorageLayout): Entry[] {
  return items.map(({ label, type, slot, offset }) => ({
    name: label,
    type: types[type]!.label,
    slot: Number(slot),
    offset: offset!,
    bytes: Number(types[type]!.numberOfBytes),
  }));
}

/** The types that the regions lead to; the compiler also lists the structs that only declare a namespace. */
function typesOf(regions: readonly Region[], layout: StorageLayout): Record<string, TypeLayout> {
  const byName = new Map(Object.entries(layout.types).map(([key, { label }]) => [label, key]));
  const found = new Map<string, TypeLayout>();
  const add = (name: string): void => {
    const key = byName.get(name);
    if (key === undefined || found.has(name)) return;
    const type = describeType(key, layout);
    if (type === undefined) return;
    found.set(name, type);
    if (type.kind === "struct") for (const member of type.members) add(member.type);
    if (type.kind === "mapping") [type.key, type.value].forEach(add);
  };
  for (const { entries } of regions) for (const { type } of entries) add(type);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function describeType(key: string, layout: StorageLayout): TypeLayout | undefined {
  const { label, members, numberOfBytes, underlying } = layout.types[key]!;
  if (key.startsWith("t_struct(")) {
    return { kind: "struct", bytes: Number(numberOfBytes), members: entriesOf(members as Item[], layout) };
  }
  if (key.startsWith("t_enum(")) return { kind: "enum", values: members as string[] };
  if (key.startsWith("t_userDefinedValueType(")) {
    return { kind: "alias", of: layout.types[underlying!]!.label };
  }
  if (key.startsWith("t_mapping(")) {
    const arrow = label.indexOf(" => ");
    return {
      kind: "mapping",
      key: label.slice("mapping(".length, arrow),
      value: label.slice(arrow + " => ".length, -1),
    };
  }
  if (key.startsWith("t_array(")) {
    throw new Error(`${label}: no storage had an array so far; describe its elements here first.`);
  }
  return undefined; // elementary: its name says all
}

/** Where a layout is not what was committed. */
export interface LayoutDifference {
  /** `changed` means that a proxy in use would read another variable's bytes, `appended` that the file is behind. */
  readonly kind: "changed" | "appended";
  readonly sentence: string;
}

/** What of `built` is not as in `committed`: storage may be appended to, and nothing that is there may move. */
export function compareLayouts(committed: ContractLayout, built: ContractLayout): LayoutDifference[] {
  const before = linesOf(committed);
  const after = linesOf(built);
  const differences: LayoutDifference[] = [];
  for (const where of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(where) ?? [], after.get(where) ?? []];
    old.forEach((line, i) => {
      if (line === now[i]) return;
      const sentence = `${built.contract}, ${where}: ${line} became ${now[i] ?? "nothing"}.`;
      differences.push({ kind: "changed", sentence });
    });
    for (const line of now.slice(old.length)) {
      differences.push({ kind: "appended", sentence: `${built.contract}, ${where}: ${line} is new.` });
    }
  }
  return differences;
}

/** A layout as lists that may only grow at their end: one a region, struct and enum. */
function linesOf({ regions, types }: ContractLayout): Map<string, string[]> {
  const lineOf = ({ name, type, slot, offset }: Entry) => `${type} ${name} at slot ${slot}, byte ${offset}`;
  const lists = new Map(regions.map(({ namespace, entries }) => [namespace, entries.map(lineOf)]));
  for (const [name, type] of Object.entries(types)) {
    if (type.kind === "struct") lists.set(name, type.members.map(lineOf));
    if (type.kind === "enum") lists.set(name, [...type.values]);
    if (type.kind === "alias") lists.set(name, [type.of]);
  }
  return lists;
}
