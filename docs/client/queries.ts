/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> =
  T | { [P in keyof T]?: P extends " $fragmentName" | "__typename" ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from "@graphql-typed-document-node/core";
export type Standing = "Unlisted" | "Cleared" | "Blocked";

export type PaymentStatus = "Funded" | "Disputed" | "Closed";

/** Why a payment needs a person. A payment can have several reasons. */
export type StuckReason =
  /** Compliance froze it: only unholding it, or both parties' signatures where the terms allow, moves it. */
  | "ON_HOLD"
  /** The deadline is over and nobody has claimed. */
  | "OVERDUE"
  /** In dispute, and the arbiter still has time. */
  | "AWAITING_RULING"
  /** In dispute, and the arbiter's time is over: anyone may claim. */
  | "ARBITER_SILENT"
  /** Exits are paused, so nothing can be claimed, refunded or settled until the pause ends. */
  | "EXITS_PAUSED"
  /** The buyer's record says blocked: a refund would become a frozen credit. */
  | "BUYER_BLOCKED"
  /** The seller's record says blocked: a release would become a frozen credit. */
  | "SELLER_BLOCKED";

export type StatementQueryVariables = Exact<{
  chainId: number;
  party: string;
  token: string;
  from: string;
  to: string;
  after?: string | null | undefined;
}>;

export type StatementQuery = {
  statement: {
    openingBalance: string;
    closingBalance: string;
    entries: Array<{
      timestamp: string;
      paymentId: string | null;
      debit: string;
      credit: string;
      balance: string;
    }>;
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
};

export type StuckPaymentsQueryVariables = Exact<{
  chainId: number;
}>;

export type StuckPaymentsQuery = {
  stuckPayments: {
    items: Array<{
      reasons: Array<StuckReason>;
      payment: {
        paymentId: string;
        status: PaymentStatus;
        held: string;
        deadline: string;
        sellerRecord: { standing: Standing } | null;
      };
    }>;
  };
};

export const StatementDocument = {
  kind: "Document",
  definitions: [
    {
      kind: "OperationDefinition",
      operation: "query",
      name: { kind: "Name", value: "Statement" },
      variableDefinitions: [
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "chainId" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "Int" } } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "party" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "String" } } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "token" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "String" } } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "from" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "BigInt" } } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "to" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "BigInt" } } },
        },
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "after" } },
          type: { kind: "NamedType", name: { kind: "Name", value: "String" } },
        },
      ],
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          {
            kind: "Field",
            name: { kind: "Name", value: "statement" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "chainId" },
                value: { kind: "Variable", name: { kind: "Name", value: "chainId" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "party" },
                value: { kind: "Variable", name: { kind: "Name", value: "party" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "token" },
                value: { kind: "Variable", name: { kind: "Name", value: "token" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "from" },
                value: { kind: "Variable", name: { kind: "Name", value: "from" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "to" },
                value: { kind: "Variable", name: { kind: "Name", value: "to" } },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "first" },
                value: { kind: "IntValue", value: "100" },
              },
              {
                kind: "Argument",
                name: { kind: "Name", value: "after" },
                value: { kind: "Variable", name: { kind: "Name", value: "after" } },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [
                { kind: "Field", name: { kind: "Name", value: "openingBalance" } },
                { kind: "Field", name: { kind: "Name", value: "closingBalance" } },
                {
                  kind: "Field",
                  name: { kind: "Name", value: "entries" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "timestamp" } },
                      { kind: "Field", name: { kind: "Name", value: "paymentId" } },
                      { kind: "Field", name: { kind: "Name", value: "debit" } },
                      { kind: "Field", name: { kind: "Name", value: "credit" } },
                      { kind: "Field", name: { kind: "Name", value: "balance" } },
                    ],
                  },
                },
                {
                  kind: "Field",
                  name: { kind: "Name", value: "pageInfo" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "hasNextPage" } },
                      { kind: "Field", name: { kind: "Name", value: "endCursor" } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<StatementQuery, StatementQueryVariables>;
export const StuckPaymentsDocument = {
  kind: "Document",
  definitions: [
    {
      kind: "OperationDefinition",
      operation: "query",
      name: { kind: "Name", value: "StuckPayments" },
      variableDefinitions: [
        {
          kind: "VariableDefinition",
          variable: { kind: "Variable", name: { kind: "Name", value: "chainId" } },
          type: { kind: "NonNullType", type: { kind: "NamedType", name: { kind: "Name", value: "Int" } } },
        },
      ],
      selectionSet: {
        kind: "SelectionSet",
        selections: [
          {
            kind: "Field",
            name: { kind: "Name", value: "stuckPayments" },
            arguments: [
              {
                kind: "Argument",
                name: { kind: "Name", value: "chainId" },
                value: { kind: "Variable", name: { kind: "Name", value: "chainId" } },
              },
            ],
            selectionSet: {
              kind: "SelectionSet",
              selections: [
                {
                  kind: "Field",
                  name: { kind: "Name", value: "items" },
                  selectionSet: {
                    kind: "SelectionSet",
                    selections: [
                      { kind: "Field", name: { kind: "Name", value: "reasons" } },
                      {
                        kind: "Field",
                        name: { kind: "Name", value: "payment" },
                        selectionSet: {
                          kind: "SelectionSet",
                          selections: [
                            { kind: "Field", name: { kind: "Name", value: "paymentId" } },
                            { kind: "Field", name: { kind: "Name", value: "status" } },
                            { kind: "Field", name: { kind: "Name", value: "held" } },
                            { kind: "Field", name: { kind: "Name", value: "deadline" } },
                            {
                              kind: "Field",
                              name: { kind: "Name", value: "sellerRecord" },
                              selectionSet: {
                                kind: "SelectionSet",
                                selections: [{ kind: "Field", name: { kind: "Name", value: "standing" } }],
                              },
                            },
                          ],
                        },
                      },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
    },
  ],
} as unknown as DocumentNode<StuckPaymentsQuery, StuckPaymentsQueryVariables>;
