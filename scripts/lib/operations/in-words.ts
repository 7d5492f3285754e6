import { getAddress } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import { decodeCall, targetsOf, type DecodedArgument, type DecodedCall } from "./calls.js";
import type { AddressBook } from "./names.js";
import type { Register } from "./register.js";

interface Encoded {
  readonly to: string;
  readonly data: string;
}

/** A call that somebody made or wants to make; null where it is no call that we know. */
export interface CallInWords {
  readonly call: DecodedCall | null;
  /** On one line. */
  readonly text: string;
}

/**
 * Puts a call in words that anybody may have scheduled, of any contract.
 *
 * @param initializers Functions that an upgrade may run, as in Solidity.
 */
export function inWords(
  record: DeploymentRecord,
  names: AddressBook,
  initializers: readonly string[],
  { to, data }: Encoded,
): CallInWords {
  const vocabulary = { names, tokens: record.tokens, targets: targetsOf(record) };
  for (const initializer of [undefined, ...initializers]) {
    try {
      const call = decodeCall(getAddress(to), data, { ...vocabulary, ...(initializer && { initializer }) });
      return { call, text: formatCall(call) };
    } catch {
      // Not an initializer that we know: the next one, or none. Nor may anything that somebody scheduled hide the rest.
    }
  }
  const shown = data.length > SHOWN ? `${data.slice(0, SHOWN)}…` : data;
  return { call: null, text: `a call of ${names[getAddress(to)] ?? to} that cannot be decoded: ${shown}` };
}

const SHOWN = 74;

/** `escrow.unpause(bits: EXITS)`. */
export function formatCall({ contract, function: signature, arguments: args, calls }: DecodedCall): string {
  const inner = calls.map(formatCall).join("; ");
  const own = args
    // What the inner calls say in words.
    .filter(({ type }) => calls.length === 0 || !type.startsWith("bytes"))
    .map(formatArgument);
  const within = inner === "" ? "" : ` { ${inner} }`;
  return `${contract}.${signature.slice(0, signature.indexOf("("))}(${own.join(", ")})${within}`;
}

const formatArgument = ({ name, value, meaning }: DecodedArgument) =>
  `${name}: ${meaning ?? (typeof value === "string" ? value : value.join(", "))}`;

/** How a call is written where it is shown. */
interface Written {
  readonly mark: (text: string) => string;
  readonly prose: (text: string) => string;
}

const same = (text: string) => text;
const AS_IS: Written = { mark: same, prose: same };

/**
 * A call with every argument as it is, and with what it means: a line each, what it contains indented under it.
 *
 * @param written Sets off what is no prose, and makes prose safe where it is shown.
 */
export function describeCall(
  { address, contract, function: signature, arguments: args, calls }: DecodedCall,
  written: Written = AS_IS,
  indent = "",
): string[] {
  const { mark, prose } = written;
  return [
    `${indent}- ${prose(contract)} ${mark(address)}: ${mark(signature)}`,
    ...args
      // What the inner calls say in words.
      .filter(({ type }) => calls.length === 0 || !type.startsWith("bytes"))
      .map(({ name, value, meaning }) => {
        const shown = typeof value === "string" ? value : value.join(", ");
        return `${indent}  - ${prose(name)}: ${shown === "" ? "(empty)" : mark(shown)}${meaning === undefined ? "" : `, ${prose(meaning)}`}`;
      }),
    ...calls.flatMap((call) => describeCall(call, written, `${indent}  `)),
  ];
}

/** The functions that upgrades of ours run, which only their manifests name. */
export const initializersIn = (operations: Register["operations"]): string[] =>
  operations.flatMap(({ opened }) =>
    opened.manifest.proxies.flatMap(({ initializer }) => (initializer === null ? [] : [initializer])),
  );
