import { emptyTask } from "hardhat/config";
import type { TaskDefinition } from "hardhat/types/tasks";

import { taskOf } from "../ops/tasks.js";
import { JSON_OUTPUT, YES, type Option } from "../ops/verbs.js";
import { FROM } from "../payment/tasks.js";

const WHOSE: readonly Option[] = [
  { name: "token", description: "Which token, by its symbol such as USDC, or its address" },
  { name: "account", description: "Whose credit, by its owner's address" },
  {
    name: "to",
    description: "Who is paid (default: the owner); anybody else is for the owner alone to name",
  },
];

/** What could not be paid out, and waits in the escrow for its owner. */
export const creditTasks: readonly TaskDefinition[] = [
  emptyTask("credit", "Payouts that did not arrive and wait for their owners as credits").build(),
  taskOf(
    ["credit", "withdraw"],
    "Pays a credit out: anybody to its owner, the owner to any address. Looks first whether it would work, and asks before it " +
      "sends. For example: npx hardhat credit withdraw --network <name> --token USDC --account 0x…",
    [...WHOSE, FROM, YES, JSON_OUTPUT],
    () => import("./withdraw.js"),
  ),
];
