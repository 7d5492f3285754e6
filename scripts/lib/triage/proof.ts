import { isError, type Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/record.js";
import { plain, withoutUrls } from "../plain.js";
import { Examination, said } from "./examination.js";
import { LIMITS } from "./site.js";
import type { Aftermath } from "./standing.js";

/** What somebody says: that this transaction is the deposit of that payment, and what else they say of it. */
export interface Claim {
  readonly transaction: string;
  readonly paymentId: string;
  /** In the token's smallest unit. */
  readonly amount?: bigint;
  readonly token?: string;
  readonly buyer?: string;
  readonly seller?: string;
  /** The merchant's own, as the terms have it: 32 bytes. */
  readonly reference?: string;
}

/** An endpoint under the name by which it may be shown. */
export interface Witness {
  readonly label: string;
  readonly provider: Provider;
}

export interface Proving {
  readonly record: DeploymentRecord;
  /** At least one; all of them have to say the same. */
  readonly witnesses: readonly Witness[];
  /** Endpoints that were named and cannot be asked, and why. Without them nothing is proved. */
  readonly silent?: readonly { readonly label: string; readonly why: string }[];
  /** The best block that was seen of the chain, as none may be asked as of long before it. */
  readonly seen?: number;
  /** What time it is, in Unix seconds, unless the chain's time is its own: a deadline may be over before a block says so. */
  readonly now?: number;
  /** Blocks that must stand on it, its own included. */
  readonly confirmations: number;
  /** First block in which the payment could have been deposited before. */
  readonly fromBlock: number;
}

export interface ProofCheck {
  readonly name: string;
  /** Null if it could not be told. */
  readonly passed: boolean | null;
  readonly sentence: string;
}

export interface Proof extends Claim {
  readonly checks: readonly ProofCheck[];
  /** `proved` only if every check passed; `refuted` if one did not. */
  readonly verdict: "proved" | "refuted" | "unknown";
  /** Where the payment's money is now; null if that was not looked at, or could not be told. */
  readonly now: Aftermath | null;
  /** Whether it was proved, and its money is there or was released, and none of it goes back to the buyer. */
  readonly mayDeliver: boolean;
}

/** What one endpoint said, as far as it went. */
interface Testimony {
  readonly label: string;
  readonly checks: readonly ProofCheck[];
  readonly aftermath?: Aftermath;
  /** Why it says no more. */
  readonly problem?: string;
}

/** Whether a claim is true, check by check, at every endpoint. Believes nothing that the chain does not say. */
export async function verifyProof(claim: Claim, proving: Proving): Promise<Proof> {
  const { heard, silent } = await hearAll(claim, proving);
  const [first, ...others] = heard;
  const untold = silent.map(({ label, why }) =>
    said("endpoints", null, `${label} does not tell: ${plain(why)}.`),
  );
  const checks =
    first === undefined
      ? untold
      : withEndpoints(first, [...others.map((other) => compare(first, other)), ...untold]);
  const passed = checks.map((check) => check.passed);
  const verdict = passed.includes(false) ? "refuted" : passed.includes(null) ? "unknown" : "proved";
  const now = latestOf(heard);
  return { ...claim, checks, verdict, now, mayDeliver: verdict === "proved" && now?.mayDeliver === true };
}

/** What became of the money, as any endpoint tells; of what keeps from delivering, one word is enough. */
const latestOf = (heard: readonly Testimony[]): Aftermath | null =>
  heard
    .flatMap(({ aftermath }) => aftermath ?? [])
    .sort((a, b) => Number(a.mayDeliver) - Number(b.mayDeliver) || b.block - a.block)[0] ?? null;

/**
 * Asks every endpoint everything, as of a block that each of them has. One that is far behind is not asked: as of where it is,
 * all would agree on what is long over; the others also tell where the money is as of their own head.
 */
async function hearAll(
  claim: Claim,
  { witnesses, silent = [], seen = 0, ...asked }: Proving,
): Promise<{ heard: Testimony[]; silent: NonNullable<Proving["silent"]> }> {
  const heads = await Promise.all(
    witnesses.map(({ provider }) => provider.getBlockNumber().catch((problem: unknown) => wordsOf(problem))),
  );
  const best = Math.max(seen, ...heads.filter((found) => typeof found === "number"));
  const judged = witnesses.map((witness, i) => ({
    ...witness,
    head: heads[i]!,
    why: whyNot(heads[i]!, best),
  }));
  const present = judged.filter(({ why }) => why === undefined);
  const head = Math.min(...present.map((one) => Number(one.head)));
  return {
    heard: await Promise.all(
      present.map(({ label, provider, head: latest }) =>
        hear(label, new Examination(claim, { ...asked, provider, head, latest: Number(latest) })),
      ),
    ),
    silent: [...silent, ...judged.flatMap(({ label, why }) => (why === undefined ? [] : [{ label, why }]))],
  };
}

/** Why an endpoint cannot be asked, by its head or what it said instead; nothing if it can. */
function whyNot(head: number | string, best: number): string | undefined {
  if (typeof head === "string") return head;
  return best - head > LIMITS.lag
    ? `it is ${best - head} blocks behind what was seen of the chain`
    : undefined;
}

async function hear(label: string, examination: Examination): Promise<Testimony> {
  const checks: ProofCheck[] = [];
  try {
    for await (const check of examination.checks()) checks.push(check);
    const { aftermath } = examination;
    return { label, checks, ...(aftermath && { aftermath }) };
  } catch (problem) {
    return { label, checks, problem: wordsOf(problem) };
  }
}

/** Another endpoint has to come to the same, check by check: a receipt that one made up is what no other has. */
function compare(first: Testimony, { label, checks, problem }: Testimony): ProofCheck {
  const at = checks.findIndex((check, i) => !isSameCheck(check, first.checks[i]));
  if (at >= 0 && first.checks[at] !== undefined) {
    const { name, passed, sentence } = checks[at]!;
    const isTold = passed !== null && first.checks[at].passed !== null;
    return said("endpoints", isTold ? false : null, `${label} says otherwise of ${name}: ${sentence}`);
  }
  if (problem !== undefined) return said("endpoints", null, `${label} does not tell: ${problem}.`);
  return at < 0 && checks.length === first.checks.length
    ? said("endpoints", true, `${label} says the same.`)
    : said("endpoints", null, `${label} could not be compared to the end.`);
}

const isSameCheck = (one: ProofCheck, other: ProofCheck | undefined) =>
  one.name === other?.name && one.passed === other.passed && one.sentence === other.sentence;

/** What the first endpoint said, with what the others say of it where the block is known. */
function withEndpoints(
  { label, checks, problem }: Testimony,
  endpoints: readonly ProofCheck[],
): ProofCheck[] {
  if (checks[0]?.passed === false) return [...checks];
  const alone = said("endpoints", true, `Only ${label} was asked; name another with --rpc.`);
  const place = checks.findIndex(({ name }) => name === "canonical") + 1 || checks.length;
  return [
    ...checks.slice(0, place),
    ...(endpoints.length > 0 ? endpoints : [alone]),
    ...checks.slice(place),
    ...(problem === undefined ? [] : [said("chain", null, `The chain does not tell: ${problem}.`)]),
  ];
}

/** In few words, without URLs. */
function wordsOf(problem: unknown): string {
  const words = isError(problem, "UNKNOWN_ERROR") ? problem.shortMessage : (problem as Error).message;
  return plain(withoutUrls(words).split("\n")[0]!).slice(0, 200);
}
