import { Fault } from "../../../deploy/fault.js";
import type { TargetName } from "../../../deploy/roles.js";
import { TARGET_INTERFACES } from "../../../deploy/selectors.js";
import type { AccessManager } from "../../../types/ethers-contracts/index.js";
import type { Account } from "./accounts.js";
import { encodeCall, type Act, type ActCall } from "./acts/act.js";
import { delayOf } from "./authority.js";
import type { Transaction } from "./fork.js";
import type { Vocabulary } from "./calls.js";
import { operationsIn } from "./scheduled.js";

/** When a step may be carried out: so many seconds after another one was. */
export interface After {
  readonly step: string;
  readonly seconds: number;
}

/** One transaction of an operation, before anything is known of what it will change. */
export interface PlannedStep {
  readonly id: string;
  readonly branch: "main" | "ready";
  readonly title: string;
  readonly account: Account;
  readonly role: Act["role"];
  readonly nonce: number;
  readonly notBefore: After | null;
  readonly notAfter: After | null;
  readonly transaction: Transaction;
  /** See {@link Act.mayChange}; with what the step changes by itself. */
  readonly mayChange: readonly string[];
}

/** Whoever plans, and with what. */
export interface Desk {
  readonly accessManager: AccessManager;
  readonly targets: Vocabulary["targets"];
  readonly nameOf: (address: string) => string;
}

/**
 * The steps by which an account carries out an act: one if it may at once, else first all that must be scheduled, and after
 * the longest delay the act itself.
 *
 * @param id Of the step, if there is only one.
 */
export async function planAct(desk: Desk, account: Account, act: Act, id: string): Promise<PlannedStep[]> {
  requireOneTarget(act.calls);
  const calls: EncodedCall[] = [];
  for (const call of act.calls) {
    const encoded = { to: desk.targets[call.target], data: encodeCall(call) };
    const delay = await delayOf(desk.accessManager, account.address, encoded);
    calls.push({ ...encoded, delay });
  }
  const execution: PlannedStep = {
    id,
    branch: "main",
    title: act.title,
    account,
    role: act.role,
    nonce: account.nonce,
    notBefore: null,
    notAfter: null,
    transaction: atOnce(
      act.calls[0].target,
      desk,
      calls.map(({ data }) => data),
    ),
    mayChange: [...act.mayChange, ...ownEntries(desk, account)],
  };
  const delayed = calls.filter(({ delay }) => delay > 0);
  return delayed.length === 0 ? [execution] : await inTwo(desk, execution, delayed);
}

/**
 * An act that is signed beforehand, several times over with successive nonces: if other transactions of the account use
 * some of them up, the next one still works.
 */
export function planLadder(
  desk: Desk,
  account: Account,
  act: Act,
  {
    id,
    from,
    rungs,
    ...when
  }: Pick<PlannedStep, "id" | "notBefore" | "notAfter"> & { from: number; rungs: number },
): PlannedStep[] {
  const data = act.calls.map(encodeCall);
  return Array.from({ length: rungs }, (_, i) => ({
    ...when,
    id: `${id}-${i + 1}`,
    branch: "ready",
    title: act.title,
    account,
    role: act.role,
    nonce: from + i,
    transaction: atOnce(act.calls[0].target, desk, data),
    mayChange: [...act.mayChange, ...ownEntries(desk, account)],
  }));
}

interface EncodedCall {
  readonly to: string;
  readonly data: string;
  readonly delay: number;
}

/** Schedules what is delayed, and after the longest delay carries everything out. */
async function inTwo(
  desk: Desk,
  execution: PlannedStep,
  delayed: readonly EncodedCall[],
): Promise<PlannedStep[]> {
  const delays = delayed.map(({ delay }) => delay);
  const lifetime = Number(await desk.accessManager.expiration());
  const schedules = delayed.map(({ to, data }) =>
    TARGET_INTERFACES.accessManager.encodeFunctionData("schedule", [to, data, 0]),
  );
  const transaction = atOnce("accessManager", desk, schedules);
  const from = execution.account.address;
  const scheduled = [...operationsIn([{ from, ...transaction }], desk.targets).values()].map(
    (name) => `accessManager _schedules[${name}]`,
  );
  const schedule: PlannedStep = {
    ...execution,
    id: "schedule",
    title: `Schedule: ${execution.title}`,
    transaction,
    mayChange: [
      ...scheduled.flatMap((entry) => [`${entry}.timepoint`, `${entry}.nonce`]),
      ...ownEntries(desk, execution.account),
    ],
  };
  return [
    schedule,
    {
      ...execution,
      id: "execute",
      nonce: schedule.nonce + 1,
      notBefore: { step: schedule.id, seconds: Math.max(...delays) },
      // What was scheduled with the shortest delay is the first to expire.
      notAfter: { step: schedule.id, seconds: Math.min(...delays) + lifetime },
      mayChange: [...execution.mayChange, ...scheduled.map((entry) => `${entry}.timepoint`)],
    },
  ];
}

/** What every transaction of a Safe changes. */
const ownEntries = ({ nameOf }: Desk, { kind, address }: Account) =>
  kind === "safe" ? [`${nameOf(address)} nonce`] : [];

function requireOneTarget(calls: readonly ActCall[]): void {
  const [{ target }] = calls as readonly [ActCall];
  if (calls.every((call) => call.target === target) && (calls.length === 1 || target === "accessManager"))
    return;
  throw new Fault("Several calls can be made at once only of the AccessManager; plan them one by one.");
}

/** One call as it is, several through the AccessManager's own multicall. */
function atOnce(target: TargetName, { targets }: Desk, calls: readonly string[]): Transaction {
  const data =
    calls.length === 1 ? calls[0]! : TARGET_INTERFACES[target].encodeFunctionData("multicall", [calls]);
  return { to: targets[target], value: 0n, data };
}
