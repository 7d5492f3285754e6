/** What triage asks, in the order in which it tells. Each is a sub-task of its own. */
export const CHECKS = {
  chain: "each RPC endpoint: whether it answers, its chain, its head, and whether all tell the same block",
  index: "whether the read model answers, and how far it is behind the chain or ahead of it",
  leaks: "tokens of which the escrow has less than it owes",
  doubles: "payments that paid out more than came in, or closed twice",
  stuck: "payments that should have moved, and what stands in their way",
  disputes: "disputes on which nobody ruled in time",
  approvals: "operators' payouts whose second person's approval waits, has run out or has become stale",
  credits: "payouts that could not be pushed and wait as credits, frozen or not",
} as const;

export type Check = keyof typeof CHECKS;
export const CHECK_NAMES = Object.keys(CHECKS) as Check[];

/** One thing that somebody should see to. Names nobody: payments by their ids, people by their part in them. */
export interface Finding {
  readonly check: Check;
  /** One word a machine can count. */
  readonly reason: string;
  readonly paymentId?: string;
  /** What it is about, where that is no payment: a token, an endpoint, the index. */
  readonly subject?: string;
  /** What is the matter, in whole sentences. */
  readonly sentence: string;
  /** What to type next. */
  readonly command: string;
}

/** What could not be told, and why. */
export interface Unknown {
  readonly check: Check;
  readonly why: string;
  readonly command?: string;
}

/** What came of a check. */
export interface Outcome {
  readonly findings: readonly Finding[];
  readonly unknown?: readonly Omit<Unknown, "check">[];
  /** How much was looked at, for whoever wants to know that it was not nothing. */
  readonly looked: string;
}
