import type { Incident } from "../incident.js";
import {
  badUpgrade,
  leak,
  lostVeto,
  stolenKey,
  strangeOperation,
  strangePause,
  usedNonce,
} from "./administration.js";
import { deepReorg, leftBranch, silentChain } from "./chain.js";
import { databaseDown, databaseFull, dataLost } from "./database.js";
import { failedPayouts } from "./failed-payouts.js";
import {
  complianceBlock,
  disputedRelease,
  duplicatePayment,
  missingPayment,
  refundedProof,
  suspiciousProof,
} from "./payments.js";
import {
  apiDown,
  badPackage,
  failedReconciliation,
  leakedSecret,
  missedReconciliation,
  outage,
  silentAlerting,
  staleEndpoint,
  writerDown,
  wrongIndex,
} from "./services.js";
import { stuckPayment, stuckRelease } from "./stuck-payments.js";

/**
 * All that goes wrong. Each can happen alone; one after the other, in this order: the chain begins in the past for the first,
 * and the last leaves everything paused.
 */
export const INCIDENTS: readonly Incident[] = [
  stuckPayment,
  stuckRelease,
  failedPayouts,
  duplicatePayment,
  missingPayment,
  disputedRelease,
  suspiciousProof,
  refundedProof,
  complianceBlock,
  silentAlerting,
  silentChain,
  databaseDown,
  deepReorg,
  strangePause,
  strangeOperation,
  badPackage,
  staleEndpoint,
  outage,
  writerDown,
  apiDown,
  databaseFull,
  leakedSecret,
  stolenKey,
  badUpgrade,
  usedNonce,
  lostVeto,
  dataLost,
  missedReconciliation,
  failedReconciliation,
  wrongIndex,
  leftBranch,
  leak,
];
