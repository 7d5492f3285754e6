import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import type { Terms } from "../../support/terms.js";

export interface Listed {
  readonly paymentId: string;
  readonly terms: Terms;
}

/** A row as GraphQL has it: addresses in lower case, amounts as text. */
const rowOf = ({ paymentId, terms }: Listed) => ({
  ...Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, String(value).toLowerCase()])),
  onDeadline: ["Refund", "Release"][Number(terms.onDeadline)],
  paymentId,
});

/** What it says besides. */
export interface Besides {
  /** Payments that it knows when it is asked for them by their ids. Default: those that it lists. */
  readonly known?: readonly Listed[];
  readonly credits?: readonly Readonly<Record<string, string>>[];
  /** Nothing: the question about them fails. */
  readonly approvals?: readonly Readonly<Record<string, string>>[];
}

/** A read model that lists these payments as open, whatever the chain says. */
export async function listing(
  payments: readonly Listed[],
  tokens: readonly string[] = [],
  { known = payments, credits = [], approvals }: Besides = {},
): Promise<{ url: string; stop: () => void }> {
  const pageInfo = { hasNextPage: false, endCursor: null };
  const addresses = tokens.map((address) => ({ address }));
  const answer = (question: string) => ({
    payments: { items: (question.includes("paymentId_in") ? known : payments).map(rowOf), pageInfo },
    tokens: { items: addresses, pageInfo },
    credits: { items: credits, pageInfo },
    ...(approvals && { payoutApprovals: { items: approvals, pageInfo } }),
  });
  const server = createServer((request, response) => {
    void text(request).then((question) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ data: answer(question) }));
    });
  });
  await new Promise<void>((heard) => server.listen(0, "127.0.0.1", heard));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}
