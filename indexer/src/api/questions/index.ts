import { statement, totalsAtBlock } from "./money.js";
import { duePayments, paymentsByReference, stuckPayments } from "./payments.js";
import { permissions } from "./permissions.js";
import { verifyPayment } from "./proof.js";
import { reconciliationRuns } from "./reconciliations.js";

export { words } from "./words.js";

/** What answers each question: with one SQL statement, for a proof also from a node, and of reconciliations from their record. */
export const answers = {
  stuckPayments,
  duePayments,
  paymentsByReference,
  statement,
  totalsAtBlock,
  permissions,
  verifyPayment,
  reconciliationRuns,
};
