import { AbiCoder, keccak256 } from "ethers";

import { TARGET_INTERFACES, TARGET_NAMES } from "../../../deploy/selectors.js";
import type { Vocabulary } from "./calls.js";

/** The id under which the AccessManager keeps what an account scheduled. */
export const operationId = (caller: string, target: string, data: string) =>
  keccak256(AbiCoder.defaultAbiCoder().encode(["address", "address", "bytes"], [caller, target, data]));

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly data: string;
}

interface ScheduledCall {
  readonly id: string;
  readonly name: string;
}

/**
 * The operations that transactions schedule or cancel, by their ids, with names for people:
 * `upgradeController.upgrade`, numbered if there are several of a function.
 */
export function operationsIn(
  transactions: readonly Sent[],
  targets: Vocabulary["targets"],
): ReadonlyMap<string, string> {
  const scheduled = transactions.flatMap((sent) => scheduledIn(sent, targets));
  return new Map(
    scheduled.map(({ id, name }, i) => {
      const isAlone = scheduled.filter((other) => other.name === name).length === 1;
      return [id, isAlone ? name : `${name} ${i + 1}`];
    }),
  );
}

function scheduledIn({ from, to, data }: Sent, targets: Vocabulary["targets"]): ScheduledCall[] {
  if (to !== targets.accessManager) return [];
  const { name, args } = TARGET_INTERFACES.accessManager.parseTransaction({ data })!;
  const describe = (caller: string, target: string, inner: string): ScheduledCall => ({
    id: operationId(caller, target, inner),
    name: nameOfCall(target, inner, targets),
  });
  switch (name) {
    case "multicall":
      return [...(args[0] as string[])].flatMap((inner) => scheduledIn({ from, to, data: inner }, targets));
    case "schedule":
      return [describe(from, args[0] as string, args[1] as string)];
    case "cancel":
      return [describe(args[0] as string, args[1] as string, args[2] as string)];
    default:
      return [];
  }
}

function nameOfCall(target: string, data: string, targets: Vocabulary["targets"]): string {
  const contract = TARGET_NAMES.find((name) => targets[name] === target);
  // Its arguments are anybody's, and may be such that a decoder chokes on them.
  const called = contract && TARGET_INTERFACES[contract].getFunction(data.slice(0, 10));
  return called ? `${contract}.${called.name}` : data.slice(0, 10);
}
