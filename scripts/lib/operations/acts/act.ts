import type { RoleName, TargetName } from "../../../../deploy/roles.js";
import { TARGET_INTERFACES } from "../../../../deploy/selectors.js";

/** A call of one of the suite's contracts, by names. */
export interface ActCall {
  readonly target: TargetName;
  readonly function: string;
  readonly args: readonly unknown[];
}

/** Something that an admin does: one account, one contract, all at once. */
export interface Act {
  /** What it does, in words for a person. */
  readonly title: string;
  /** Whose holders may do it. */
  readonly role: RoleName;
  /** All of one contract; several only of the AccessManager. */
  readonly calls: readonly [ActCall, ...ActCall[]];
  /**
   * What it may change, as `<contract> <entry>`, where `*` stands for any part of a name. Anything else that changes is a
   * fault. What every act changes, such as nonces and what was scheduled, is not among it.
   */
  readonly mayChange: readonly string[];
  /** What has to wait until the calls have taken effect. */
  readonly afterwards?: Afterwards;
}

/** More calls of the same account and contract, scheduled together with an act's own. */
export interface Afterwards extends Pick<Act, "title" | "calls" | "mayChange"> {
  /** Of the step. */
  readonly id: string;
  /** How long after the act's own calls at least. */
  readonly seconds: number;
}

export const encodeCall = ({ target, function: name, args }: ActCall) =>
  TARGET_INTERFACES[target].encodeFunctionData(name, args);

/** Whether a changed entry is among those that may change. */
export const mayChange = (patterns: readonly string[], entry: string) =>
  patterns.some((pattern) => toRegExp(pattern).test(entry));

const toRegExp = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
