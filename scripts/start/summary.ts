import Table from "cli-table3";
import { formatUnits } from "ethers";

import type { DeploymentRecord } from "../../deploy/index.js";
import type { Difference } from "../lib/compare.js";
import type { Snapshot } from "../lib/snapshot.js";

const STATUSES = ["Funded", "Disputed", "Closed"] as const;
const LINES = { style: { head: [], border: [] } };

/** Payments by status, what is held and owed per token, events and differences, as people read them. */
export function formatSummary(
  { block, chain, index }: Snapshot,
  differences: readonly Difference[],
  { tokens }: Pick<DeploymentRecord, "tokens">,
): string {
  const payments = new Table({
    head: ["payments", "GraphQL", "chain"],
    ...LINES,
    colAligns: ["left", "right", "right"],
  });
  const onChain = [...chain.payments.values()];
  for (const status of STATUSES) {
    const among = (states: readonly { status: string }[]) =>
      states.filter((state) => state.status === status).length;
    payments.push([status, among(index.payments), among(onChain)]);
  }
  payments.push(["events", index.paymentEvents, chain.paymentEvents]);

  const money = new Table({
    head: ["token", "held", "credits", "balance"],
    ...LINES,
    colAligns: ["left", "right", "right", "right"],
  });
  for (const { symbol, address, decimals } of tokens) {
    const totals = chain.tokens.get(address.toLowerCase());
    if (totals === undefined) continue;
    const { held, credits, balance } = totals;
    money.push([symbol, ...[held, credits, balance].map((amount) => formatUnits(amount, decimals))]);
  }

  const compared = `${index.payments.length} payments in GraphQL compared with the chain at block ${block}`;
  return [
    payments.toString(),
    money.toString(),
    `${compared}: ${count(differences.length, "difference")}.`,
    ...differences.map(({ outcome, subject, detail }) => `  ${outcome}  ${subject}: ${detail}`),
  ].join("\n");
}

const count = (n: number, noun: string) => `${n === 0 ? "no" : n} ${noun}${n === 1 ? "" : "s"}`;
