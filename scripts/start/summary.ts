import Table from "cli-table3";
import { formatUnits } from "ethers";

import type { DeploymentRecord } from "../../deploy/index.js";
import { sentenceOf } from "../lib/reconcile/report.js";
import type { Reconciliation } from "../lib/reconcile/request.js";
import type { Scratch } from "../lib/reconcile/scratch.js";

const STATUSES = ["Funded", "Disputed", "Closed"] as const;
const LINES = { style: { head: [], border: [] } };

type ByStatus = Readonly<Record<string, number>>;

/** How many payments the chain has in each status. */
export function paymentsByStatus(scratch: Scratch): ByStatus {
  const counts: Record<string, number> = {};
  for (const { status } of scratch.rows("payment")) {
    counts[status as string] = (counts[status as string] ?? 0) + 1;
  }
  return counts;
}

/** Payments by status, what is held and owed per token, and findings, as people read them. */
export function formatSummary(
  { block, payments: compared, findings, tokens: totals }: Reconciliation,
  onChain: ByStatus,
  { tokens }: Pick<DeploymentRecord, "tokens">,
): string {
  const payments = new Table({ head: ["payments", "chain"], ...LINES, colAligns: ["left", "right"] });
  for (const status of STATUSES) payments.push([status, onChain[status] ?? 0]);

  const money = new Table({
    head: ["token", "held", "credits", "balance"],
    ...LINES,
    colAligns: ["left", "right", "right", "right"],
  });
  for (const { symbol, address, decimals } of tokens) {
    const found = totals.find(({ token }) => token === address.toLowerCase());
    if (found === undefined) continue;
    const { held, credits, balance } = found;
    money.push([symbol, ...[held, credits, balance].map((amount) => formatUnits(amount, decimals))]);
  }

  const sentence = `${compared} payments in GraphQL compared with the chain at block ${block.number}`;
  return [
    payments.toString(),
    money.toString(),
    `${sentence}: ${count(findings.length, "difference")}.`,
    ...findings.map((finding) => `  ${sentenceOf(finding)}`),
  ].join("\n");
}

const count = (n: number, noun: string) => `${n === 0 ? "no" : n} ${noun}${n === 1 ? "" : "s"}`;
