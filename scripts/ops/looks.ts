import { ArgumentType } from "hardhat/types/arguments";

import { SECOND_RPC } from "./second.js";
import { SAFE_SERVICE, type Option } from "./verbs.js";

/** What admins look at: nothing of it signs or sends anything. */
export const LOOKS = {
  status: {
    description:
      "One screen: roles, pauses, code, what waits for its delay, what is kept ready, operations under way. Exits 1 if " +
      "anything needs attention, 2 if it could not tell. For example: npx hardhat ops status --network <name>",
    options: [SECOND_RPC],
  },
  ready: {
    description:
      "Of everything that was signed beforehand: works it now, later or never, and why. Tries the exact bytes out, on " +
      "the chain as it is or on a fork, and sends nothing. Exits 1 if an upgrade that can still be rolled back has no " +
      "rollback or pause that works, and if anything is signed that nobody wants any more. For example: npx hardhat ops ready --network <name>",
    options: [
      {
        name: "sender",
        description:
          "Address of whoever would send it: an owner of a Safe need not sign what it sends itself",
      },
      SAFE_SERVICE,
      SECOND_RPC,
    ],
  },
  history: {
    description:
      "What admins did on the chain, latest first: upgrades, rollbacks, pauses, roles, and what was scheduled, executed " +
      "and cancelled, each with its operation or marked as done outside of them. Exits 1 if anything was. For example: " +
      "npx hardhat ops history --network <name> --since 30d",
    options: [
      { name: "since", description: "How far back, such as 7d, or a day or time such as 2026-01-31T12:00Z" },
      {
        name: "limit",
        description: "How many transactions at most",
        type: ArgumentType.INT,
        defaultValue: 20,
      },
    ],
  },
} as const satisfies Record<string, { description: string; options: readonly Option[] }>;
