import type { Incident } from "../support/incidents/incident.js";
import { badUpgrade, leak, stolenKey, strangeOperation, strangePause, usedNonce } from "./administration.js";
import { failedPayouts } from "./failed-payouts.js";
import {
  complianceBlock,
  disputedRelease,
  duplicatePayment,
  missingPayment,
  suspiciousProof,
} from "./payments.js";
import {
  apiDown,
  badPackage,
  databaseDown,
  failedReconciliation,
  leakedSecret,
  outage,
  silentAlerting,
  staleEndpoint,
  writerDown,
  wrongIndex,
} from "./services.js";
import { stuckPayment, stuckRelease } from "./stuck-payments.js";

/** All that goes wrong, in this order: the chain begins in the past for the first, and the last leaves everything paused. */
export const INCIDENTS: readonly Incident[] = [
  stuckPayment,
  stuckRelease,
  failedPayouts,
  duplicatePayment,
  missingPayment,
  disputedRelease,
  suspiciousProof,
  complianceBlock,
  silentAlerting,
  strangePause,
  strangeOperation,
  badPackage,
  staleEndpoint,
  outage,
  writerDown,
  apiDown,
  databaseDown,
  leakedSecret,
  stolenKey,
  badUpgrade,
  usedNonce,
  failedReconciliation,
  wrongIndex,
  leak,
];
