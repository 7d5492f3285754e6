import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

import {
  StatementDocument,
  StuckPaymentsDocument,
  type StatementQuery,
  type StatementQueryVariables,
} from "./queries.js";

/*
 * The example of docs/recipes.md: prints the statement of a party, then what is stuck. Every answer has a type, which
 * queries.ts has from the schema.
 *
 *   READ_MODEL=http://127.0.0.1:42069 CHAIN_ID=31337 PARTY=0x… TOKEN=0x… npx tsx docs/client/statement.ts
 */

const { READ_MODEL = "http://127.0.0.1:42069", CHAIN_ID = "31337", PARTY = "", TOKEN = "" } = process.env;

async function ask<Answer, Variables>(
  question: TypedDocumentNode<Answer, Variables>,
  variables: Variables,
): Promise<Answer> {
  const response = await fetch(`${READ_MODEL}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: print(question), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Answer; errors?: { message: string }[] };
  if (!data || errors) throw new Error(errors?.map(({ message }) => message).join("; ") ?? "no answer");
  return data;
}

const chainId = Number(CHAIN_ID);
const now = String(Math.floor(Date.now() / 1000));

let after: string | null = null;
do {
  const variables: StatementQueryVariables = {
    chainId,
    party: PARTY,
    token: TOKEN,
    from: "0",
    to: now,
    after,
  };
  const { statement }: StatementQuery = await ask(StatementDocument, variables);
  if (after === null) console.log(`opening balance ${statement.openingBalance}`);
  for (const { timestamp, paymentId, credit, debit, balance } of statement.entries) {
    const amount = BigInt(credit) - BigInt(debit);
    console.log(
      `${new Date(Number(timestamp) * 1000).toISOString()} ${paymentId ?? "-"} ${amount} → ${balance}`,
    );
  }
  if (!statement.pageInfo.hasNextPage) console.log(`closing balance ${statement.closingBalance}`);
  after = statement.pageInfo.hasNextPage ? statement.pageInfo.endCursor : null;
} while (after !== null);

const { stuckPayments } = await ask(StuckPaymentsDocument, { chainId });
for (const { payment, reasons } of stuckPayments.items) {
  console.log(`stuck: ${payment.paymentId} holds ${payment.held}: ${reasons.join(", ")}`);
}
