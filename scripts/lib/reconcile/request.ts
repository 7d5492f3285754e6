import type { DeploymentRecord } from "../../../deploy/index.js";
import type { RunScope } from "../../../deploy/reconciliations.js";
import type { Finding } from "./findings.js";
import type { Pinned, Rpc } from "./rpc.js";
import type { IndexSource } from "./source.js";

export interface Request {
  readonly record: DeploymentRecord;
  readonly rpc: Rpc;
  /** Another endpoint of the same chain, which has to agree. */
  readonly second?: Rpc;
  readonly source: IndexSource;
  /** Every chain that has a deployment record, so that the index may have rows of it; without it, the index is believed. */
  readonly recorded?: readonly number[];
  /** File of the rows that should be, or `:memory:`. */
  readonly scratch: string;
  /** Whether to go on from what an earlier run left in that file. */
  readonly resume?: boolean;
  /** At which block the contracts are asked; by default the index's own. */
  readonly block?: number;
  readonly filter?: Filter;
  readonly onProgress?: (progress: Progress) => void;
}

/** What to look at only. */
export interface Filter {
  readonly paymentId?: string;
  readonly token?: string;
  /** Unix seconds: only what changed since. */
  readonly since?: number;
}

export type Phase = "logs" | "state" | "rows";

export interface Progress {
  readonly phase: Phase;
  readonly done: number;
  /** 0 if nobody knows yet. */
  readonly of: number;
}

/** What a command says with its exit code. */
export const EXIT_CODES = { clean: 0, differences: 1, "could not tell": 2 } as const;

/** What came of it. */
export interface Reconciliation {
  readonly chainId: number;
  readonly block: Pinned;
  readonly outcome: keyof typeof EXIT_CODES;
  /** What was looked at, and of which index. */
  readonly scope: RunScope;
  readonly findings: readonly Finding[];
  /** Rows that matched, and findings by outcome. */
  readonly counts: Readonly<Record<string, number>>;
  /** How many of all findings an index that is built anew does not have. */
  readonly mendable: number;
  /** Rows of the index that were compared, by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly payments: number;
  readonly rpcCalls: number;
  /** Calls that asked the contracts, about payments and everything else. */
  readonly stateCalls: number;
  readonly seconds: Readonly<Record<Phase, number>>;
  readonly tokens: readonly TokenTotals[];
}

export interface TokenTotals {
  readonly token: string;
  readonly held: string;
  readonly credits: string;
  readonly balance: string;
}
