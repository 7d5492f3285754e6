import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { CHECK_NAMES, CHECKS } from "../lib/triage/finding.js";
import { taskOf, withOptions } from "../ops/tasks.js";
import { TRIAGE_OPTIONS } from "./options.js";
import { PROOF_OPTIONS } from "./proof-options.js";

/** What whoever is on duty types first. */
export const triageTasks: readonly TaskDefinition[] = [
  taskOf(
    ["triage"],
    "What needs somebody, why, and what to type next: every look below in one. Reads the chain, and the read model if it " +
      "answers; writes nothing. Exits 0 if there is nothing to see to, 1 if there is, 2 if it could not tell. For " +
      "example: npx hardhat triage --network <name>",
    TRIAGE_OPTIONS,
    async () => ({ default: (await import("../triage.js")).looking() }),
  ),
  ...CHECK_NAMES.map((check) =>
    taskOf(
      ["triage", check],
      `Looks at ${CHECKS[check]}. For example: npx hardhat triage ${check} --network <name>`,
      TRIAGE_OPTIONS,
      async () => ({ default: (await import("../triage.js")).looking(check) }),
    ),
  ),
  withOptions(
    task(
      ["triage", "verify-proof"],
      "Tells whether a transaction is the deposit of a payment, as somebody claims: chain, success, escrow, terms, token, " +
        "amount, parties, reference, confirmations, not used for another; and where its money is now. Exits 0 if it is and " +
        "its money is there or went to the seller, 1 if it is not, 2 if it could not tell, 3 if it is and nobody may deliver for it. For " +
        "example: npx hardhat triage verify-proof 0x<transaction> --payment 0x<paymentId> --network <name>",
    ).addPositionalArgument({
      name: "transaction",
      description: "Hash of the transaction that is said to be the deposit",
      type: ArgumentType.STRING,
    }),
    PROOF_OPTIONS,
  )
    .setAction(() => import("./verify-proof.js"))
    .build(),
];
