import { task } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";

import { guarded, guardedElsewhere } from "./lib/mode/plugin.js";
import { complianceTasks } from "./compliance/tasks.js";
import { creditTasks } from "./credit/tasks.js";
import { gateTasks } from "./gate/tasks.js";
import { opsTasks } from "./ops/tasks.js";
import { paymentTasks } from "./payment/tasks.js";
import { reconcileTasks } from "./reconcile-tasks.js";
import { triageTasks } from "./triage/tasks.js";

const ours = [
  task("deploy", "Deploys the suite to a network, or goes on where an interrupted run stopped")
    .addOption({
      name: "parameters",
      description: "JSON5 file of parameters (default: deploy/parameters/<network>.json5)",
      type: ArgumentType.FILE_WITHOUT_DEFAULT,
      defaultValue: undefined,
    })
    .addFlag({ name: "quiet", description: "Prints only the path of the record" })
    .setAction(() => import("./deploy.js"))
    .build(),
  task("roles", "Compares who may do what on a chain with deploy/roles.ts; exits 1 if they differ")
    .addOption({
      name: "parameters",
      description: "JSON5 file that names the holders (default: deploy/parameters/<network>.json5)",
      type: ArgumentType.FILE_WITHOUT_DEFAULT,
      defaultValue: undefined,
    })
    .addFlag({ name: "json", description: "Prints the differences as a JSON array" })
    .addFlag({ name: "table", description: "Prints deploy/roles.ts as a Markdown table and asks no chain" })
    .setAction(() => import("./roles.js"))
    .build(),
  task("replay", "Replays the logs into an empty database and compares every table; exits 1 if one differs")
    .addOption({
      name: "database",
      description: "The read model to compare with: a postgres:// URL, or the directory of a PGlite at rest",
      type: ArgumentType.STRING,
      defaultValue: "",
    })
    .addOption({
      name: "schema",
      description: "Its schema",
      type: ArgumentType.STRING,
      defaultValue: "holdfast",
    })
    .setAction(() => import("./replay.js"))
    .build(),
  task("start", "Runs everything on a local chain, with payments of every kind, until Ctrl-C")
    .addFlag({
      name: "once",
      description: "Ends by comparing every payment in GraphQL with the chain; exits 1 if they differ",
    })
    .addOption({
      name: "payments",
      description: "How many payments to make before it is ready",
      type: ArgumentType.STRING,
      defaultValue: "60",
    })
    .addOption({
      name: "port",
      description: "Port of the indexer, which serves GraphQL",
      type: ArgumentType.STRING,
      defaultValue: "42069",
    })
    .addOption({
      name: "chainPort",
      description: "Port of the local chain that is started",
      type: ArgumentType.STRING,
      defaultValue: "8545",
    })
    .addOption({
      name: "rpc",
      description: "URL of a local development chain that runs already, instead of starting one",
      type: ArgumentType.STRING_WITHOUT_DEFAULT,
      defaultValue: undefined,
    })
    .setAction(() => import("./start.js"))
    .build(),
  task(
    "drill",
    "Plays a disaster on a chain of its own, and the runbook that answers it, for everybody to see; --by-hand leaves the " +
      "answer to you, in a shell, until you exit; exits 1 if all is not well then",
  )
    .addPositionalArgument({
      name: "scenario",
      description: "Which, of those that --list tells",
      type: ArgumentType.STRING,
      defaultValue: "bad-upgrade",
    })
    .addFlag({ name: "list", description: "Tells which scenarios there are, and plays none" })
    .addFlag({
      name: "byHand",
      description: "Causes it, tells what the pager tells, and opens a shell to put it right by the runbooks",
    })
    .addOption({
      name: "timings",
      description: "File to write how long each step took to, as JSON",
      type: ArgumentType.STRING_WITHOUT_DEFAULT,
      defaultValue: undefined,
    })
    .setAction(() => import("./drill.js"))
    .build(),
  task(
    "reindex",
    "Drops an index that cannot be mended, and what is kept of branches that its chains have left; its next start makes it " +
      "anew. Database, chains and RPC endpoints are those of the indexer's environment variables",
  )
    .addOption({
      name: "schema",
      description: "Database schema of the index",
      type: ArgumentType.STRING,
      defaultValue: "holdfast",
    })
    .addFlag({
      name: "keepIndex",
      description:
        "Leaves the index as it is, for its consumers, and only forgets dead branches: another index is made beside it",
    })
    .setAction(() => import("./reindex.js"))
    .build(),
  ...opsTasks,
  ...reconcileTasks,
  ...triageTasks,
  ...paymentTasks,
  ...creditTasks,
  ...complianceTasks,
  ...gateTasks,
];

/**
 * What people run, one file per verb, loaded when it is called: `npx hardhat <verb> --help`. Each asks first whether the mode
 * lets it, and so do those of other people that write.
 */
export const tasks = [...guarded(ours), ...guardedElsewhere(ours)];
