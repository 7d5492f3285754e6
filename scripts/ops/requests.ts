import { getAddress } from "ethers";

import { Fault } from "../../deploy/fault.js";
import { requireGateForPolicy } from "../lib/gate/policy.js";
import type { Request } from "../lib/operations/plan.js";
import { LEAST_RUNGS } from "../lib/operations/steps.js";
import { IMPLEMENTATIONS, type Suite } from "../lib/operations/suite.js";
import {
  toCancel,
  toConfigureToken,
  toExtendPause,
  toGrant,
  toHold,
  toMendRoles,
  toPause,
  toRevoke,
  toRollBack,
  toRotate,
  toSetPolicy,
  toUnhold,
  toUnpause,
  toUpgrade,
} from "../lib/operations/verbs.js";
import {
  parseAddress,
  parseBits,
  parseCount,
  parseDuration,
  parseList,
  parsePayment,
  parseProxy,
  parseRole,
  required,
} from "./arguments.js";
import { deployConfirmed } from "./deploying.js";
import { VERBS, type VerbName } from "./verbs.js";

/** What the command line gives; which of it is there depends on the verb. */
export type VerbArguments = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Turns what was typed into what is to be planned.
 *
 * @param isDeployed Called with the address of what had to be deployed for it.
 * @throws {@link Fault} that says how to type it.
 */
export async function requestOf(
  verb: VerbName,
  args: VerbArguments,
  suite: Suite,
  isDeployed: (address: string) => void = () => {},
): Promise<Request> {
  const reason = required(text(args.reason), "--reason", "why", VERBS[verb].example);
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(reason))
    throw new Fault("--reason is one line, without signs that cannot be seen.");
  // An ADMIN who is to be replaced is not among the parameters' any more, and is the one to do it.
  const leaving =
    verb === "rotate" && text(args.role)?.toUpperCase() === "ADMIN" ? text(args.from) : undefined;
  const [account, guardian] = [text(args.account) ?? leaving, text(args.guardian)];
  return {
    verb,
    name: nameOf(verb, args),
    reason,
    ...(account !== undefined && { account: parseAddress(account, "--account") }),
    ...(guardian !== undefined && { guardian: parseAddress(guardian, "--guardian") }),
    validFor: parseDuration(String(args.validFor), "--valid-for"),
    prepare: await PREPARE[verb](args, reason, suite, isDeployed),
  };
}

type Prepare = (
  args: VerbArguments,
  reason: string,
  suite: Suite,
  isDeployed: (address: string) => void,
) => Request["prepare"] | Promise<Request["prepare"]>;

const PREPARE: Readonly<Record<VerbName, Prepare>> = {
  pause: (args, reason) => toPause(pauseOf(args, reason)),
  "extend-pause": (args, reason) => toExtendPause(pauseOf(args, reason)),
  unpause: ({ bits }) => toUnpause(parseBits(String(bits))),
  hold: ({ payment }, reason) => toHold({ paymentId: parsePayment(text(payment)), reason }),
  unhold: ({ payment }, reason) => toUnhold({ paymentId: parsePayment(text(payment)), reason }),
  upgrade: upgradeOf,
  rollback: ({ proxy }) => toRollBack(parseProxy(String(proxy))),
  roles: () => toMendRoles(),
  grant: (args) => toGrant({ role: roleOf(args), account: holderOf(args, "to", "grant") }),
  revoke: (args) => toRevoke({ role: roleOf(args), account: holderOf(args, "from", "revoke") }),
  rotate: (args) =>
    toRotate({
      role: roleOf(args),
      from: holderOf(args, "from", "rotate"),
      to: holderOf(args, "to", "rotate"),
    }),
  policy: async (_args, _reason, suite) => {
    await requireGateForPolicy(suite);
    return toSetPolicy();
  },
  token: ({ symbol }) => toConfigureToken(required(text(symbol), "--symbol", "which token")),
  cancel: ({ operation }) => toCancel(required(text(operation), "--operation", "what is scheduled")),
};

/** Of one rung pause and rollback would share the only nonce. More than the most nobody signs at a table. */
const RUNGS = [LEAST_RUNGS, 20] as const;

/** The reason stands on the chain too. */
const pauseOf = ({ bits, duration }: VerbArguments, reason: string) => ({
  bits: parseBits(String(bits)),
  seconds: parseDuration(String(duration), "--duration"),
  reason,
});

const roleOf = ({ role }: VerbArguments) => parseRole(required(text(role), "--role", "which role"));
const holderOf = (args: VerbArguments, side: "from" | "to", verb: VerbName) =>
  getAddress(parseAddress(required(text(args[side]), `--${side}`, "who", VERBS[verb].example), `--${side}`));

async function upgradeOf(
  args: VerbArguments,
  _reason: string,
  suite: Suite,
  isDeployed: (address: string) => void,
) {
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
    rungs: parseCount(Number(args.rungs), "--rungs", RUNGS),
    pauseFor: parseDuration(String(args.pauseFor), "--pause-for"),
  };
  // Last, so that nothing is deployed for what was typed wrong.
  const implementation =
    given === undefined
      ? await deployConfirmed(suite, { proxy, contract, yes: args.yes === true })
      : parseAddress(given, "--implementation");
  if (given === undefined) isDeployed(implementation);
  return toUpgrade({ proxy, implementation, contract, ...(initializer && { initializer }) }, precautions);
}

function nameOf(verb: VerbName, { name, proxy, symbol, role }: VerbArguments): string {
  const subject = [proxy, symbol, role].filter((part) => part !== undefined).join("-");
  const fallback = [verb, subject].filter(Boolean).join("-").toLowerCase();
  const chosen = text(name) ?? fallback;
  if (/^[a-z0-9][a-z0-9.-]{0,80}$/.test(chosen)) return chosen;
  throw new Fault(`--name has lower case letters, digits, dots and dashes; it was ${chosen}.`);
}

const text = (value: VerbArguments[string]) => (typeof value === "string" ? value : undefined);
