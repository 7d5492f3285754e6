import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import { describe, formatPlan } from "./plan.js";
import { formatRehearsal } from "./rehearse.js";
import type { VerbArguments } from "./requests.js";
import { openSuite } from "./suite.js";
import type { VerbName } from "./verbs.js";

/** `npx hardhat ops <verb>`: plans and rehearses it in one go. */
export const acting = (verb: VerbName) =>
  command(async (args: VerbArguments, hre: HardhatRuntimeEnvironment) => {
    const suite = await openSuite(hre, args.parameters as string | undefined);
    const { requestOf } = await import("./requests.js");
    const { planOperation } = await import("../lib/operations/plan.js");
    const { writeOperation } = await import("../lib/operations/folder.js");
    const { openManifest } = await import("../lib/operations/open.js");
    const { rehearse } = await import("../lib/operations/rehearse.js");
    const manifest = await planOperation(suite, await requestOf(verb, args, suite));
    const { number, path: folder } = await writeOperation(manifest);
    const place = path.relative(process.cwd(), folder);
    if (!args.json) console.log(formatPlan(manifest, number, place));
    const rehearsal = await rehearse(suite, await openManifest(folder, suite.record));
    const outcome = { ...describe(manifest, number, place), rehearsal };
    console.log(args.json ? JSON.stringify(outcome, null, 2) : formatRehearsal(rehearsal));
    if (!rehearsal.passed) process.exitCode = 1;
  });
