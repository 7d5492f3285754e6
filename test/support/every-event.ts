import { id, toBeHex, ZeroAddress, ZeroHash } from "ethers";

import { NATIVE_COIN } from "../../deploy/parameters.js";
import type { EmittedEvent } from "./emitted-suite.js";
import { hashTerms, person, termsOf, type Terms } from "./terms.js";

const [buyer, seller, arbiter, feeRecipient, operator, approver, officer, guardian] = [
  1, 2, 3, 4, 5, 6, 7, 8,
].map(person) as [string, string, string, string, string, string, string, string];
const token = person(100);
const cause = { Release: 0, Refund: 1, Claim: 2, Resolve: 3, Settle: 4 };
const reason = { None: 0, Blocked: 1 };

export const cast = { buyer, seller, arbiter, feeRecipient, operator, approver, officer, guardian, token };

/** A payment of the story: its terms, its id, and its events with the parties filled in. */
function play(terms: Terms, chainId: number, escrow: string) {
  const paymentId = hashTerms(terms, chainId, escrow);
  const { buyer, seller, ...rest } = terms;
  const event = (name: string, ...args: unknown[]): EmittedEvent => [
    "escrow",
    name,
    paymentId,
    buyer,
    seller,
    ...args,
  ];
  return {
    paymentId,
    terms,
    created: event("PaymentCreated", ...Object.values(rest)),
    released: (why: number, by: string, amount: number, fee: number, held: number, released: number) =>
      event("PaymentReleased", why, by, amount, fee, held, released),
    refunded: (why: number, by: string, amount: number, held: number, released: number) =>
      event("PaymentRefunded", why, by, amount, held, released),
    disputed: (by: string, evidenceURI: string) =>
      event("DisputeOpened", by, terms.deadline, id(evidenceURI), evidenceURI),
    withdrawn: (by: string) => event("DisputeWithdrawn", by),
    resolved: (sellerAmount: number, buyerAmount: number) =>
      event("DisputeResolved", arbiter, sellerAmount, buyerAmount, id("ruling")),
    settled: (sellerAmount: number, buyerAmount: number) =>
      event("PaymentSettled", person(9), sellerAmount, buyerAmount),
    credited: (account: string, amount: number, balance: number, why: number): EmittedEvent => [
      "escrow",
      "PayoutCredited",
      paymentId,
      terms.token,
      account,
      amount,
      balance,
      why,
    ],
    about: (name: string, ...args: unknown[]): EmittedEvent => ["escrow", name, paymentId, ...args],
  };
}

/** Payments whose events the suite could have emitted in this order: every kind of event at least once. */
export function everyEvent(chainId: number, addresses: { escrow: string; accessManager: string }) {
  const make = (n: number, change?: Partial<Terms>) => play(termsOf(n, change), chainId, addresses.escrow);
  const payments = {
    piecemeal: make(1, { feeBps: 100, feeRecipient }),
    ruled: make(2, { feeBps: 250, feeRecipient, arbiter, onDeadline: 1 }),
    unruled: make(3),
    settled: make(4),
    operated: make(5, { amount: 5000n }),
    waiting: Array.from({ length: 12 }, (_, i) =>
      make(20 + i, { amount: 10n + BigInt(i), paymentReference: toBeHex(0xabc, 32) }),
    ),
  };
  const { piecemeal, ruled, unruled, settled, operated, waiting } = payments;

  const escrow: EmittedEvent[] = [
    ["escrow", "TokenConfigured", token, officer, [true, 10_000, 5_000, 2_000, 3600]],
    ["escrow", "TokenConfigured", token, officer, [true, 1_000_000, 5_000, 2_000, 3600]],

    piecemeal.created,
    piecemeal.released(cause.Release, buyer, 450, 4, 550, 450),
    piecemeal.refunded(cause.Refund, seller, 100, 450, 450),
    piecemeal.released(cause.Release, buyer, 450, 5, 0, 900),

    ruled.created,
    // Opened, taken back and opened again within one transaction.
    ruled.disputed(buyer, "ipfs://first"),
    ruled.withdrawn(buyer),
    ruled.disputed(seller, "ipfs://second\0 with a NUL that Postgres cannot store"),
    ruled.resolved(600, 400),
    ruled.released(cause.Resolve, arbiter, 600, 15, 400, 600),
    ruled.refunded(cause.Resolve, arbiter, 400, 0, 600),
    ruled.credited(seller, 585, 585, reason.Blocked),
    ruled.credited(feeRecipient, 15, 15, reason.None),
    ["escrow", "CreditWithdrawn", token, feeRecipient, person(44), feeRecipient, 15, 0],

    unruled.created,
    unruled.disputed(seller, "ipfs://silence"),
    // Held until ten seconds past the deadline, so the arbiter's window begins anew there.
    unruled.about("PaymentFrozen", officer, "looks odd"),
    unruled.about("PaymentUnfrozen", officer, unruled.terms.deadline + 10n, "is fine"),
    unruled.refunded(cause.Claim, person(9), 1000, 0, 0),

    settled.created,
    settled.disputed(buyer, "ipfs://amicable"),
    settled.settled(300, 700),
    settled.released(cause.Settle, person(9), 300, 0, 700, 300),
    settled.refunded(cause.Settle, person(9), 700, 0, 300),

    operated.about("ScreeningObserved", seller, reason.Blocked),
    operated.created,
    operated.about("PaymentFrozen", officer, "looks odd"),
    operated.about("PaymentUnfrozen", officer, 0, "is fine"),
    ["escrow", "PayoutApproved", id("spent"), operated.paymentId, approver, 0, 200, 5000, 0, 2_000_000_000],
    ["escrow", "PayoutApproved", id("stale"), operated.paymentId, approver, 1, 300, 5000, 0, 2_000_000_000],
    ["escrow", "PayoutApprovalSpent", id("spent"), operated.paymentId, operator],
    operated.released(cause.Release, operator, 200, 0, 4800, 200),
    operated.about("PaymentFrozen", officer, "looks odd again"),

    ...waiting.map((payment) => payment.created),

    ["escrow", "SurplusSwept", token, person(45), officer, 7],
    ["escrow", "SurplusSwept", NATIVE_COIN, person(45), officer, 3],
    ["escrow", "Paused", guardian, 1, 4_000_000_000, "incident 1"],
    ["escrow", "Paused", guardian, 4, 4_000_000_000, "incident 1"],
    ["escrow", "Unpaused", officer, 3],
  ];

  const compliance: EmittedEvent[] = [
    ["complianceRegistry", "EscrowSet", addresses.escrow, officer],
    ["complianceRegistry", "PolicySet", [true, 1, 60, ZeroAddress], officer],
    ["complianceRegistry", "RecordSet", seller, officer, 1, 10, 2, 756, 2_000_000_000, 1, id("evidence")],
    ["complianceRegistry", "RecordSet", seller, officer, 2, 99, 2, 756, 0, 2, ZeroHash],
  ];

  const operation = { executed: id("executed"), canceled: id("canceled") };
  const manager = addresses.accessManager;
  const governance: EmittedEvent[] = [
    ["accessManager", "RoleGranted", 0, person(50), 0, 1_000_000_000, true],
    ["accessManager", "RoleLabel", 7, "COMPLIANCE"],
    ["accessManager", "RoleAdminChanged", 7, 3],
    ["accessManager", "RoleGuardianChanged", 7, 2],
    ["accessManager", "RoleGrantDelayChanged", 7, 86_400, 1_900_000_000],
    ["accessManager", "RoleGranted", 7, officer, 0, 1_000_000_001, true],
    ["accessManager", "RoleGranted", 7, officer, 4_294_967_295, 1_900_000_000, false],
    ["accessManager", "RoleGranted", 7, operator, 0, 1_000_000_001, true],
    ["accessManager", "RoleRevoked", 7, operator],
    ["accessManager", "TargetFunctionRoleUpdated", addresses.escrow, "0x11223344", 7],
    ["accessManager", "TargetAdminDelayUpdated", addresses.escrow, 86_400, 1_900_000_000],
    ["accessManager", "TargetClosed", addresses.escrow, true],
    [
      "accessManager",
      "OperationScheduled",
      operation.executed,
      1,
      1_900_000_000,
      officer,
      manager,
      "0x11223344aa",
    ],
    ["accessManager", "OperationExecuted", operation.executed, 1],
    [
      "accessManager",
      "OperationScheduled",
      operation.executed,
      2,
      1_900_000_000,
      officer,
      manager,
      "0x11223344aa",
    ],
    [
      "accessManager",
      "OperationScheduled",
      operation.canceled,
      1,
      1_900_000_000,
      officer,
      manager,
      "0x55667788",
    ],
    ["accessManager", "OperationCanceled", operation.canceled, 1],
  ];

  const [v1, v2, admin] = [person(60), person(61), person(62)];
  const upgrades: EmittedEvent[] = [
    ["upgradeController", "ProxyDeployed", addresses.escrow, v1, admin, id("v1"), officer],
    ["upgradeController", "Upgraded", addresses.escrow, v1, v2, id("v1"), id("v2"), officer],
    ["upgradeController", "RolledBack", addresses.escrow, v2, v1, id("v2"), id("v1"), guardian],
  ];

  return {
    payments,
    operation,
    implementations: { v1, v2, admin },
    events: [...governance, ...upgrades, ...compliance, ...escrow],
  };
}
