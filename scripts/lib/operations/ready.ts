import path from "node:path";

import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { SAFE } from "../safe/abi.js";
import { readSignatures } from "../safe/files.js";
import type { Account } from "./accounts.js";
import { collectFor, type Collecting } from "./consents.js";
import { contained, isUnreadable, partition, type Unreadable } from "./contained.js";
import { withFork, type Fork } from "./fork.js";
import type { Step } from "./manifest.js";
import { perform, skipTo, type Signed } from "./perform.js";
import { readRaw, signaturesFolder } from "./raw.js";
import { findHindrances, type Hindrance, type Looking } from "./readiness.js";
import type { Register, Registered } from "./register.js";
import { contractsAt, type Suite } from "./suite.js";
import { findDelay, tryOut } from "./try-out.js";
import { findUncovered } from "./uncovered.js";
import { canGoOn, findLive, warningsAbout } from "./unwanted.js";

/** Whether something that was signed works: now, later, or never as it is signed; see {@link Hindrance.kind}. */
export type Verdict = "works" | Hindrance["kind"];

/** One step that was signed, or should be, and how it stands. */
export interface StepReadiness extends Omit<Hindrance, "kind"> {
  readonly step: string;
  readonly title: string;
  readonly account: string;
  readonly nonce: number;
  readonly verdict: Verdict;
}

/** What is kept ready of one operation. */
export interface OperationReadiness {
  readonly number: number;
  readonly name: string;
  readonly title: string;
  readonly standing: Registered["standing"];
  readonly steps: readonly StepReadiness[];
  /** What somebody must see to. Whole sentences. */
  readonly attention: readonly string[];
  /** What is signed, can be sent by anybody, and is wanted by nobody any more. Whole sentences. */
  readonly unwanted: readonly string[];
}

/** The first look at a step, before it is tried out. */
interface Look {
  readonly registered: Registered;
  readonly step: Step;
  readonly hindrances: readonly Hindrance[];
  /** Who would send it, where one signature is left to whoever does. */
  readonly lastOwners: readonly string[];
}

/** How closely to look. */
export interface Looks {
  /** Tries what has to wait out as well, which takes a fork and many requests. */
  readonly ahead: boolean;
  /** Who would send what is kept ready, and where else its signatures may be. */
  readonly collecting?: Collecting;
}

/** What was found, and which operations could not be looked at. */
export interface Readiness {
  readonly operations: readonly OperationReadiness[];
  readonly unreadable: readonly Unreadable[];
  /** Upgrades that can be taken back, and for which nothing here was signed. Whole sentences. */
  readonly uncovered: readonly string[];
  /** Folders of operations that were planned on blocks that this chain does not have, and of which nothing counts. */
  readonly elsewhere: readonly string[];
}

/**
 * Finds out of everything that was signed whether it would work right now. What has nothing in its way is tried out on the
 * chain as it is; what waits for time, for another step or for its nonce, on a fork on which that has come about. Sends
 * nothing.
 */
export async function findReadiness(
  suite: Suite,
  register: Register,
  looks: Looks = { ahead: true },
): Promise<Readiness> {
  const here = register.operations.filter(({ standing }) => standing !== "elsewhere");
  const seen = await Promise.all(
    here.map((registered) => contained(registered.operation, () => lookAt(suite, registered, looks))),
  );
  const { readable, unreadable } = partition<readonly Look[]>(seen);
  const tried = await tryAll(suite, readable.flat(), looks);
  const found: (OperationReadiness | Unreadable)[] = [...unreadable];
  for (const [registered, steps] of Map.groupBy(tried, ({ look }) => look.registered)) {
    found.push(await contained(registered.operation, () => conclude(suite, registered, steps)));
  }
  const { readable: operations, unreadable: all } = partition<OperationReadiness>(found);
  return {
    operations,
    unreadable: all,
    uncovered: await findUncovered(suite, register, looks.collecting),
    elsewhere: register.operations
      .filter(({ standing }) => standing === "elsewhere")
      .map(({ operation }) => path.basename(operation.path)),
  };
}

async function conclude(
  suite: Suite,
  registered: Registered,
  steps: readonly Tried[],
): Promise<OperationReadiness> {
  const { operation, opened, standing } = registered;
  const readiness = steps.map(({ look, verdict }) => describe(look, verdict));
  const { provider } = suite.connection.ethers;
  const isWanted =
    standing === "done" ? await isAtStake(suite, registered) : await canGoOn(provider, registered);
  const live = isWanted ? [] : await findLive(provider, registered);
  return {
    number: operation.number,
    name: operation.name,
    title: opened.manifest.operation.title,
    standing,
    steps: readiness,
    attention: await findGaps(suite, registered, readiness),
    unwanted: warningsAbout(registered, live),
  };
}

/** What is in the way of each step that was signed, or should be. */
async function lookAt(
  { connection, record }: Suite,
  registered: Registered,
  { collecting = {} }: Looks,
): Promise<Look[]> {
  const { opened, progress } = registered;
  const looks = opened.manifest.steps.map(async (step): Promise<Look[]> => {
    if (step.branch === "main" && !(await isSignedAtAll(registered, step))) return [];
    const { provider } = connection.ethers;
    const looking: Looking = { provider, record, opened, step, progress, collecting };
    const hindrances = await findHindrances(looking);
    const lastOwners = hindrances[0]?.lastOwners ?? [];
    const [executor] = lastOwners;
    if (executor === undefined) return [{ registered, step, hindrances, lastOwners }];
    const asLast = { ...looking, collecting: { ...collecting, executor } };
    return [{ registered, step, hindrances: await findHindrances(asLast), lastOwners }];
  });
  return (await Promise.all(looks)).flat();
}

async function isSignedAtAll({ opened }: Registered, { id }: Step): Promise<boolean> {
  if (opened.accountOf(id).kind === "key") return (await readRaw(opened, id)) !== undefined;
  const { signatures, refused } = await readSignatures(signaturesFolder(opened), opened.safeTransaction(id));
  return signatures.length + refused.length > 0;
}

interface Tried {
  readonly look: Look;
  /** What is in the way after all. */
  readonly verdict: Hindrance | undefined;
}

async function tryAll(suite: Suite, looks: readonly Look[], { ahead, collecting }: Looks): Promise<Tried[]> {
  const { provider } = suite.connection.ethers;
  const isLater = ({ hindrances: [first] }: Look) => first?.kind === "later";
  const work = async (fork?: Fork) => {
    const tried: Tried[] = [];
    for (const look of looks) {
      const { registered, step, hindrances } = look;
      const found = await contained(registered.operation, async () =>
        hindrances.length === 0
          ? await tryOut(provider, registered.opened, step, asSender(look, collecting))
          : isLater(look) && fork !== undefined
            ? await tryLater(fork, look, collecting)
            : [],
      );
      const objections = isUnreadable(found) ? [found.problem] : found;
      const waiting = objections.length > 0 ? [] : await withDelay(provider, look);
      tried.push({ look, verdict: objections.length > 0 ? refusedFor(objections) : merge(waiting) });
    }
    return tried;
  };
  if (!ahead || !looks.some(isLater)) return await work();
  return await withFork(suite.connection, await provider.getBlockNumber(), work);
}

/** What only has to be waited for, fees that are too low for now included. */
async function withDelay(
  provider: Provider,
  { registered: { opened }, step, hindrances }: Look,
): Promise<readonly Hindrance[]> {
  if (hindrances.length > 0 && hindrances[0]!.kind !== "later") return hindrances;
  const delay = await findDelay(provider, opened, step);
  return delay === undefined ? hindrances : [...hindrances, { kind: "later", why: [delay] }];
}

/** Where one signature is left to whoever sends it, an owner does. */
function asSender({ lastOwners: [executor] }: Look, collecting: Collecting = {}): Collecting {
  return { ...collecting, ...(executor !== undefined && { executor }) };
}

const refusedFor = (why: readonly string[]): Hindrance => ({
  kind: "dead",
  why,
  remedy: "Find out why, then plan and sign anew.",
});

/** Everything that has to be waited for, as one. */
const merge = (waiting: readonly Hindrance[]): Hindrance | undefined =>
  waiting.length === 0
    ? undefined
    : waiting.reduce((all, one) => ({ ...all, ...one, why: [...all.why, ...one.why] }));

/** Carries a step out, byte for byte, on a fork on which all has come about that it waits for. */
async function tryLater(fork: Fork, look: Look, collecting?: Collecting): Promise<readonly string[]> {
  const { registered, step, hindrances, lastOwners } = look;
  const [executor] = lastOwners;
  const { opened, progress } = registered;
  try {
    await fork.apart(async () => {
      const times = { ...progress.times };
      const before = hindrances.some(({ after }) => after !== undefined) ? stepsBefore(registered, step) : [];
      for (const earlier of before) {
        await fork.reach(earliestOf(earlier, times));
        const { to, value, data } = earlier.transaction;
        times[earlier.id] = (await fork.send(earlier.account, { to, value: BigInt(value), data })).time;
      }
      await fork.reach(earliestOf(step, times));
      const account = opened.accountOf(step.id) as Account;
      await skipTo(fork, account, step.nonce);
      if (executor !== undefined) await approveAs(fork, executor, step);
      // Whether its fees are enough is another question, see `withDelay`.
      await fork.provider.send("anvil_setNextBlockBaseFeePerGas", ["0x0"]);
      const transaction = { ...step.transaction, value: BigInt(step.transaction.value) };
      await perform(
        fork,
        { account, nonce: step.nonce, transaction },
        await signedFor(fork, registered, step, asSender(look, collecting)),
      );
    });
    return [];
  } catch (error) {
    if (error instanceof Fault) return [error.message];
    throw error;
  }
}

/** On a fork anybody may send; the owner who would says so beforehand. */
async function approveAs(fork: Fork, owner: string, { account, safeTxHash }: Step): Promise<void> {
  const data = SAFE.encodeFunctionData("approveHash", [safeTxHash]);
  await fork.send(owner, { to: account, value: 0n, data });
}

/** All of the main branch that is left, up to a step of it. */
function stepsBefore({ progress: { left } }: Registered, { id }: Step): readonly Step[] {
  const place = left.findIndex((other) => other.id === id);
  return place < 0 ? left : left.slice(0, place);
}

const earliestOf = ({ notBefore }: Step, times: Readonly<Record<string, number>>) =>
  notBefore === null ? 0 : times[notBefore.step]! + notBefore.seconds;

/** Complete: {@link findHindrances} would have said otherwise. */
async function signedFor(
  fork: Fork,
  { opened }: Registered,
  { id }: Step,
  { executor: sender, service }: Collecting = {},
): Promise<Signed> {
  if (opened.accountOf(id).kind === "key") return { raw: (await readRaw(opened, id))! };
  const collecting = { ...(sender && { executor: sender }), ...(service && { service }) };
  const { signatures } = await collectFor(fork.provider, opened, id, collecting);
  return { signatures, ...(sender && { sender }) };
}

function describe(
  { step: { id, title, account, nonce }, lastOwners }: Look,
  hindrance: Hindrance | undefined,
): StepReadiness {
  const { kind: verdict, why, ...rest } = hindrance ?? { kind: "works" as const, why: [] };
  const last =
    lastOwners.length === 0
      ? []
      : [`The last signature is that of who sends it: ${lastOwners.join(" or ")}.`];
  return { step: id, title, account, nonce, verdict, why: [...why, ...last], ...rest };
}

/** Acts of the guardian of which nothing would work in the very moment in which it is needed. */
async function findGaps(
  suite: Suite,
  registered: Registered,
  steps: readonly StepReadiness[],
): Promise<string[]> {
  if (!(await isAtStake(suite, registered))) return [];
  const rungs = registered.opened.manifest.steps.filter(({ branch }) => branch === "ready");
  const acts = new Set(rungs.map(({ id }) => id.replace(/-\d+$/, "")));
  const works = (act: string) =>
    steps.some(
      ({ step, verdict, ahead }) =>
        step.startsWith(`${act}-`) && (verdict === "works" || (verdict === "later" && ahead === undefined)),
    );
  return [...acts]
    .filter((act) => !works(act))
    .map((act) => `No ${act} that was signed with operation ${registered.operation.number} would work.`);
}

/** Whether an operation has changed code, or is about to, and can still be taken back. */
async function isAtStake({ connection, record }: Suite, { standing, opened }: Registered): Promise<boolean> {
  const changed = opened.manifest.proxies.filter(
    ({ before, after }) => before.implementation !== after.implementation,
  );
  if (changed.length === 0 || opened.manifest.operation.verb === "rollback") return false;
  if (standing === "under way") return true;
  if (standing !== "done") return false;
  const { provider } = connection.ethers;
  const { upgradeController } = contractsAt(record, provider);
  const window = Number(await upgradeController.rollbackWindow());
  const { timestamp: now } = (await provider.getBlock("latest"))!;
  for (const { address, before, after } of changed) {
    const { implementation, previous, upgradedAt } = await upgradeController.proxyRecord(address);
    const isInPlace = implementation === after.implementation && previous === before.implementation;
    if (isInPlace && now < Number(upgradedAt) + window) return true;
  }
  return false;
}
