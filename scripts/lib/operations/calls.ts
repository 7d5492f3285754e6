import {
  dataLength,
  dataSlice,
  FunctionFragment,
  getAddress,
  Interface,
  isAddress,
  type ParamType,
  type Result,
  type TransactionDescription,
} from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { TARGET_INTERFACES, TARGET_NAMES } from "../../../deploy/selectors.js";
import type { TargetName } from "../../../deploy/roles.js";
import type { AddressBook } from "./names.js";
import { meaningOf, type Token } from "./units.js";

/** One argument of a call. A struct's members stand alone, as `config.cap`. */
export interface DecodedArgument {
  readonly name: string;
  readonly type: string;
  /** As in Solidity, integers in decimal; a list if the argument is one. */
  readonly value: string | readonly string[];
  /** What it means: an amount with its symbol, a duration, a role, who an address is. */
  readonly meaning?: string;
}

/** A call in words. */
export interface DecodedCall {
  readonly address: string;
  readonly contract: string;
  readonly function: string;
  readonly arguments: readonly DecodedArgument[];
  /** The calls that it contains: what it schedules, cancels or does at once. */
  readonly calls: readonly DecodedCall[];
}

/** A call, and what it schedules or makes at once. What it cancels is not made. */
export const callsMade = <Call extends { readonly function: string; readonly calls: readonly Call[] }>(
  call: Call,
): Call[] =>
  call.function === "cancel(address,address,bytes)"
    ? []
    : [call, ...call.calls.flatMap((inner) => callsMade(inner))];

/** What is needed to put calls into words. */
export interface Vocabulary {
  readonly names: AddressBook;
  readonly tokens: readonly Token[];
  readonly targets: Readonly<Record<TargetName, string>>;
  /** The function that an upgrade runs through the proxy, as in Solidity: the next version's, unknown to this build. */
  readonly initializer?: string;
  /** That somebody else scheduled it: shown as it is where there are no words for it, instead of refused. */
  readonly isForeign?: boolean;
}

export const targetsOf = ({ contracts }: DeploymentRecord): Vocabulary["targets"] => ({
  accessManager: getAddress(contracts.accessManager.address),
  upgradeController: getAddress(contracts.upgradeController.address),
  complianceRegistry: getAddress(contracts.complianceRegistry.address),
  escrow: getAddress(contracts.escrow.address),
});

/**
 * Puts a call into words.
 *
 * @throws {@link Fault} if the contract is none of the suite's, or has no such function: such a call is never planned.
 */
export function decodeCall(to: string, data: string, vocabulary: Vocabulary): DecodedCall {
  const target = TARGET_NAMES.find((name) => vocabulary.targets[name] === to);
  if (target === undefined)
    throw new Fault(`A call of ${to} cannot be decoded: it is no contract of the suite.`);
  return decode(TARGET_INTERFACES[target], { address: to, contract: target, data }, vocabulary);
}

interface EncodedCall {
  readonly address: string;
  readonly contract: string;
  readonly data: string;
}

function decode(
  abi: Interface,
  { address, contract, data }: EncodedCall,
  vocabulary: Vocabulary,
): DecodedCall {
  const call = parse(abi, contract, data);
  const parts = call.fragment.inputs.flatMap((input, i) => flatten(input.name, input, call.args[i]));
  const tokenAddress = parts.find(({ name }) => name === "token")?.value;
  const token = vocabulary.tokens.find((known) => known.address === tokenAddress);
  return {
    address,
    contract,
    function: call.signature,
    arguments: parts.map((part) => {
      const meaning = describe(part, token, vocabulary);
      return meaning === undefined ? part : { ...part, meaning };
    }),
    calls: innerCalls(address, call.name, call.args, vocabulary),
  };
}

/** A contract may take bytes that a decoder chokes on: unpadded, or text that is no UTF-8. */
function parse(abi: Interface, contract: string, data: string): TransactionDescription {
  let call: TransactionDescription | null;
  let again: string | null;
  try {
    call = abi.parseTransaction({ data });
    // What is wrong with an argument comes out only now.
    again = call && abi.encodeFunctionData(call.fragment, call.args);
  } catch (cause) {
    throw new Fault(`A call of ${contract} cannot be decoded: ${data.slice(0, 10)} is encoded badly.`, {
      cause,
    });
  }
  if (call === null) {
    throw new Fault(`A call of ${contract} cannot be decoded: it has no function ${data.slice(0, 10)}.`);
  }
  if (again === data) return call;
  throw new Fault(
    `A call of ${contract} is not encoded as ${call.signature} would be; it says more than it shows.`,
  );
}

function flatten(name: string, type: ParamType, value: unknown): DecodedArgument[] {
  if (type.isTuple()) {
    return type.components.flatMap((member, i) =>
      flatten(`${name}.${member.name}`, member, (value as Result)[i]),
    );
  }
  const text = (found: unknown) => printable(String(found));
  return [
    {
      name,
      type: type.format(),
      value: Array.isArray(value) ? [...(value as Result)].map(text) : text(value),
    },
  ];
}

/** What anybody may have put on the chain must not repaint the terminal that shows it. */
const printable = (text: string) =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);

function describe(
  { name, type, value }: DecodedArgument,
  token: Token | undefined,
  { names }: Vocabulary,
): string | undefined {
  const own = name.slice(name.lastIndexOf(".") + 1);
  if (own === "selectors" && Array.isArray(value)) return value.map(functionName).join(", ");
  if (typeof value !== "string") return undefined;
  if (type === "address" && isAddress(value)) return names[value];
  return meaningOf(own, value, token);
}

function functionName(selector: string): string {
  for (const target of TARGET_NAMES) {
    const found = TARGET_INTERFACES[target].getFunction(selector);
    if (found !== null) return found.name;
  }
  return selector;
}

function innerCalls(address: string, name: string, args: Result, vocabulary: Vocabulary): DecodedCall[] {
  const { targets, initializer } = vocabulary;
  if (address === targets.accessManager) {
    if (name === "multicall")
      return [...(args[0] as string[])].map((data) => decodeCall(address, data, vocabulary));
    if (name === "schedule" || name === "execute")
      return [decodeCall(args[0] as string, args[1] as string, vocabulary)];
    if (name === "cancel") return [decodeForeign(args[1] as string, args[2] as string, vocabulary)];
  }
  if (address === targets.upgradeController && name === "upgrade") {
    const [proxy, , data] = args as unknown as [string, string, string];
    if (data === "0x") return [];
    if (initializer === undefined) {
      if (vocabulary.isForeign) return [opaque(proxy, data, vocabulary)];
      throw new Fault(`The upgrade runs ${data.slice(0, 10)}, which has no name.`);
    }
    return [
      decode(
        new Interface([FunctionFragment.from(initializer)]),
        { address: proxy, contract: vocabulary.names[proxy] ?? "proxy", data },
        vocabulary,
      ),
    ];
  }
  return [];
}

/** What a guardian takes back. It must be possible for everything, above all for what nobody here understands. */
function decodeForeign(address: string, data: string, vocabulary: Vocabulary): DecodedCall {
  try {
    return decodeCall(address, data, { ...vocabulary, isForeign: true });
  } catch {
    // Whatever the matter is: one that throws something else must not be safe from being taken back.
    return opaque(address, data, vocabulary);
  }
}

/** A call that there are no words for: its selector and its bytes. */
const opaque = (address: string, data: string, { names }: Vocabulary): DecodedCall => ({
  address,
  contract: names[address] ?? address,
  function: dataSlice(data, 0, Math.min(4, dataLength(data))),
  arguments: [{ name: "data", type: "bytes", value: data }],
  calls: [],
});
