/** The questions that people ask, in the schema's own language. What they lead to is the generated schema's. */
export const words = /* GraphQL */ `
  "Why a payment needs a person. A payment can have several reasons."
  enum StuckReason {
    "Compliance froze it: only unholding it, or both parties' signatures where the terms allow, moves it."
    ON_HOLD
    "The deadline is over and nobody has claimed."
    OVERDUE
    "In dispute, and the arbiter still has time."
    AWAITING_RULING
    "In dispute, and the arbiter's time is over: anyone may claim."
    ARBITER_SILENT
    "Exits are paused, so nothing can be claimed, refunded or settled until the pause ends."
    EXITS_PAUSED
    "The buyer's record says blocked: a refund would become a frozen credit."
    BUYER_BLOCKED
    "The seller's record says blocked: a release would become a frozen credit."
    SELLER_BLOCKED
  }

  "Where the next page begins."
  type PageEnd {
    hasNextPage: Boolean!
    "Give it as \`after\`. Rows that arrive meanwhile never shift a page."
    endCursor: String
  }

  type StuckPayment {
    payment: payment!
    reasons: [StuckReason!]!
  }

  type StuckPayments {
    items: [StuckPayment!]!
    pageInfo: PageEnd!
  }

  type Payments {
    items: [payment!]!
    pageInfo: PageEnd!
  }

  "Which of a party's accounts in the ledger."
  enum StatementAccount {
    "What was paid to its address, less what it deposited."
    WALLET
    "What the escrow owes it."
    CREDIT
    "Fees paid to it."
    FEES
  }

  type StatementEntry {
    block: BigInt!
    logIndex: Int!
    timestamp: BigInt!
    transactionHash: String!
    paymentId: String
    debit: BigInt!
    credit: BigInt!
    "The account's balance after this entry."
    balance: BigInt!
  }

  "All of an account's entries from \`from\` to just before \`to\`. Opening balance, plus credits, less debits, is the closing balance."
  type Statement {
    openingBalance: BigInt!
    closingBalance: BigInt!
    entries: [StatementEntry!]!
    pageInfo: PageEnd!
  }

  "Sums of the ledger up to and including a block."
  type Totals {
    block: BigInt!
    "Held for payments."
    held: BigInt!
    "Owed as credits."
    credits: BigInt!
  }

  type PermittedFunction {
    target: String!
    selector: String!
  }

  type HeldRole {
    roleId: BigInt!
    label: String!
    "May act from this time on; \`isActive\` says whether the chain has come to it."
    since: BigInt!
    isActive: Boolean!
    "Seconds that each of its calls has to be scheduled ahead."
    executionDelay: BigInt!
    functions: [PermittedFunction!]!
    "Roles whose scheduled operations it may cancel."
    guardianOf: [BigInt!]!
    "Roles that it may grant and revoke."
    adminOf: [BigInt!]!
  }

  "What an address may do, as of the last block."
  type Permissions {
    address: String!
    roles: [HeldRole!]!
    "Open payments that it may release and dispute."
    openAsBuyer: Int!
    "Open payments that it may refund and dispute."
    openAsSeller: Int!
    "Disputes that it may rule on, since the terms name it."
    openAsArbiter: Int!
    "What its compliance record says; \`Unlisted\` if it has none."
    standing: standing!
    "When the record ends; 0 for never."
    complianceExpiry: BigInt!
  }

  "What the escrow stores of a payment."
  type StoredPayment {
    "\`None\` if the escrow knows no such payment."
    status: String!
    onHold: Boolean!
    held: BigInt!
    released: BigInt!
  }

  "A payment's row with what it takes to check it against the hash of a block that one trusts: docs/verify-payment.md."
  type PaymentProof {
    payment: payment!
    "What the row's terms hash to under the escrow's EIP-712 domain: the payment's id, if the row is right."
    termsHash: String!
    "Row and slot agree, and the terms hash to the id. Do not trust this: check it."
    matches: Boolean!
    "The block at which the row and the proof stand."
    block: BigInt!
    blockHash: String!
    timestamp: BigInt!
    "The block's header in RLP. Its keccak-256 is the block's hash, its fourth field the state root."
    header: String!
    escrow: String!
    "Where the escrow stores the payment's state."
    slot: String!
    "What is stored there: 32 bytes."
    value: String!
    "What \`value\` says."
    state: StoredPayment!
    "From the state root to the escrow's account (EIP-1186)."
    accountProof: [String!]!
    "From the account's storage root to the slot; of a slot that is empty, that it is."
    storageProof: [String!]!
  }

  "How a comparison of the index with the chain ended."
  enum ReconciliationOutcome {
    "Nothing differs."
    CLEAN
    "Something differs: the counts say what."
    DIFFERENCES
    "The chain could not be asked, or contradicts itself or another endpoint."
    COULD_NOT_TELL
  }

  "Where a run read the index."
  enum ReconciliationSource {
    DATABASE
    "Where two rows with one key cannot be seen."
    GRAPHQL
  }

  "What a run looked at. Without payment, token, since and block it was everything."
  type ReconciliationScope {
    source: ReconciliationSource!
    "The schema of the database that holds the index."
    schema: String
    "Which index, as \`reconciliationRuns\` tells its own; nothing if nobody knows."
    index: String
    "Blocks that the index was behind the chain."
    behind: Int!
    "Only this payment."
    payment: String
    "Only payments in this token."
    token: String
    "Only what changed since, in Unix seconds."
    since: BigInt
    "The contracts were asked as of this block."
    block: BigInt
  }

  "How many rows had an outcome, such as \`matched\` or \`state_mismatch\`: docs/reconciliation.md."
  type ReconciliationCount {
    outcome: String!
    count: Int!
  }

  "One run of \`npx hardhat reconcile\`."
  type ReconciliationRun {
    "When it was done."
    at: BigInt!
    "The label of whoever ran it, no person's name."
    by: String!
    "The block at which index and contracts were compared."
    block: BigInt!
    blockHash: String!
    outcome: ReconciliationOutcome!
    "Whether it compared all of an index that was not behind: only such a run counts for alerts."
    isFull: Boolean!
    "What it looked at; nothing if that was not kept yet."
    scope: ReconciliationScope
    "Payments that were compared."
    payments: Int!
    counts: [ReconciliationCount!]!
    rpcCalls: Int!
    seconds: Float!
    "It came after the index was built anew by \`--apply\`."
    applied: Boolean!
  }

  type ReconciliationRuns {
    items: [ReconciliationRun!]!
    "Runs in the record that nobody can read, such as one that was killed while it wrote."
    unreadable: Int!
    "Which index answers here: runs that compared it have this in their scope."
    index: String!
    pageInfo: PageEnd!
  }

  extend type Query {
    "When the index was compared with the chain, and what came of it, newest first."
    reconciliationRuns(chainId: Int!, first: Int = 50, after: String): ReconciliationRuns!
    "A payment with a proof of its state from a node of the chain; nothing if there is no such payment."
    verifyPayment(chainId: Int!, paymentId: String!): PaymentProof
    "Open payments that need a person, and why, oldest first."
    stuckPayments(chainId: Int!, reason: StuckReason, first: Int = 50, after: String): StuckPayments!
    "Open payments whose deadline comes within so many hours of the chain's time, soonest first."
    duePayments(chainId: Int!, withinHours: Int!, first: Int = 50, after: String): Payments!
    "Payments that carry a merchant's reference, oldest first."
    paymentsByReference(chainId: Int!, reference: String!, first: Int = 50, after: String): Payments!
    "What came and went on a party's account in one token between two times."
    statement(
      chainId: Int!
      party: String!
      token: String!
      from: BigInt!
      to: BigInt!
      account: StatementAccount = WALLET
      first: Int = 50
      after: String
    ): Statement!
    "What the escrow held and owed of a token at a block."
    totalsAtBlock(chainId: Int!, token: String!, block: BigInt!): Totals!
    "What an address may do: roles with delays, payments, compliance."
    permissions(chainId: Int!, address: String!): Permissions!
  }
`;
