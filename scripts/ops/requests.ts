import { Fault } from "../../deploy/fault.js";
import { deployImplementation } from "../lib/operations/implementations.js";
import type { Request } from "../lib/operations/plan.js";
import { IMPLEMENTATIONS, type Suite } from "../lib/operations/suite.js";
import {
  toCancel,
  toConfigureToken,
  toExtendPause,
  toMendRoles,
  toPause,
  toRollBack,
  toSetPolicy,
  toUnpause,
  toUpgrade,
} from "../lib/operations/verbs.js";
import { parseAddress, parseBits, parseDuration, parseList, parseProxy, required } from "./arguments.js";
import { VERBS, type VerbName } from "./verbs.js";

/** What the command line gives; which of it is there depends on the verb. */
export type VerbArguments = Readonly<Record<string, string | number | boolean | undefined>>;

/** Turns what was typed into what is to be planned. @throws {@link Fault} that says how to type it. */
export async function requestOf(verb: VerbName, args: VerbArguments, suite: Suite): Promise<Request> {
  const reason = required(text(args.reason), "--reason", "why", VERBS[verb].example);
  const [account, guardian] = [text(args.account), text(args.guardian)];
  return {
    verb,
    name: nameOf(verb, args),
    reason,
    ...(account !== undefined && { account: parseAddress(account, "--account") }),
    ...(guardian !== undefined && { guardian: parseAddress(guardian, "--guardian") }),
    validFor: parseDuration(String(args.validFor), "--valid-for"),
    prepare: await PREPARE[verb](args, reason, suite),
  };
}

type Prepare = (
  args: VerbArguments,
  reason: string,
  suite: Suite,
) => Request["prepare"] | Promise<Request["prepare"]>;

const PREPARE: Readonly<Record<VerbName, Prepare>> = {
  pause: (args, reason) => toPause(pauseOf(args, reason)),
  "extend-pause": (args, reason) => toExtendPause(pauseOf(args, reason)),
  unpause: ({ bits }) => toUnpause(parseBits(String(bits))),
  upgrade: upgradeOf,
  rollback: ({ proxy }) => toRollBack(parseProxy(String(proxy))),
  roles: () => toMendRoles(),
  policy: () => toSetPolicy(),
  token: ({ symbol }) => toConfigureToken(required(text(symbol), "--symbol", "which token")),
  cancel: ({ operation }) => toCancel(required(text(operation), "--operation", "what is scheduled")),
};

/** The reason stands on the chain too. */
const pauseOf = ({ bits, duration }: VerbArguments, reason: string) => ({
  bits: parseBits(String(bits)),
  seconds: parseDuration(String(duration), "--duration"),
  reason,
});

async function upgradeOf(args: VerbArguments, _reason: string, { connection, record }: Suite) {
  const proxy = parseProxy(String(args.proxy));
  const contract = text(args.contract) ?? IMPLEMENTATIONS[proxy].contract;
  const given = text(args.implementation);
  if ((given === undefined) === (args.deploy !== true)) {
    throw new Fault("Say where the new version is with --implementation, or have it deployed with --deploy.");
  }
  const functionName = text(args.call);
  const initializer =
    functionName === undefined
      ? undefined
      : { function: functionName, args: parseList(String(args.args), "--args") };
  const precautions = {
    rungs: Number(args.rungs),
    pauseFor: parseDuration(String(args.pauseFor), "--pause-for"),
  };
  // Last, so that nothing is deployed for what was typed wrong.
  const implementation =
    given === undefined
      ? await deployImplementation(connection, record, proxy, contract)
      : parseAddress(given, "--implementation");
  return toUpgrade({ proxy, implementation, contract, ...(initializer && { initializer }) }, precautions);
}

function nameOf(verb: VerbName, { name, proxy, symbol }: VerbArguments): string {
  const subject = [proxy, symbol].filter((part) => part !== undefined).join("-");
  const fallback = [verb, subject].filter(Boolean).join("-").toLowerCase();
  const chosen = text(name) ?? fallback;
  if (/^[a-z0-9][a-z0-9.-]{0,80}$/.test(chosen)) return chosen;
  throw new Fault(`--name has lower case letters, digits, dots and dashes; it was ${chosen}.`);
}

const text = (value: VerbArguments[string]) => (typeof value === "string" ? value : undefined);
