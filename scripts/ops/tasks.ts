import { emptyTask, task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { TaskDefinition } from "hardhat/types/tasks";

import { LOOKS } from "./looks.js";
import { SECOND_RPC } from "./second.js";
import {
  ANEW,
  COMMON,
  DIGEST,
  JSON_OUTPUT,
  OPERATION,
  PARAMETERS,
  SIGNER,
  VERBS,
  wordsOf,
  YES,
  type Option,
  type VerbName,
} from "./verbs.js";

type Action = Parameters<ReturnType<typeof task>["setAction"]>[0];

type Builder = ReturnType<typeof task>;

/** Adds options that are data. */
export function withOptions(builder: Builder, options: readonly Option[]): Builder {
  for (const { name, description: what, type, defaultValue } of options) {
    builder =
      type === ArgumentType.FLAG
        ? builder.addFlag({ name, description: what })
        : builder.addOption({
            name,
            description: what,
            type: type ?? ArgumentType.STRING_WITHOUT_DEFAULT,
            defaultValue: defaultValue as never,
          });
  }
  return builder;
}

/** A task with options that are data. */
export const taskOf = (
  id: string[],
  description: string,
  options: readonly Option[],
  action: Action,
): TaskDefinition => withOptions(task(id, description), options).setAction(action).build();

const names = Object.keys(VERBS) as VerbName[];
/** Those that people know by themselves: `ops pause` is all of it in one, from the plan to the record. */
const KNOWN: readonly VerbName[] = [
  "pause",
  "unpause",
  "upgrade",
  "rollback",
  "roles",
  "grant",
  "revoke",
  "rotate",
  "cancel",
];
/** What a ladder may have been signed of. */
const KEPT_READY: readonly VerbName[] = ["pause", "rollback"];

const planTask = (verb: VerbName) => {
  const { description, options } = VERBS[verb];
  return taskOf(
    ["ops", "plan", ...wordsOf(verb)],
    description,
    [...options, ...COMMON, ...(verb === "upgrade" ? [YES] : []), PARAMETERS, JSON_OUTPUT],
    async () => ({
      default: (await import("./plan.js")).planning(verb),
    }),
  );
};

const knownTask = (verb: VerbName) => {
  const { description, options, example } = VERBS[verb];
  return taskOf(
    ["ops", ...wordsOf(verb)],
    `${description}. With --signer, from the plan to the record in one go; without, it ends after the rehearsal. For ` +
      `example: npx hardhat ops ${wordsOf(verb).join(" ")} --network <name> ${example} --signer keystore`,
    [
      ...options,
      ...COMMON,
      ...SIGNER,
      ...(KEPT_READY.includes(verb) ? [ANEW] : []),
      YES,
      PARAMETERS,
      JSON_OUTPUT,
    ],
    async () => ({ default: (await import("./act.js")).acting(verb) }),
  );
};

/** What admins run: one way for every act and every signer, from the plan to the record. */
export const opsTasks: readonly TaskDefinition[] = [
  emptyTask(
    "ops",
    "Admin operations: plan → rehearse → sign → execute → verify. Each is a folder in deploy/operations/<chain>/ with its " +
      "manifest, which says all that will happen and all that is signed",
  ).build(),
  emptyTask(
    ["ops", "plan"],
    "Plans an operation on a fork of the chain: writes its manifest, signs nothing and sends nothing. For example: " +
      `npx hardhat ops plan pause --network <name> ${VERBS.pause.example}`,
  ).build(),
  ...names.map(planTask),
  ...KNOWN.map(knownTask),
  taskOf(
    ["ops", "rehearse"],
    "Carries an operation out on a fork of the chain, in every way that it is meant for; exits 1 if anything is not as " +
      "the manifest foretells",
    [OPERATION, DIGEST, PARAMETERS, JSON_OUTPUT],
    () => import("./rehearse.js"),
  ),
  taskOf(
    ["ops", "sign"],
    "Signs everything of an operation that the signer may and has not yet, what is kept ready included, and shows " +
      "beforehand what the device will show; sends nothing. For example: npx hardhat ops sign --network <name> --signer ledger " +
      "--address 0x…",
    [
      OPERATION,
      DIGEST,
      { name: "step", description: "Only this step, such as rollback-1 (default: all that are left)" },
      ...SIGNER,
      {
        name: "propose",
        description:
          "Shows the transactions and signatures to the service of --safe-service, for the other owners",
        type: ArgumentType.FLAG,
      },
      PARAMETERS,
      JSON_OUTPUT,
    ],
    () => import("./sign.js"),
  ),
  taskOf(
    ["ops", "export"],
    "Writes each step of a Safe as a file that the Transaction Builder of the Safe app imports, into the operation's folder",
    [OPERATION, { name: "step", description: "Only this step (default: all)" }, PARAMETERS, JSON_OUTPUT],
    () => import("./export.js"),
  ),
  taskOf(
    ["ops", "execute"],
    "Carries out what is due of an operation, exactly once, and verifies it; refuses if anything moved since the plan. For " +
      "example: npx hardhat ops execute --network <name> --operation 3 --signer keystore",
    [
      OPERATION,
      DIGEST,
      {
        name: "step",
        description: "One that was signed beforehand, such as rollback-1 (default: what is next)",
      },
      {
        name: "withoutRollback",
        description:
          "Upgrades although no rollback that was signed would work, so that nobody can take it back at once",
        type: ArgumentType.FLAG,
      },
      ...SIGNER,
      YES,
      PARAMETERS,
      JSON_OUTPUT,
    ],
    () => import("./execute.js"),
  ),
  taskOf(
    ["ops", "verify"],
    "Looks at the suite after an operation: code, self-tests, pauses, roles, and payments on a fork; exits 1 if anything is " +
      "not as it should be",
    [OPERATION, SECOND_RPC, PARAMETERS, JSON_OUTPUT],
    () => import("./verify.js"),
  ),
  taskOf(
    ["ops", "status"],
    LOOKS.status.description,
    [...LOOKS.status.options, PARAMETERS, JSON_OUTPUT],
    () => import("./status.js"),
  ),
  taskOf(
    ["ops", "ready"],
    LOOKS.ready.description,
    [...LOOKS.ready.options, PARAMETERS, JSON_OUTPUT],
    () => import("./ready.js"),
  ),
  taskOf(
    ["ops", "history"],
    LOOKS.history.description,
    [...LOOKS.history.options, PARAMETERS, JSON_OUTPUT],
    () => import("./history.js"),
  ),
];
