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
  chainId: t.integer().notNull(),
  block: t.bigint().notNull(),
  logIndex: t.integer().notNull(),
  timestamp: t.bigint().notNull(),
  transactionHash: t.hex().notNull(),
});

/** Which log last changed a row. */
const updatedColumns = (t: PgColumnsBuilders) => ({
  updatedAt: t.bigint().notNull(),
  updatedBlock: t.bigint().notNull(),
  updatedLogIndex: t.integer().notNull(),
});

// ------------------------------------------------------------------------------------------------------- payments

export const payment = onchainTable(
  "payment",
  (t) => ({
    chainId: t.integer().notNull(),
    paymentId: t.hex().notNull(),
    /** The escrow whose EIP-712 domain makes the terms hash to `paymentId`. */
    escrow: t.hex().notNull(),

    buyer: t.hex().notNull(),
    seller: t.hex().notNull(),
    token: t.hex().notNull(),
    amount: t.bigint().notNull(),
    deadline: t.bigint().notNull(),
    onDeadline: deadlineAction().notNull(),
    arbiter: t.hex().notNull(),
    disputeWindow: t.bigint().notNull(),
    feeBps: t.integer().notNull(),
    feeRecipient: t.hex().notNull(),
    paymentReference: t.hex().notNull(),

    status: paymentStatus().notNull(),
    onHold: t.boolean().notNull(),
    held: t.bigint().notNull(),
    released: t.bigint().notNull(),
    refunded: t.bigint().notNull(),
    feeTaken: t.bigint().notNull(),
    disputeCount: t.integer().notNull(),
    /** Approvals of the payment's present state: the next movement spends one and makes the others stale. */
    openApprovals: t.hex().array().notNull(),

    createdAt: t.bigint().notNull(),
    createdBlock: t.bigint().notNull(),
    createdTransaction: t.hex().notNull(),
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

export const paymentEvent = onchainTable(
  "payment_event",
  (t) => ({
    ...logColumns(t),
    paymentId: t.hex().notNull(),
    kind: paymentEventKind().notNull(),
    /** Who caused it; whom it is about, if somebody else. */
    actor: t.hex(),
    account: t.hex(),
    /** Which function paid out, or which payout was approved. */
    cause: payoutCause(),
    /** Why screening objected. */
    reason: complianceReason(),
    amount: t.bigint(),
    fee: t.bigint(),
    /** State after the event, of events that move money. */
    held: t.bigint(),
    released: t.bigint(),
    /** The parts of a ruling or a settlement. */
    sellerAmount: t.bigint(),
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

export const dispute = onchainTable(
  "dispute",
  (t) => ({
    chainId: t.integer().notNull(),
    paymentId: t.hex().notNull(),
    /** 1 for the payment's first dispute: one that is withdrawn can be opened again, even in the same block. */
    n: t.integer().notNull(),
    status: disputeStatus().notNull(),
    openedBy: t.hex().notNull(),
    openedAt: t.bigint().notNull(),
    openedBlock: t.bigint().notNull(),
    claimableAt: t.bigint().notNull(),
    evidenceHash: t.hex().notNull(),
    evidenceURI: t.text().notNull(),
    ruledBy: t.hex(),
    rulingHash: t.hex(),
    sellerAmount: t.bigint(),
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

export const payoutApproval = onchainTable(
  "payout_approval",
  (t) => ({
    chainId: t.integer().notNull(),
    approvalId: t.hex().notNull(),
    paymentId: t.hex().notNull(),
    status: approvalStatus().notNull(),
    action: payoutAction().notNull(),
    amount: t.bigint().notNull(),
    held: t.bigint().notNull(),
    released: t.bigint().notNull(),
    approvedBy: t.hex().notNull(),
    approvedAt: t.bigint().notNull(),
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

export const party = onchainTable(
  "party",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    token: t.hex().notNull(),
    paid: t.bigint().notNull(),
    received: t.bigint().notNull(),
    feesCharged: t.bigint().notNull(),
    refunded: t.bigint().notNull(),
    heldAsBuyer: t.bigint().notNull(),
    heldAsSeller: t.bigint().notNull(),
    disputedAsBuyer: t.bigint().notNull(),
    disputedAsSeller: t.bigint().notNull(),
    buyerPaymentCount: t.integer().notNull(),
    sellerPaymentCount: t.integer().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.address, table.token] }),
    address: index().on(table.address),
    token: index().on(table.token),
  }),
);

export const token = onchainTable(
  "token",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    /** False and zeros for a token that was only ever swept, never configured. */
    enabled: t.boolean().notNull(),
    cap: t.bigint().notNull(),
    approvalThreshold: t.bigint().notNull(),
    outflowLimit: t.bigint().notNull(),
    outflowWindow: t.bigint().notNull(),

    held: t.bigint().notNull(),
    credits: t.bigint().notNull(),
    deposited: t.bigint().notNull(),
    released: t.bigint().notNull(),
    refunded: t.bigint().notNull(),
    fees: t.bigint().notNull(),
    paidOut: t.bigint().notNull(),
    swept: t.bigint().notNull(),
    paymentCount: t.integer().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.address] }) }),
);

export const credit = onchainTable(
  "credit",
  (t) => ({
    chainId: t.integer().notNull(),
    token: t.hex().notNull(),
    account: t.hex().notNull(),
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

export const ledgerEntry = onchainTable(
  "ledger_entry",
  (t) => ({
    ...logColumns(t),
    n: t.integer().notNull(),
    account: t.text().notNull(),
    token: t.hex().notNull(),
    debit: t.bigint().notNull(),
    credit: t.bigint().notNull(),
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
  by: t.hex().notNull(),
  standing: standing().notNull(),
  riskScore: t.integer().notNull(),
  tier: t.integer().notNull(),
  jurisdiction: t.integer().notNull(),
  expiry: t.bigint().notNull(),
  revision: t.bigint().notNull(),
  attestationHash: t.hex().notNull(),
});

export const complianceRecord = onchainTable(
  "compliance_record",
  (t) => ({ chainId: t.integer().notNull(), ...recordColumns(t), ...updatedColumns(t) }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.account] }),
    standing: index().on(table.standing),
    expiry: index().on(table.expiry),
  }),
);

export const complianceDecision = onchainTable(
  "compliance_decision",
  (t) => ({ ...logColumns(t), ...recordColumns(t) }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.block, table.logIndex] }),
    account: index().on(table.account, table.block),
    by: index().on(table.by, table.block),
  }),
);

export const compliancePolicy = onchainTable(
  "compliance_policy",
  (t) => ({
    ...logColumns(t),
    by: t.hex().notNull(),
    enforced: t.boolean().notNull(),
    listMode: listMode().notNull(),
    maxRiskScore: t.integer().notNull(),
    sanctionsOracle: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.block, table.logIndex] }) }),
);

// ----------------------------------------------------------------------------------------------------- governance

export const role = onchainTable(
  "role",
  (t) => ({
    chainId: t.integer().notNull(),
    roleId: t.bigint().notNull(),
    label: t.text().notNull(),
    adminRoleId: t.bigint().notNull(),
    guardianRoleId: t.bigint().notNull(),
    /** Seconds between granting and membership, from `grantDelaySince` on. */
    grantDelay: t.bigint().notNull(),
    grantDelaySince: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.roleId] }) }),
);

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

export const scheduledOperation = onchainTable(
  "scheduled_operation",
  (t) => ({
    chainId: t.integer().notNull(),
    /** The AccessManager's operation id; Ponder reserves the name `operationId`. */
    id: t.hex().notNull(),
    /** Counts how often the same call by the same caller was scheduled. */
    nonce: t.bigint().notNull(),
    status: operationStatus().notNull(),
    caller: t.hex().notNull(),
    target: t.hex().notNull(),
    selector: t.hex().notNull(),
    data: t.hex().notNull(),
    scheduledAt: t.bigint().notNull(),
    readyAt: t.bigint().notNull(),
    endedAt: t.bigint(),
    ...updatedColumns(t),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.id, table.nonce] }),
    status: index().on(table.status, table.readyAt),
  }),
);

export const pause = onchainTable(
  "pause",
  (t) => ({
    chainId: t.integer().notNull(),
    contract: t.hex().notNull(),
    bit: pauseBit().notNull(),
    /** Paused exactly while the chain's time is below this. */
    until: t.bigint().notNull(),
    reason: t.text().notNull(),
    pausedBy: t.hex().notNull(),
    pausedAt: t.bigint().notNull(),
    liftedBy: t.hex(),
    liftedAt: t.bigint(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.contract, table.bit] }) }),
);

export const proxy = onchainTable(
  "proxy",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    admin: t.hex().notNull(),
    implementation: t.hex().notNull(),
    codehash: t.hex().notNull(),
    /** `n` of the implementation in use. */
    implementationCount: t.integer().notNull(),
    ...updatedColumns(t),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.address] }) }),
);

export const implementation = onchainTable(
  "implementation",
  (t) => ({
    ...logColumns(t),
    proxy: t.hex().notNull(),
    n: t.integer().notNull(),
    kind: implementationKind().notNull(),
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
    kind: t.text().notNull(),
    /** Who did it, where the event says so. */
    actor: t.hex(),
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
