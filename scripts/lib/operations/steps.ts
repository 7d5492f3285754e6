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
 * the longest delay the act itself. Then what has to wait until that took effect.
 *
 * @param id Of the step, if there is only one.
 */
export async function planAct(desk: Desk, account: Account, act: Act, id: string): Promise<PlannedStep[]> {
  const { afterwards } = act;
  requireOneTarget([...act.calls, ...(afterwards?.calls ?? [])]);
  const calls = await encodeAll(desk, account, act.calls);
  const later = await encodeAll(desk, account, afterwards?.calls ?? []);
  const common = { branch: "main", account, role: act.role, notBefore: null, notAfter: null } as const;
  const execution: PlannedStep = {
    ...common,
    id,
    title: act.title,
    nonce: account.nonce,
    transaction: transactionOf(desk, act.calls, calls),
    mayChange: [...act.mayChange, ...ownEntries(desk, account)],
  };
  const last: PlannedStep | undefined = afterwards && {
    ...common,
    id: afterwards.id,
    title: afterwards.title,
    nonce: account.nonce + 1,
    notBefore: { step: id, seconds: afterwards.seconds },
    transaction: transactionOf(desk, afterwards.calls, later),
    mayChange: [...afterwards.mayChange, ...ownEntries(desk, account)],
  };
  const delayed = [...calls, ...later].filter(({ delay }) => delay > 0);
  return delayed.length === 0
    ? [execution, ...(last ? [last] : [])]
    : await withSchedule(desk, execution, last, delayed);
}

const encodeAll = async (desk: Desk, account: Account, calls: readonly ActCall[]): Promise<EncodedCall[]> =>
  await Promise.all(
    calls.map(async (call) => {
      const encoded = { to: desk.targets[call.target], data: encodeCall(call) };
      return { ...encoded, delay: await delayOf(desk.accessManager, account.address, encoded) };
    }),
  );

const transactionOf = (desk: Desk, [first]: Act["calls"], encoded: readonly EncodedCall[]) =>
  atOnce(
    first.target,
    desk,
    encoded.map(({ data }) => data),
  );

/** Of a single rung, whichever act is needed first would use up the nonce of the other. */
export const LEAST_RUNGS = 2;

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
  if (rungs < LEAST_RUNGS) {
    throw new Fault(
      `A ladder has ${LEAST_RUNGS} rungs at least, not ${rungs}: a pause that uses a nonce up must leave a rollback.`,
    );
  }
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

/** Left between the last moment for an act and that for what has to wait for it. */
const LEEWAY = 86_400;

/** Schedules what is delayed, and after the longest delay carries everything out. */
async function withSchedule(
  desk: Desk,
  execution: PlannedStep,
  last: PlannedStep | undefined,
  delayed: readonly EncodedCall[],
): Promise<PlannedStep[]> {
  const delays = delayed.map(({ delay }) => delay);
  const [shortest, longest] = [Math.min(...delays), Math.max(...delays)];
  const lifetime = Number(await desk.accessManager.expiration());
  const schedules = delayed.map(({ to, data }) =>
    TARGET_INTERFACES.accessManager.encodeFunctionData("schedule", [to, data, 0]),
  );
  const transaction = atOnce("accessManager", desk, schedules);
  const from = execution.account.address;
  const scheduled = [...operationsIn([{ from, ...transaction }], desk.targets).values()].map(
    (name) => `accessManager _schedules[${name}]`,
  );
  const timepoints = scheduled.map((entry) => `${entry}.timepoint`);
  const schedule: PlannedStep = {
    ...execution,
    id: "schedule",
    title: `Schedule: ${execution.title}`,
    transaction,
    mayChange: [
      ...timepoints,
      ...scheduled.map((entry) => `${entry}.nonce`),
      ...ownEntries(desk, execution.account),
    ],
  };
  // What was scheduled with the shortest delay is the first to expire.
  const end = { step: schedule.id, seconds: shortest + lifetime };
  const wait = last === undefined ? 0 : last.notBefore!.seconds + LEEWAY;
  const steps: PlannedStep[] = [
    schedule,
    {
      ...execution,
      id: "execute",
      nonce: schedule.nonce + 1,
      notBefore: { step: schedule.id, seconds: longest },
      notAfter: { ...end, seconds: end.seconds - wait },
      mayChange: [...execution.mayChange, ...timepoints],
    },
  ];
  if (last === undefined) return steps;
  return [
    ...steps,
    {
      ...last,
      nonce: schedule.nonce + 2,
      notBefore: { step: "execute", seconds: last.notBefore!.seconds },
      notAfter: end,
      mayChange: [...last.mayChange, ...timepoints],
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
