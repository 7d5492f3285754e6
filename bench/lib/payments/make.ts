import { callOf, depositOf, together, type Made, type Target } from "./calls.js";
import { actorOf, lifecycleOf, type Actor, type Step } from "./lifecycles.js";
import { Node, type Sent } from "./node.js";
import { AT_ONCE, termsOfNumber } from "./terms.js";

/** Payments that are deposited in the same few blocks. */
const COHORT = 1_000;
/** How many cohorts later the next step of a payment's life happens. */
const LAG = 3;
/** Calls in one block: some 15 million gas. */
const CALLS_PER_BLOCK = 250;
const GAS_PER_CALL = 250_000n;
const CLAIMABLE_AFTER = 3_601;

interface Call {
  from: string;
  data: string;
}

/** What payments are made with. */
export interface Makers extends Target {
  readonly node: Node;
  readonly tokens: readonly [string, string];
  readonly officers: Readonly<Record<Exclude<Actor, "buyer" | "seller">, string>>;
}

/**
 * Makes payments number `first` to `end - 1` and lets each live its life, many lives at the same time. Every call is
 * real: the escrow's own `multicall` only puts several of one sender into a transaction.
 *
 * @returns How many blocks it took.
 */
export async function makePayments(makers: Makers, first: number, end: number): Promise<number> {
  const cohorts: Made[][] = [];
  const count = Math.ceil((end - first) / COHORT);
  let blocks = 0;
  const play = async (calls: Call[]) => {
    for (const block of blocksOf(makers, calls)) {
      await makers.node.mine(block);
      ++blocks;
    }
  };
  for (let round = 0; round < count + LONGEST * LAG; ++round) {
    if (round < count) {
      const start = first + round * COHORT;
      cohorts[round] = await newCohort(makers, start, Math.min(start + COHORT, end));
      await play(depositsOf(cohorts[round]!));
    }
    for (let stage = 0; stage < LONGEST; ++stage) {
      const cohort = cohorts[round - (stage + 1) * LAG];
      if (cohort) await play(stepsOf(makers, cohort, stage));
    }
  }
  const { node } = makers;
  await node.ask("evm_setNextBlockTimestamp", Number(await node.time()) + CLAIMABLE_AFTER);
  for (const cohort of cohorts) await play(claimsOf(makers, cohort));
  return blocks;
}

const LONGEST = 3;

async function newCohort({ node, tokens }: Makers, first: number, end: number): Promise<Made[]> {
  const now = await node.time();
  return Array.from({ length: end - first }, (_, i) => ({
    n: first + i,
    terms: termsOfNumber(first + i, tokens, now),
  }));
}

const depositsOf = (cohort: Made[]): Call[] =>
  cohort.map((payment) => ({ from: payment.terms.buyer, data: depositOf(payment) }));

/** What happens at one stage of the payments' lives; claims wait for their deadline. */
function stepsOf(makers: Makers, cohort: Made[], stage: number): Call[] {
  return cohort.flatMap((payment) => {
    const { steps } = lifecycleOf(payment.n);
    const step = steps[stage];
    return step && step.does !== "claim" ? [callFor(makers, payment, steps, stage)] : [];
  });
}

function claimsOf(makers: Makers, cohort: Made[]): Call[] {
  return cohort.flatMap((payment) => {
    const { steps } = lifecycleOf(payment.n);
    return steps[0]?.does === "claim" ? [callFor(makers, payment, steps, 0)] : [];
  });
}

function callFor(makers: Makers, payment: Made, steps: readonly Step[], stage: number): Call {
  const step = steps[stage]!;
  const actor = actorOf(step);
  const from = actor === "buyer" || actor === "seller" ? payment.terms[actor] : makers.officers[actor];
  const done = steps.slice(0, stage).reduce((sum, it) => sum + ("percent" in it ? it.percent : 0), 0);
  return { from, data: callOf(makers, payment, step, done) };
}

/** Calls of one sender in transactions, transactions in blocks, in the order of the calls. */
function blocksOf({ escrow }: Target, calls: Call[]): Sent[][] {
  const bySender = Map.groupBy(calls, ({ from }) => from);
  const blocks: Sent[][] = [];
  let room = 0;
  for (const [from, own] of bySender) {
    for (let i = 0; i < own.length; i += AT_ONCE) {
      const some = own.slice(i, i + AT_ONCE);
      if (some.length > room) {
        blocks.push([]);
        room = CALLS_PER_BLOCK;
      }
      room -= some.length;
      blocks.at(-1)!.push({
        from,
        to: escrow,
        data: together(some.map(({ data }) => data)),
        gas: GAS_PER_CALL * BigInt(some.length),
      });
    }
  }
  return blocks;
}
