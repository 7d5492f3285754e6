import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { taskOf } from "../ops/tasks.js";
import { JSON_OUTPUT } from "../ops/verbs.js";

/** What has to be known before observing becomes enforcing. */
export const gateTasks: readonly TaskDefinition[] = [
  taskOf(
    ["gate"],
    "Whether what is only observed may be enforced: fewer than 0.5 % mismatches in the last 1,000 samples, and 24 hours " +
      "without one or a gap. Exits 0 if open, 1 if shut, 2 if it could not tell. For example: npx hardhat gate --network <name>",
    [JSON_OUTPUT],
    () => import("./show.js"),
  ),
  taskOf(
    ["gate", "sample"],
    "Compares payments that chance picks between the read model and the chain, and appends what came of it to " +
      "deploy/samples/; to be run every half an hour. Exits 1 if one does not match. For example: npx hardhat gate sample " +
      "--network <name>",
    [
      {
        name: "indexer",
        description:
          "Where the read model answers (default: HOLDFAST_INDEXER_URL, or http://127.0.0.1:42069)",
      },
      { name: "count", description: "How many payments", type: ArgumentType.INT, defaultValue: 50 },
      JSON_OUTPUT,
    ],
    () => import("./sample.js"),
  ),
];
