import { statement, totalsAtBlock } from "./money.js";
import { duePayments, paymentsByReference, stuckPayments } from "./payments.js";
import { permissions } from "./permissions.js";
import { verifyPayment } from "./proof.js";

export { words } from "./words.js";

/** What answers each question: with one SQL statement, and for a proof also from a node. */
export const answers = {
  stuckPayments,
  duePayments,
  paymentsByReference,
  statement,
  totalsAtBlock,
  permissions,
  verifyPayment,
};
