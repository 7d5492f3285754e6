import { emptyTask } from "hardhat/config";
import type { TaskDefinition } from "hardhat/types/tasks";

import { ACTS, type ActName } from "../lib/payment/acts.js";
import { taskOf } from "../ops/tasks.js";
import { JSON_OUTPUT, YES, type Option } from "../ops/verbs.js";

const PAYMENT: Option = { name: "payment", description: "Which, by its paymentId" };
const TAKEN: Readonly<Record<(typeof ACTS)[ActName]["takes"][number], readonly Option[]>> = {
  amount: [
    {
      name: "amount",
      description: "How much, in whole tokens such as 1250.50, or `all` that the payment holds",
    },
  ],
  reason: [{ name: "reason", description: "Why; it stands on the chain, so no names" }],
  ruling: [
    {
      name: "toSeller",
      description: "The seller's part, fee included, in whole tokens such as 1250.50, or `rest`",
    },
    { name: "toBuyer", description: "The buyer's part, likewise; both together are all that is held" },
    {
      name: "ruling",
      description:
        "File of the written ruling, of which only the hash goes to the chain; or that keccak256 hash itself",
    },
  ],
};
/** As it is typed. */
const typed = ({ name }: Option) =>
  ` --${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} …`;

export const FROM: Option = {
  name: "from",
  description: "Which of the network's accounts acts (default: the first)",
};

/** What people on duty do with one payment. */
export const paymentTasks: readonly TaskDefinition[] = [
  emptyTask(
    "payment",
    "One payment: what is the matter with it, and what its people and officers do with it",
  ).build(),
  taskOf(
    ["payment", "show"],
    "Shows a payment, whom it waits for and what became of it, from the chain alone. For example: npx hardhat payment show " +
      "--network <name> --payment 0x…",
    [PAYMENT, JSON_OUTPUT],
    () => import("./show.js"),
  ),
  ...(Object.keys(ACTS) as ActName[]).map((name) => {
    const { description, takes } = ACTS[name];
    const options = takes.flatMap((what) => TAKEN[what]);
    return taskOf(
      ["payment", name],
      `${description}. Looks first whether it would work, and asks before it sends. For example: npx hardhat payment ${name} ` +
        `--network <name> --payment 0x…${options.map(typed).join("")} --from 0x…`,
      [PAYMENT, ...options, FROM, YES, JSON_OUTPUT],
      async () => ({ default: (await import("./act.js")).acting(name) }),
    );
  }),
];
