import type { Plain } from "./kinds.js";

/** How the index and the chain can differ. `matched` is what is counted and never reported. */
export const OUTCOMES = [
  "matched",
  "missing_in_index",
  "missing_on_chain",
  "terms_mismatch",
  "state_mismatch",
  "total_mismatch",
  "lookup_failed",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One thing that is not as it should be, or that nobody could tell. */
export interface Finding {
  readonly outcome: Exclude<Outcome, "matched">;
  /** The read model's table, or `chain` for what the chain itself is at odds about. */
  readonly table: string;
  /** The row's key. */
  readonly key: string;
  /** What the row is about as the chain's events say; only of a row that nothing made, as the row itself says. */
  readonly paymentId?: string;
  readonly field?: string;
  readonly found: string;
  readonly expected: string;
  /** What to do. */
  readonly advice: string;
  /** Whether money may be going where no event sends it. */
  readonly leak?: true;
}

/** Stands for what {@link Findings.rebuild} says. */
const RESYNC = "Build the index anew";
const ASK_ANOTHER = "Ask another RPC as well: --second-rpc <url>";

export const ADVICE = {
  resync: RESYNC,
  askAnother: ASK_ANOTHER,
  distrust: "Believe neither of the two RPCs: find out which is right, and reconcile with that one",
  investigate: "Treat it as an incident: the contract's state is not what its events say",
  stopPayouts: "Treat it as an incident: stop what pays out until it is known where the money went",
  again: "Try again; if it stays, ask another RPC",
} as const;

/** Findings as they come. What is beyond the limit is counted and left out, so that memory stays bounded. */
export class Findings {
  readonly list: Finding[] = [];
  /** How many an index that is built anew does not have. */
  mendable = 0;
  readonly counts = new Map<Outcome, number>();
  /** The whole command that builds this index anew, once it is known which one it is. */
  rebuild = "npx hardhat reconcile --apply";

  constructor(private readonly limit = 10_000) {}

  add(finding: Finding): void {
    this.count(finding.outcome);
    const isMendable = finding.advice === ADVICE.resync;
    if (isMendable) this.mendable += 1;
    if (this.list.length >= this.limit) return;
    this.list.push(isMendable ? { ...finding, advice: `${RESYNC}: ${this.rebuild}` } : finding);
  }

  count(outcome: Outcome): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
  }

  of(outcome: Outcome): number {
    return this.counts.get(outcome) ?? 0;
  }

  get total(): number {
    return [...this.counts].reduce((sum, [outcome, n]) => (outcome === "matched" ? sum : sum + n), 0);
  }
}

/** A value in a sentence. */
export const shown = (value: Plain | undefined): string =>
  typeof value === "string" ? value : value === undefined ? "nothing" : JSON.stringify(value);
