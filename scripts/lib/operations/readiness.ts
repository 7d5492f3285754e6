import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { ROLES, type RoleName } from "../../../deploy/roles.js";
import { hindrances } from "../safe/hindrances.js";
import { nonceOf } from "./accounts.js";
import { collectFor, type Collecting } from "./consents.js";
import { lastOwnersOf } from "./held-back.js";
import type { Step } from "./manifest.js";
import { findMovedProxy, findMovedSuite, findOtherChain } from "./moved.js";
import type { OpenManifest } from "./open.js";
import type { OperationProgress } from "./progress.js";
import { readRaw } from "./raw.js";
import { contractsAt } from "./suite.js";
import { tryOut } from "./try-out.js";
import { formatTime } from "./units.js";
import { operationIn, toType } from "./to-type.js";

/** Something in the way of a step that was signed beforehand. */
export interface Hindrance {
  /**
   * `done`: it was carried out. `later`: time, or other steps, will clear the way. `unsigned`: signatures are missing.
   * `dead`: it will never work as it is signed.
   */
  readonly kind: "done" | "later" | "unsigned" | "dead";
  /** Whole sentences. */
  readonly why: readonly string[];
  /** Unix seconds from which on it is not in the way any more. */
  readonly from?: number;
  /** The step that has to come first. */
  readonly after?: string;
  /** How many transactions of the same account have to come first. */
  readonly ahead?: number;
  /** That all is there but the signature of one owner: any of these can send it, which stands for signing it. */
  readonly lastOwners?: readonly string[];
  /** A whole sentence; nothing if there is nothing to do. */
  readonly remedy?: string;
}

/** A step, and all that it is looked at with. */
export interface Looking {
  readonly provider: Provider;
  readonly record: DeploymentRecord;
  readonly opened: OpenManifest;
  readonly step: Step;
  readonly progress: OperationProgress;
  /** Who would send it, and where else its signatures may be. */
  readonly collecting?: Collecting;
}

const PLAN_AGAIN = "Plan and sign anew.";

/**
 * Why something that was signed beforehand would not work right now. Whole sentences; none if it would. It is tried out on
 * the chain as it is, without sending anything.
 *
 * @param looking At a step of the branch that is kept ready.
 */
export async function hindrancesOf(looking: Looking, collecting?: Collecting): Promise<readonly string[]> {
  const { provider, opened, step } = looking;
  for (const found of await findHindrances({ ...looking, ...(collecting && { collecting }) }))
    return found.why;
  return await tryOut(provider, opened, step, collecting);
}

/**
 * All that is in the way of a step before it is even tried out: what only has to be waited for, up to the first thing that
 * waiting does not help against. If that is there, it stands first.
 */
export async function findHindrances(looking: Looking): Promise<readonly Hindrance[]> {
  const waiting: Hindrance[] = [];
  for (const examine of EXAMINATIONS) {
    const found = await examine(looking, waiting);
    if (found === undefined) continue;
    if (found.kind !== "later") return [found];
    waiting.push(found);
  }
  return waiting;
}

type Examine = (looking: Looking, waiting: readonly Hindrance[]) => Promise<Hindrance | undefined>;

const dead = (why: readonly string[], remedy = PLAN_AGAIN): Hindrance | undefined =>
  why.length === 0 ? undefined : { kind: "dead", why, remedy };

/* In this order: where one is in the way, the next would only be its consequence. */
const EXAMINATIONS: readonly Examine[] = [
  async ({ provider, opened }) => dead(await findOtherChain(provider, opened.manifest)),
  findDone,
  findExpired,
  findUntimely,
  async ({ provider, opened }) => dead(await findMovedSuite(provider, opened.manifest)),
  findMovedCode,
  findLostRole,
  findUsedNonce,
  findUnsigned,
];

// eslint-disable-next-line @typescript-eslint/require-await -- as the others
async function findDone({ step, progress }: Looking): Promise<Hindrance | undefined> {
  const done = progress.carriedOut.find((found) => found.step === step.id);
  return done && { kind: "done", why: [`It was carried out already, by ${done.hash}.`] };
}

/** The first step of a plan has its time, and what follows only it falls with it. */
async function findExpired({ provider, opened, step, progress }: Looking): Promise<Hindrance | undefined> {
  const { expiresAt, steps } = opened.manifest;
  const isBegun = steps.some(({ id, branch }) => branch === "main" && id in progress.times);
  const isFree = step.branch === "ready" && step.notBefore === null;
  // Nobody is kept from what is urgent by what nobody could tell.
  const isOpen = progress.unknown.some((id) => id === step.notBefore?.step);
  if (isBegun || isFree || isOpen || (await nowOf(provider)) <= expiresAt) return undefined;
  return dead([`The plan expired on ${formatTime(expiresAt)}.`]);
}

async function findUntimely({
  provider,
  step: { id, branch, notBefore, notAfter },
  progress: { times, left, unknown },
}: Looking): Promise<Hindrance | undefined> {
  const now = await nowOf(provider);
  const before =
    branch === "main"
      ? left.slice(
          0,
          left.findIndex((other) => other.id === id),
        )
      : [];
  for (const after of [before.at(-1)?.id, notBefore?.step, notAfter?.step]) {
    if (after === undefined || after in times || unknown.includes(after)) continue;
    return { kind: "later", why: [`It is for after ${after}, which was not carried out.`], after };
  }
  // What is unknown leaves it to the contracts, which have the same bounds.
  const until = notAfter === null ? Infinity : (times[notAfter.step] ?? Infinity) + notAfter.seconds;
  if (now > until) {
    const why = `It was possible until ${formatTime(until)}.`;
    return dead([why], id.startsWith("rollback") ? "Go forward: plan an upgrade." : PLAN_AGAIN);
  }
  const from = notBefore === null ? 0 : (times[notBefore.step] ?? -Infinity) + notBefore.seconds;
  return now >= from
    ? undefined
    : { kind: "later", why: [`It is possible from ${formatTime(from)} on.`], from };
}

/** A rollback is for the code that the operation put in place, and an upgrade for what it replaces. A pause is for any. */
async function findMovedCode(
  { provider, record, opened, step }: Looking,
  waiting: readonly Hindrance[],
): Promise<Hindrance | undefined> {
  const isRollback = step.call.function === "rollback(address)";
  if ((step.branch === "ready" && !isRollback) || waiting.some(({ after }) => after !== undefined))
    return undefined;
  const isAfter = isRollback && step.branch === "ready";
  const concerned = isAfter
    ? opened.manifest.proxies.filter(({ address }) => address === step.call.arguments[0]!.value)
    : opened.manifest.proxies;
  const moved: string[] = [];
  for (const proxy of concerned) {
    // Whatever has become of the code that is taken back is no reason to leave it there.
    moved.push(
      ...(isAfter
        ? await findMovedProxy(provider, record, proxy, "after", [proxy.before])
        : await findMovedProxy(provider, record, proxy, "before")),
    );
  }
  return dead(moved, isAfter ? `Look what runs there now: ${toType("ops status")}` : PLAN_AGAIN);
}

async function findLostRole({
  provider,
  record,
  step: { account, role },
}: Looking): Promise<Hindrance | undefined> {
  const { accessManager } = contractsAt(record, provider);
  const { isMember } = await accessManager.hasRole(ROLES[role as RoleName].id, account);
  if (isMember) return undefined;
  return dead(
    [`${account} does not hold ${role} any more.`],
    `Plan and sign anew with an account that holds ${role}, or grant it again.`,
  );
}

async function findUsedNonce({ provider, opened, step }: Looking): Promise<Hindrance | undefined> {
  const { id, nonce, account } = step;
  const next = await nonceOf(provider, opened.accountOf(id));
  if (next === nonce) return undefined;
  const where = `Its nonce is ${nonce} and ${account} is at ${next}`;
  if (next > nonce) return dead([`${where}: it is used.`], "Take a later rung; if there is none, sign anew.");
  const ahead = nonce - next;
  return { kind: "later", why: [`${where}: what is signed for ${next} goes first.`], ahead };
}

async function findUnsigned({ provider, opened, step, collecting }: Looking): Promise<Hindrance | undefined> {
  const remedy = `Have it signed: ${toType("ops sign", operationIn(opened), "--signer <theirs>")}`;
  try {
    if (opened.accountOf(step.id).kind === "key") {
      if ((await readRaw(opened, step.id)) !== undefined) return undefined;
      return { kind: "unsigned", why: [`${step.account} did not sign it.`], remedy };
    }
    const consents = await collectFor(provider, opened, step.id, collecting);
    const { state } = consents.tree;
    // Its nonce is another question.
    const why = hindrances({ ...opened.safeTransaction(step.id), nonce: state.nonce }, state, consents);
    if (why.length === 0) return undefined;
    const lastOwners = lastOwnersOf(opened, step.id, consents);
    return { kind: "unsigned", why, remedy, ...(lastOwners.length > 0 && { lastOwners }) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return dead([error.message], "Have it signed again.");
  }
}

const nowOf = async (provider: Provider) => (await provider.getBlock("latest"))!.timestamp;
