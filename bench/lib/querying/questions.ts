/** Values that a question is asked with, by the name of its variable. */
export type Variables = Readonly<Record<string, string | number>>;

/** What people ask most, in GraphQL and in SQL by hand. */
export interface Question {
  readonly title: string;
  readonly graphql: string;
  /** What it takes in SQL, one statement after the other. Ponder reads whole rows, so these do. */
  readonly sql: readonly Statement[];
  /** SQL whose rows are variables to ask with, a different one each time. */
  readonly variables: string;
  /** A question for the variables that only an earlier answer has. */
  readonly before?: string;
}

interface Statement {
  readonly text: string;
  /** The variables of the placeholders in their order. */
  readonly values: readonly string[];
}

const PAYMENT = "paymentId status buyer seller token amount held released createdAt";
/** Some payments in no particular order, but always the same. */
const some = (columns: string, where = "true") =>
  `select ${columns} from payment where ${where} order by md5(payment_id) limit 300`;
const pageOfSeller = (
  after: string,
) => `query ($chainId: Int!, $seller: String!${after && ", $after: String!"}) {
  payments(where: { chainId: $chainId, seller: $seller }, orderBy: "createdAt", orderDirection: "desc",
           limit: 50${after}) { items { ${PAYMENT} } pageInfo { hasNextPage endCursor } }
}`;

export const QUESTIONS = {
  payment: {
    title: "a payment with its timeline",
    graphql: `query ($chainId: Float!, $paymentId: String!) {
      payment(chainId: $chainId, paymentId: $paymentId) {
        ${PAYMENT} events { items { timestamp kind actor amount held transactionHash } }
      }
    }`,
    sql: [
      {
        text: "select * from payment where chain_id = $1 and payment_id = $2",
        values: ["chainId", "paymentId"],
      },
      {
        text: `select * from payment_event where chain_id = $1 and payment_id = $2
               order by chain_id, block, log_index limit 51`,
        values: ["chainId", "paymentId"],
      },
    ],
    variables: some(`chain_id as "chainId", payment_id as "paymentId"`),
  },
  paymentsOfSeller: {
    title: "a seller's payments, newest first, the second page of 50",
    graphql: pageOfSeller(", after: $after"),
    before: pageOfSeller(""),
    sql: [
      {
        text: `select * from payment where chain_id = $1 and seller = $2
               and (created_at, payment_id) < ($3, $4)
               order by created_at desc, chain_id desc, payment_id desc limit 51`,
        values: ["chainId", "seller", "createdAt", "paymentId"],
      },
    ],
    variables: `select distinct chain_id as "chainId", seller from payment order by seller limit 300`,
  },
  stuckPayments: {
    title: "open payments by their deadline, those that are due first",
    graphql: `query ($chainId: Int!, $before: BigInt!) {
      payments(where: { chainId: $chainId, status: Funded, deadline_lte: $before }, orderBy: "deadline",
               limit: 50) { items { ${PAYMENT} deadline onDeadline } }
    }`,
    sql: [
      {
        text: `select * from payment where chain_id = $1 and status = 'Funded' and deadline <= $2
               order by deadline, chain_id, payment_id limit 51`,
        values: ["chainId", "before"],
      },
    ],
    variables: some(`chain_id as "chainId", deadline::text as before`, "status = 'Funded'"),
  },
  statement: {
    title: "the statement of a party: 50 entries of its account in a token",
    graphql: `query ($account: String!, $token: String!) {
      ledgerEntrys(where: { account: $account, token: $token }, orderBy: "block", limit: 50) {
        items { block logIndex timestamp transactionHash paymentId debit credit }
        pageInfo { hasNextPage endCursor }
      }
    }`,
    sql: [
      {
        text: `select * from ledger_entry where account = $1 and token = $2
               order by block, chain_id, log_index, n limit 51`,
        values: ["account", "token"],
      },
    ],
    variables: some(`'wallet:' || seller as account, token`),
  },
  tokenTotals: {
    title: "what is held, owed and was paid out of each token",
    graphql: `query ($chainId: Int!) {
      tokens(where: { chainId: $chainId }) { items { address enabled held credits deposited paidOut fees } }
    }`,
    sql: [
      {
        text: "select * from token where chain_id = $1 order by chain_id, address limit 51",
        values: ["chainId"],
      },
    ],
    variables: `select distinct chain_id as "chainId" from payment`,
  },
  byReference: {
    title: "the payments of a merchant's reference",
    graphql: `query ($reference: String!) {
      payments(where: { paymentReference: $reference }) { items { ${PAYMENT} } }
    }`,
    sql: [
      {
        text: "select * from payment where payment_reference = $1 order by chain_id, payment_id limit 51",
        values: ["reference"],
      },
    ],
    variables: some("payment_reference as reference"),
  },
} as const satisfies Record<string, Question>;

export type QuestionName = keyof typeof QUESTIONS;
export const QUESTION_NAMES = Object.keys(QUESTIONS) as QuestionName[];
