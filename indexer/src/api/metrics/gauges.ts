import { paymentEventKind } from "ponder:schema";

import type { ReconciliationRecord } from "../../../../deploy/reconciliations.js";
import { pauseBits } from "../../model/enums.js";
import type { ChainReading, TokenReading } from "./reading.js";

/** All that is known of one chain at one moment. */
export interface Observation extends ChainReading {
  events: Record<string, number>;
  heads: { endpoint: string; block: number }[];
  /** The escrow's balances at the indexed block, of the tokens whose balance could be read. */
  balances: Map<string, bigint>;
  /** Symbol and decimals of the tokens that the deployment record knows. */
  known: Map<string, { symbol: string; decimals: number }>;
  /** Whether the chain has another block in the place of the last one that the index took for final, if that is known. */
  hasLeft: boolean | undefined;
  /** The last run of `npx hardhat reconcile` that compared all of this index, if there was one. */
  reconciled: ReconciliationRecord | undefined;
}

type Labels = Record<string, string>;

/** A metric of one chain: samples as label values and a number. The chain's own label is added. */
export interface GaugeOfChain {
  name: string;
  help: string;
  labels: string[];
  samples: (it: Observation) => [Labels, number][];
}

const one = (value: number): [Labels, number][] => [[{}, value]];

const perToken = (
  name: string,
  help: string,
  value: (token: TokenReading, it: Observation) => bigint | number | undefined,
): GaugeOfChain => ({
  name,
  help,
  labels: ["token"],
  samples: (it) =>
    it.tokens.flatMap((token) => {
      const found = value(token, it);
      return found === undefined ? [] : [[{ token: token.address }, Number(found)] as [Labels, number]];
    }),
});

const liabilities = ({ held, credits }: TokenReading) => held + credits;
const count = (it: Observation, status: string) =>
  it.unsettled.find((group) => group.status === status)?.count ?? 0;
const head = ({ heads }: Observation) => Math.max(...heads.map(({ block }) => block));

/**
 * Gauges, although some only grow: a reorganisation can take back what was counted, and a counter that falls would
 * look like a restart. Amounts are in the token's smallest unit, as a double: exact up to 2^53; differences are taken before.
 */
export const gauges: GaugeOfChain[] = [
  {
    name: "holdfast_payments",
    help: "Payments by status.",
    labels: ["status"],
    samples: (it) => {
      const open = { Funded: count(it, "Funded"), Disputed: count(it, "Disputed") };
      const ever = it.tokens.reduce((sum, { payments }) => sum + payments, 0);
      const groups = { ...open, Closed: ever - open.Funded - open.Disputed };
      return Object.entries(groups).map(([status, n]) => [{ status }, n]);
    },
  },
  {
    name: "holdfast_payments_on_hold",
    help: "Payments that compliance has frozen.",
    labels: [],
    samples: (it) => one(it.unsettled.reduce((sum, { onHold }) => sum + onHold, 0)),
  },
  {
    name: "holdfast_payment_events",
    help: "Events of payments so far, by kind: PaymentCreated is initiated, PayoutCredited a transfer that failed.",
    labels: ["kind"],
    samples: (it) => paymentEventKind.enumValues.map((kind) => [{ kind }, it.events[kind] ?? 0]),
  },
  {
    name: "holdfast_oldest_unsettled_payment_timestamp_seconds",
    help: "When the oldest payment that is not closed was created.",
    labels: ["status"],
    samples: (it) => it.unsettled.map(({ status, oldest }) => [{ status }, oldest]),
  },
  {
    name: "holdfast_earliest_deadline_timestamp_seconds",
    help: "The earliest deadline of a payment that is not closed.",
    labels: ["status"],
    samples: (it) => it.unsettled.map(({ status, earliestDeadline }) => [{ status }, earliestDeadline]),
  },
  {
    name: "holdfast_token_decimals",
    help: "Digits after the point of a token that the deployment record knows: amounts / 10 ^ this are whole tokens.",
    labels: ["token", "symbol"],
    samples: (it) =>
      it.tokens.flatMap(({ address }) => {
        const known = it.known.get(address);
        return known ? [[{ token: address, symbol: known.symbol }, known.decimals]] : [];
      }),
  },
  perToken("holdfast_token_payments", "Payments ever made in a token.", ({ payments }) => payments),
  perToken("holdfast_token_held", "Held for payments, in the token's smallest unit.", ({ held }) => held),
  perToken("holdfast_token_credits", "Payouts that wait to be withdrawn.", ({ credits }) => credits),
  perToken("holdfast_token_liabilities", "Held and credits: what the escrow owes.", liabilities),
  perToken("holdfast_token_balance", "What the escrow has on chain, at the indexed block.", (token, it) =>
    it.balances.get(token.address),
  ),
  perToken(
    "holdfast_token_surplus",
    "Balance less liabilities; below zero money is missing.",
    (token, it) => {
      const balance = it.balances.get(token.address);
      return balance === undefined ? undefined : balance - liabilities(token);
    },
  ),
  {
    name: "holdfast_token_moved",
    help: "Sums over everything so far, by where it went.",
    labels: ["token", "flow"],
    samples: (it) =>
      it.tokens.flatMap(({ address, moved }) =>
        Object.entries(moved).map(
          ([flow, amount]) => [{ token: address, flow }, Number(amount)] as [Labels, number],
        ),
      ),
  },
  {
    name: "holdfast_credit_accounts",
    help: "Accounts with a credit, by whether screening stopped its last payout.",
    labels: ["token", "frozen"],
    samples: (it) =>
      it.credits.map(({ token, frozen, accounts }) => [{ token, frozen: String(frozen) }, accounts]),
  },
  {
    name: "holdfast_paused",
    help: "1 while something is paused, at the indexed block.",
    labels: ["bit"],
    samples: (it) =>
      pauseBits.map((bit) => {
        const until = it.pauses.find((pause) => pause.bit === bit)?.until ?? 0;
        return [{ bit }, Number(until > it.indexedTime)];
      }),
  },
  {
    name: "holdfast_paused_until_timestamp_seconds",
    help: "When a pause ends by itself.",
    labels: ["bit"],
    samples: (it) =>
      it.pauses
        .filter(({ until }) => until > it.indexedTime)
        .map(({ bit, until }) => [{ bit }, until] as [Labels, number]),
  },
  {
    name: "holdfast_operations_pending",
    help: "Scheduled operations that were neither executed nor cancelled and have not run out.",
    labels: [],
    samples: ({ operations }) => one(operations.waiting),
  },
  {
    name: "holdfast_next_operation_timestamp_seconds",
    help: "When the next scheduled operation can be executed.",
    labels: [],
    samples: ({ operations }) => (operations.nextReadyAt === null ? [] : one(operations.nextReadyAt)),
  },
  {
    name: "holdfast_reconciled_timestamp_seconds",
    help: "When all of this index was compared with the chain last, by how that ended.",
    labels: ["outcome"],
    samples: ({ reconciled }) =>
      reconciled === undefined ? [] : [[{ outcome: reconciled.outcome }, Date.parse(reconciled.at) / 1_000]],
  },
  {
    name: "holdfast_final_block_left",
    help: "1 if the chain has another block in the place of the last one that the index took for final.",
    labels: [],
    samples: ({ hasLeft }) => (hasLeft === undefined ? [] : one(Number(hasLeft))),
  },
  {
    name: "holdfast_indexed_block",
    help: "The last block in the tables.",
    labels: [],
    samples: ({ indexedBlock }) => one(indexedBlock),
  },
  {
    name: "holdfast_indexed_block_timestamp_seconds",
    help: "The time of the last block in the tables.",
    labels: [],
    samples: ({ indexedTime }) => one(indexedTime),
  },
  {
    name: "holdfast_rpc_head_block",
    help: "The head of the chain as an RPC endpoint sees it.",
    labels: ["endpoint"],
    samples: ({ heads }) => heads.map(({ endpoint, block }) => [{ endpoint }, block]),
  },
  {
    name: "holdfast_chain_head_block",
    help: "The highest head that an endpoint of the chain sees.",
    labels: [],
    samples: (it) => (it.heads.length === 0 ? [] : one(head(it))),
  },
  {
    name: "holdfast_head_lag_blocks",
    help: "Blocks that the chain has and the tables have not.",
    labels: [],
    samples: (it) => (it.heads.length === 0 ? [] : one(Math.max(0, head(it) - it.indexedBlock))),
  },
];
