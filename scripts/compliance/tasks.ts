import { emptyTask } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { taskOf } from "../ops/tasks.js";
import { JSON_OUTPUT, YES, type Option } from "../ops/verbs.js";
import { FROM } from "../payment/tasks.js";

const RECORD: readonly Option[] = [
  { name: "account", description: "Whose record" },
  { name: "standing", description: "cleared, blocked, or unlisted, which takes the record back" },
  { name: "riskScore", description: "0 to 255, as your screening provider scores (default: as it is)" },
  { name: "tier", description: "Verification level, 0 to 255 (default: as it is)" },
  { name: "jurisdiction", description: "ISO 3166-1 numeric code, 0 if unknown (default: as it is)" },
  {
    name: "expiry",
    description:
      "When a clearing ends: a duration such as 365d, a day or a time in UTC such as 2027-01-31T12:00Z, or never; a clearing has to say",
  },
  {
    name: "evidence",
    description:
      "Hash of the evidence, 32 bytes; salted, as a bare hash of personal data can be guessed. Or none. A clearing or block has to say",
  },
];

const LIFT_BLOCK: Option = {
  name: "liftBlock",
  description: "With --yes: lifts a block, which --yes alone never does. Legal is asked before",
  type: ArgumentType.FLAG,
};

/** What a compliance officer does. */
export const complianceTasks: readonly TaskDefinition[] = [
  emptyTask("compliance", "Who may pay and be paid: what an officer writes down of an account").build(),
  taskOf(
    ["compliance", "record"],
    "Writes an account's compliance record (COMPLIANCE). Shows it before and after and whether the account passes then, looks " +
      "first whether it would work, and asks before it sends. For example: npx hardhat compliance record --network <name> " +
      "--account 0x… --standing cleared --risk-score 10 --expiry 365d --evidence 0x… --from 0x…",
    [...RECORD, FROM, LIFT_BLOCK, YES, JSON_OUTPUT],
    () => import("./record.js"),
  ),
];
