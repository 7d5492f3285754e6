/**
 * The read model. Ids are the chain's own words, so a re-index gives the same rows. Amounts are unsigned integers in
 * the token's smallest unit, times are Unix seconds of the chain, addresses and hashes are lower case.
 * Described column by column in docs/read-model.md.
 */
import { index, onchainEnum, onchainTable, primaryKey, relations, type PgColumnsBuilders } from "ponder";

import {
  complianceReasons,
  deadlineActions,
  listModes,
  pauseBits,
  payoutActions,
  payoutCauses,
  standings,
} from "./src/model/enums.js";

// ---------------------------------------------------------------------------------------------------------- enums

/** `None` is a payment that does not exist, so no row has it. */
export const paymentStatus = onchainEnum("payment_status", ["Funded", "Disputed", "Closed"]);
export const deadlineAction = onchainEnum("deadline_action", deadlineActions);
export const payoutAction = onchainEnum("payout_action", payoutActions);
export const payoutCause = onchainEnum("payout_cause", payoutCauses);
export const standing = onchainEnum("standing", standings);
export const listMode = onchainEnum("list_mode", listModes);
export const complianceReason = onchainEnum("compliance_reason", complianceReasons);
export const pauseBit = onchainEnum("pause_bit", pauseBits);

export const disputeStatus = onchainEnum("dispute_status", [
  "Open",
  "Withdrawn",
  "Resolved",
  "Settled",
  "Expired",
]);
export const approvalStatus = onchainEnum("approval_status", ["Approved", "Spent", "Stale"]);
export const operationStatus = onchainEnum("operation_status", ["Scheduled", "Executed", "Canceled"]);
export const implementationKind = onchainEnum("implementation_kind", ["Deploy", "Upgrade", "Rollback"]);
export const paymentEventKind = onchainEnum("payment_event_kind", [
  "PaymentCreated",
  "PaymentReleased",
  "PaymentRefunded",
  "DisputeOpened",
  "DisputeWithdrawn",
  "DisputeResolved",
  "PaymentSettled",
  "PayoutApproved",
  "PayoutApprovalSpent",
  "PaymentFrozen",
  "PaymentUnfrozen",
  "PayoutCredited",
  "ScreeningObserved",
]);

// ---------------------------------------------------------------------------------------------- repeated columns

/** Which log a row was made by: its key, when it happened, and in which transaction. */
const logColumns = (t: PgColumnsBuilders) => ({
  /** EIP-155 id of the chain. */
  chainId: t.integer().notNull(),
  block: t.bigint().notNull(),
  logIndex: t.integer().notNull(),
  /** The block's time. */
  timestamp: t.bigint().notNull(),
  transactionHash: t.hex().notNull(),
});

/** Which log last changed a row. */
const updatedColumns = (t: PgColumnsBuilders) => ({
  /** Time of the event that last changed the row. */
  updatedAt: t.bigint().notNull(),
  /** Its block. */
  updatedBlock: t.bigint().notNull(),
  /** Its place in the block. */
  updatedLogIndex: t.integer().notNull(),
});

// ------------------------------------------------------------------------------------------------------- payments

/** One row a payment: its terms as they were signed, and how it stands. */
export const payment = onchainTable(
  "payment",
  (t) => ({
    /** EIP-155 id of the chain. */
    chainId: t.integer().notNull(),
    /** EIP-712 digest of the terms. */
    paymentId: t.hex().notNull(),
    /** The escrow whose EIP-712 domain makes the terms hash to `paymentId`. */
    escrow: t.hex().notNull(),

    /** Who paid, and is refunded. */
    buyer: t.hex().notNull(),
    /** Who is paid. */
    seller: t.hex().notNull(),
    /** ERC-20 contract, or `0xeeee…eeee` (ERC-7528) for the native coin. */
    token: t.hex().notNull(),
    /** What was deposited; fees come out of it. */
    amount: t.bigint().notNull(),
    /** From then on anybody may claim; before it, either party may dispute. */
    deadline: t.bigint().notNull(),
    /** Where a claim sends what is held. */
    onDeadline: deadlineAction().notNull(),
    /** Who rules on a dispute; zero for whoever has the role ARBITER. */
    arbiter: t.hex().notNull(),
    /** Seconds after the deadline that the arbiter has. */
    disputeWindow: t.bigint().notNull(),
    /** Fee in hundredths of a percent of what is released. */
    feeBps: t.integer().notNull(),
    /** Who gets the fee; zero if there is none. */
    feeRecipient: t.hex().notNull(),
    /** The merchant's own reference. */
    paymentReference: t.hex().notNull(),

    /** Closed exactly if nothing is held. */
    status: paymentStatus().notNull(),
    /** Compliance froze it. */
    onHold: t.boolean().notNull(),
    /** What the escrow holds for it. */
    held: t.bigint().notNull(),
    /** What went towards the seller, fee included. */
    released: t.bigint().notNull(),
    /** What went back to the buyer: `amount - held - released`. */
    refunded: t.bigint().notNull(),
    /** Fees charged so far: ⌊released × feeBps / 10000⌋. */
    feeTaken: t.bigint().notNull(),
    /** How often it was disputed. */
    disputeCount: t.integer().notNull(),
    /**
     * Approvals of the payment's present state: the next movement spends one and makes the others stale. Null if there
     * are none, so `openApprovals_not_has` finds none of those: rows with a list in them are slower to change.
     */
    openApprovals: t.hex().array(),

    /** When it was deposited. */
    createdAt: t.bigint().notNull(),
    /** In which block. */
    createdBlock: t.bigint().notNull(),
    /** In which transaction. */
    createdTransaction: t.hex().notNull(),
    /** When the last of it was paid out. */
    closedAt: t.bigint(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.paymentId] }),
    buyer: index().on(table.buyer, table.createdAt),
    seller: index().on(table.seller, table.createdAt),
    status: index().on(table.status, table.deadline),
    token: index().on(table.token, table.status),
    paymentReference: index().on(table.paymentReference),
    arbiter: index().on(table.arbiter, table.status),
    createdAt: index().on(table.createdAt),
    updatedBlock: index().on(table.chainId, table.updatedBlock),
  }),
);

/** What happened to payments: a row an event, never changed. */
export const paymentEvent = onchainTable(
  "payment_event",
  (t) => ({
    ...logColumns(t),
    /** Tells an event from the one that replaces it, if its block is reorganised. */
    blockHash: t.hex().notNull(),
    paymentId: t.hex().notNull(),
    /** The event's name. */
    kind: paymentEventKind().notNull(),
    /** Who caused it; whom it is about, if somebody else. */
    actor: t.hex(),
    /** Whom it is about, if not its actor. */
    account: t.hex(),
    /** Which function paid out, or which payout was approved. */
    cause: payoutCause(),
    /** Why screening objected. */
    reason: complianceReason(),
    /** What moved, or was approved or credited. */
    amount: t.bigint(),
    /** What of it was charged. */
    fee: t.bigint(),
    /** State after the event, of events that move money. */
    held: t.bigint(),
    /** What had been released by then. */
    released: t.bigint(),
    /** The parts of a ruling or a settlement. */
    sellerAmount: t.bigint(),
    /** The buyer's part of a ruling or a settlement. */
    buyerAmount: t.bigint(),
    /** Evidence, ruling or approval that the event names. */
    hash: t.hex(),
    /** What somebody wrote: an evidence URI, or why a payment was frozen. Unchecked text from the chain. */
    note: t.text(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.block, table.logIndex] }),
    payment: index().on(table.paymentId, table.block, table.logIndex),
    kind: index().on(table.kind, table.block),
    actor: index().on(table.actor, table.block),
  }),
);

/** One row each time a payment was disputed. */
export const dispute = onchainTable(
  "dispute",
  (t) => ({
    chainId: t.integer().notNull(),
    paymentId: t.hex().notNull(),
    /** 1 for the payment's first dispute: one that is withdrawn can be opened again, even in the same block. */
    n: t.integer().notNull(),
    /** How it ended, or `Open`. */
    status: disputeStatus().notNull(),
    openedBy: t.hex().notNull(),
    openedAt: t.bigint().notNull(),
    openedBlock: t.bigint().notNull(),
    /** When the arbiter's time is over. */
    claimableAt: t.bigint().notNull(),
    evidenceHash: t.hex().notNull(),
    /** Unchecked text from the chain. */
    evidenceURI: t.text().notNull(),
    /** Who ruled or settled. */
    ruledBy: t.hex(),
    rulingHash: t.hex(),
    /** The seller's part. */
    sellerAmount: t.bigint(),
    /** The buyer's part. */
    buyerAmount: t.bigint(),
    endedAt: t.bigint(),
    endedBlock: t.bigint(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.paymentId, table.n] }),
    status: index().on(table.status, table.claimableAt),
    openedBy: index().on(table.openedBy),
  }),
);

/** What somebody approved of an operator's payouts, and what became of it. */
export const payoutApproval = onchainTable(
  "payout_approval",
  (t) => ({
    chainId: t.integer().notNull(),
    approvalId: t.hex().notNull(),
    paymentId: t.hex().notNull(),
    /** `Stale` once the payment moved otherwise. */
    status: approvalStatus().notNull(),
    action: payoutAction().notNull(),
    /** What may be paid out, exactly. */
    amount: t.bigint().notNull(),
    /** The state it is good for: what is held then. */
    held: t.bigint().notNull(),
    /** And what has been released then. */
    released: t.bigint().notNull(),
    approvedBy: t.hex().notNull(),
    approvedAt: t.bigint().notNull(),
    /** Good until then; that it ran out is no event. */
    expiresAt: t.bigint().notNull(),
    spentBy: t.hex(),
    spentAt: t.bigint(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.approvalId] }),
    payment: index().on(table.paymentId),
    status: index().on(table.status, table.expiresAt),
  }),
);

// ---------------------------------------------------------------------------------------------------------- money

/** What one account did as a buyer and as a seller, in one token. */
export const party = onchainTable(
  "party",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    token: t.hex().notNull(),
    /** Deposited, as a buyer. */
    paid: t.bigint().notNull(),
    /** Released to it less fees, as a seller; what became a credit is included. */
    received: t.bigint().notNull(),
    /** Fees out of what was released to it. */
    feesCharged: t.bigint().notNull(),
    /** Came back, as a buyer. */
    refunded: t.bigint().notNull(),
    /** In escrow now, of what it paid. */
    heldAsBuyer: t.bigint().notNull(),
    /** In escrow now, for it. */
    heldAsSeller: t.bigint().notNull(),
    /** Of that, in dispute. */
    disputedAsBuyer: t.bigint().notNull(),
    /** Of that, in dispute. */
    disputedAsSeller: t.bigint().notNull(),
    /** Payments that it ever made. */
    buyerPaymentCount: t.integer().notNull(),
    /** Payments that were ever made to it. */
    sellerPaymentCount: t.integer().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.address, table.token] }),
    address: index().on(table.address),
    token: index().on(table.token),
  }),
);

/** A token as it is configured, and the sums of all that was done in it. */
export const token = onchainTable(
  "token",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    /** False and zeros for a token that was only ever swept, never configured. */
    enabled: t.boolean().notNull(),
    /** The most that the escrow may hold of it for all payments together. */
    cap: t.bigint().notNull(),
    /** From this amount on an operator's payout needs an approval. */
    approvalThreshold: t.bigint().notNull(),
    /** The most that operators may pay out within a window. */
    outflowLimit: t.bigint().notNull(),
    /** Seconds of that window. */
    outflowWindow: t.bigint().notNull(),

    /** Held for payments now. */
    held: t.bigint().notNull(),
    /** Owed as credits now. */
    credits: t.bigint().notNull(),
    /** Deposited ever. */
    deposited: t.bigint().notNull(),
    /** Released ever, fees included. */
    released: t.bigint().notNull(),
    /** Refunded ever. */
    refunded: t.bigint().notNull(),
    /** Fees ever. */
    fees: t.bigint().notNull(),
    /** Paid to wallets ever: `deposited - held - credits`. */
    paidOut: t.bigint().notNull(),
    /** Surplus swept ever. */
    swept: t.bigint().notNull(),
    /** Payments ever. */
    paymentCount: t.integer().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.address] }) }),
);

/** What could not be pushed to an account and waits for it. */
export const credit = onchainTable(
  "credit",
  (t) => ({
    chainId: t.integer().notNull(),
    token: t.hex().notNull(),
    account: t.hex().notNull(),
    /** What the account can withdraw. */
    balance: t.bigint().notNull(),
    /** Whether screening stopped the last payout that was credited, and why. */
    frozen: t.boolean().notNull(),
    reason: complianceReason().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.token, table.account] }),
    account: index().on(table.account),
    frozen: index().on(table.frozen, table.balance),
  }),
);

/** Double entry: the entries of one event sum to zero. */
export const ledgerEntry = onchainTable(
  "ledger_entry",
  (t) => ({
    ...logColumns(t),
    /** Counts the entries of one event from 0. */
    n: t.integer().notNull(),
    /** `payment:<id>`, `wallet:<address>`, `credit:<address>`, `fees:<address>` or `surplus`. */
    account: t.text().notNull(),
    token: t.hex().notNull(),
    /** What left the account. */
    debit: t.bigint().notNull(),
    /** What came to it. */
    credit: t.bigint().notNull(),
    /** The payment that it is about, if any. */
    paymentId: t.hex(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.block, table.logIndex, table.n] }),
    // In the order of a statement, which then ends with its page however long the account's past is.
    account: index().on(table.account, table.token, table.block, table.logIndex),
    token: index().on(table.token),
    payment: index().on(table.paymentId),
  }),
);

// ----------------------------------------------------------------------------------------------------- compliance

const recordColumns = (t: PgColumnsBuilders) => ({
  account: t.hex().notNull(),
  /** Who wrote it. */
  by: t.hex().notNull(),
  standing: standing().notNull(),
  /** From 0 (none) to 255. */
  riskScore: t.integer().notNull(),
  tier: t.integer().notNull(),
  /** ISO 3166-1 numeric; 0 if unknown. */
  jurisdiction: t.integer().notNull(),
  /** When a clearing ends; 0 for never. */
  expiry: t.bigint().notNull(),
  /** Counts the account's records. */
  revision: t.bigint().notNull(),
  /** Of the evidence, if it came as an attestation. */
  attestationHash: t.hex().notNull(),
});

/** What compliance says of an account now. */
export const complianceRecord = onchainTable(
  "compliance_record",
  (t) => ({ chainId: t.integer().notNull(), ...recordColumns(t), ...updatedColumns(t) }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.account] }),
    standing: index().on(table.standing),
    expiry: index().on(table.expiry),
  }),
);

/** Every record that was ever written, and by whom. */
export const complianceDecision = onchainTable(
  "compliance_decision",
  (t) => ({ ...logColumns(t), ...recordColumns(t) }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.block, table.logIndex] }),
    account: index().on(table.account, table.block),
    by: index().on(table.by, table.block),
  }),
);

/** Every policy that was ever set; the latest is in force. */
export const compliancePolicy = onchainTable(
  "compliance_policy",
  (t) => ({
    ...logColumns(t),
    by: t.hex().notNull(),
    /** False if screening only observes. */
    enforced: t.boolean().notNull(),
    listMode: listMode().notNull(),
    /** The highest that passes. */
    maxRiskScore: t.integer().notNull(),
    /** Zero for none. */
    sanctionsOracle: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.block, table.logIndex] }) }),
);

// ----------------------------------------------------------------------------------------------------- governance

/** A role of the AccessManager's. */
export const role = onchainTable(
  "role",
  (t) => ({
    chainId: t.integer().notNull(),
    roleId: t.bigint().notNull(),
    label: t.text().notNull(),
    /** The role that grants and revokes it. */
    adminRoleId: t.bigint().notNull(),
    /** The role that may cancel its scheduled operations. */
    guardianRoleId: t.bigint().notNull(),
    /** Seconds between granting and membership, from `grantDelaySince` on. */
    grantDelay: t.bigint().notNull(),
    grantDelaySince: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.roleId] }) }),
);

/** Who has, or had, a role. */
export const roleMember = onchainTable(
  "role_member",
  (t) => ({
    chainId: t.integer().notNull(),
    roleId: t.bigint().notNull(),
    account: t.hex().notNull(),
    /** False once revoked. A member acts from `since` on. */
    active: t.boolean().notNull(),
    since: t.bigint().notNull(),
    /** Seconds the member's calls wait, from `executionDelaySince` on. */
    executionDelay: t.bigint().notNull(),
    executionDelaySince: t.bigint().notNull(),
    revokedAt: t.bigint(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.roleId, table.account] }),
    account: index().on(table.account),
  }),
);

/** Which role a function needs; one that has no row needs ADMIN (0). */
export const roleFunction = onchainTable(
  "role_function",
  (t) => ({
    chainId: t.integer().notNull(),
    target: t.hex().notNull(),
    selector: t.hex().notNull(),
    roleId: t.bigint().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.target, table.selector] }),
    role: index().on(table.roleId),
  }),
);

/** A contract that the AccessManager guards. */
export const managedTarget = onchainTable(
  "managed_target",
  (t) => ({
    chainId: t.integer().notNull(),
    target: t.hex().notNull(),
    closed: t.boolean().notNull(),
    adminDelay: t.bigint().notNull(),
    adminDelaySince: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.target] }) }),
);

/** A call that an admin announced, and what became of it. */
export const scheduledOperation = onchainTable(
  "scheduled_operation",
  (t) => ({
    chainId: t.integer().notNull(),
    /** The AccessManager's operation id; Ponder reserves the name `operationId`. */
    id: t.hex().notNull(),
    /** Counts how often the same call by the same caller was scheduled. */
    nonce: t.bigint().notNull(),
    status: operationStatus().notNull(),
    /** Who scheduled it. */
    caller: t.hex().notNull(),
    target: t.hex().notNull(),
    selector: t.hex().notNull(),
    data: t.hex().notNull(),
    scheduledAt: t.bigint().notNull(),
    /** From when it can be executed; a week later it has run out, which is no event. */
    readyAt: t.bigint().notNull(),
    endedAt: t.bigint(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.id, table.nonce] }),
    status: index().on(table.status, table.readyAt),
  }),
);

/** Until when a part of a contract is paused. */
export const pause = onchainTable(
  "pause",
  (t) => ({
    chainId: t.integer().notNull(),
    contract: t.hex().notNull(),
    bit: pauseBit().notNull(),
    /** Paused exactly while the chain's time is below this. */
    until: t.bigint().notNull(),
    /** Unchecked text from the chain. */
    reason: t.text().notNull(),
    pausedBy: t.hex().notNull(),
    pausedAt: t.bigint().notNull(),
    /** Who ended it early, if somebody did. */
    liftedBy: t.hex(),
    liftedAt: t.bigint(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.contract, table.bit] }) }),
);

/** What runs behind a proxy now. */
export const proxy = onchainTable(
  "proxy",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    /** The ProxyAdmin, which the UpgradeController owns. */
    admin: t.hex().notNull(),
    implementation: t.hex().notNull(),
    /** Of the implementation, when it was put there. */
    codehash: t.hex().notNull(),
    /** `n` of the implementation in use. */
    implementationCount: t.integer().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.address] }) }),
);

/** What ever ran behind a proxy, one row each time it changed. */
export const implementation = onchainTable(
  "implementation",
  (t) => ({
    ...logColumns(t),
    proxy: t.hex().notNull(),
    /** Counts from 1. */
    n: t.integer().notNull(),
    kind: implementationKind().notNull(),
    /** What ran before; nothing of the first. */
    from: t.hex(),
    to: t.hex().notNull(),
    fromCodehash: t.hex(),
    toCodehash: t.hex().notNull(),
    by: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.proxy, table.n] }),
    block: index().on(table.block),
  }),
);

/** Every act of administration in one timeline: what an auditor reads. */
export const adminEvent = onchainTable(
  "admin_event",
  (t) => ({
    ...logColumns(t),
    contract: t.hex().notNull(),
    /** The event's name. */
    kind: t.text().notNull(),
    /** Who did it, where the event says so. */
    actor: t.hex(),
    /** The event's arguments by name; integers as strings. */
    args: t.json().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.block, table.logIndex] }),
    kind: index().on(table.kind, table.block),
    actor: index().on(table.actor, table.block),
  }),
);

// ------------------------------------------------------------------------------------------------------ relations

export const paymentRelations = relations(payment, ({ many, one }) => ({
  events: many(paymentEvent),
  disputes: many(dispute),
  approvals: many(payoutApproval),
  ledgerEntries: many(ledgerEntry),
  tokenState: one(token, {
    fields: [payment.chainId, payment.token],
    references: [token.chainId, token.address],
  }),
  buyerParty: one(party, {
    relationName: "buyer",
    fields: [payment.chainId, payment.buyer, payment.token],
    references: [party.chainId, party.address, party.token],
  }),
  sellerParty: one(party, {
    relationName: "seller",
    fields: [payment.chainId, payment.seller, payment.token],
    references: [party.chainId, party.address, party.token],
  }),
  buyerRecord: one(complianceRecord, {
    relationName: "buyerRecord",
    fields: [payment.chainId, payment.buyer],
    references: [complianceRecord.chainId, complianceRecord.account],
  }),
  sellerRecord: one(complianceRecord, {
    relationName: "sellerRecord",
    fields: [payment.chainId, payment.seller],
    references: [complianceRecord.chainId, complianceRecord.account],
  }),
}));

export const paymentEventRelations = relations(paymentEvent, ({ one }) => ({
  payment: one(payment, {
    fields: [paymentEvent.chainId, paymentEvent.paymentId],
    references: [payment.chainId, payment.paymentId],
  }),
}));

export const disputeRelations = relations(dispute, ({ one }) => ({
  payment: one(payment, {
    fields: [dispute.chainId, dispute.paymentId],
    references: [payment.chainId, payment.paymentId],
  }),
}));

export const payoutApprovalRelations = relations(payoutApproval, ({ one }) => ({
  payment: one(payment, {
    fields: [payoutApproval.chainId, payoutApproval.paymentId],
    references: [payment.chainId, payment.paymentId],
  }),
}));

export const ledgerEntryRelations = relations(ledgerEntry, ({ one }) => ({
  payment: one(payment, {
    fields: [ledgerEntry.chainId, ledgerEntry.paymentId],
    references: [payment.chainId, payment.paymentId],
  }),
  tokenState: one(token, {
    fields: [ledgerEntry.chainId, ledgerEntry.token],
    references: [token.chainId, token.address],
  }),
}));

export const partyRelations = relations(party, ({ many, one }) => ({
  paymentsAsBuyer: many(payment, { relationName: "buyer" }),
  paymentsAsSeller: many(payment, { relationName: "seller" }),
  tokenState: one(token, {
    fields: [party.chainId, party.token],
    references: [token.chainId, token.address],
  }),
  credit: one(credit, {
    fields: [party.chainId, party.token, party.address],
    references: [credit.chainId, credit.token, credit.account],
  }),
  complianceRecord: one(complianceRecord, {
    fields: [party.chainId, party.address],
    references: [complianceRecord.chainId, complianceRecord.account],
  }),
}));

export const tokenRelations = relations(token, ({ many }) => ({
  payments: many(payment),
  parties: many(party),
  creditRows: many(credit),
  ledgerEntries: many(ledgerEntry),
}));

export const creditRelations = relations(credit, ({ one }) => ({
  tokenState: one(token, {
    fields: [credit.chainId, credit.token],
    references: [token.chainId, token.address],
  }),
}));

export const complianceRecordRelations = relations(complianceRecord, ({ many }) => ({
  decisions: many(complianceDecision),
}));

export const complianceDecisionRelations = relations(complianceDecision, ({ one }) => ({
  record: one(complianceRecord, {
    fields: [complianceDecision.chainId, complianceDecision.account],
    references: [complianceRecord.chainId, complianceRecord.account],
  }),
}));

export const roleRelations = relations(role, ({ many }) => ({
  members: many(roleMember),
  functions: many(roleFunction),
}));

export const roleMemberRelations = relations(roleMember, ({ one }) => ({
  role: one(role, {
    fields: [roleMember.chainId, roleMember.roleId],
    references: [role.chainId, role.roleId],
  }),
}));

export const roleFunctionRelations = relations(roleFunction, ({ one }) => ({
  role: one(role, {
    fields: [roleFunction.chainId, roleFunction.roleId],
    references: [role.chainId, role.roleId],
  }),
}));

export const proxyRelations = relations(proxy, ({ many }) => ({
  implementations: many(implementation),
}));

export const implementationRelations = relations(implementation, ({ one }) => ({
  proxyState: one(proxy, {
    fields: [implementation.chainId, implementation.proxy],
    references: [proxy.chainId, proxy.address],
  }),
}));
