import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import { requireGateForSteps } from "../lib/gate/policy.js";
import { mode } from "../lib/mode.js";
import type { Manifest } from "../lib/operations/manifest.js";
import type { VerbArguments } from "./requests.js";
import { openSuite } from "./suite.js";
import type { VerbName } from "./verbs.js";

/** `npx hardhat ops plan <verb>` */
export const planning = (verb: VerbName) =>
  command(async (args: VerbArguments, hre: HardhatRuntimeEnvironment) => {
    const suite = await openSuite(hre, args.parameters as string | undefined);
    const { requestOf } = await import("./requests.js");
    const { planOperation } = await import("../lib/operations/plan.js");
    const { planFolder } = await import("../lib/operations/folder.js");
    const { namingDeployed } = await import("./deploying.js");
    const { manifest, operation } = await namingDeployed(async (isDeployed) => {
      const planned = await planOperation(suite, await requestOf(verb, args, suite, isDeployed));
      await requireGateForSteps(suite, planned.steps);
      return { manifest: planned, operation: await planFolder(planned) };
    });
    const { number, path: folder } = operation;
    const place = path.relative(process.cwd(), folder);
    console.log(
      args.json
        ? JSON.stringify(describe(manifest, number, place), null, 2)
        : formatPlan(manifest, number, place, { networkName: suite.connection.networkName }),
    );
    if (mode() === "dry-run") console.error(NOTHING_KEPT);
  });

/** How a dry run of a plan ends. */
export const NOTHING_KEPT = "This was a dry run: nothing was kept, signed or sent.";

/** What a machine wants to know of a plan. */
export const describe = (
  { operation, digest, cautions, steps }: Manifest,
  number: number,
  folder: string,
) => ({
  number,
  folder,
  verb: operation.verb,
  title: operation.title,
  digest,
  cautions,
  steps: steps.map(({ id, branch, title, account, nonce, notBefore, notAfter, safeTxHash }) => ({
    ...{ id, branch, title, account, nonce, notBefore, notAfter, safeTxHash },
  })),
});

/**
 * What a person wants to know of a plan, and what to do next.
 *
 * @param isRehearsedNow Whether the rehearsal follows by itself.
 * @param networkName As commands name it.
 */
export function formatPlan(
  { operation, digest, cautions, steps, names }: Manifest,
  number: number,
  folder: string,
  { isRehearsedNow = false, networkName = "<name>" } = {},
): string {
  const who = (address: string) => (address in names ? `${names[address]} (${address})` : address);
  return [
    `Planned operation ${number}: ${operation.title}.`,
    ...steps.map(({ id, branch, account, nonce, changes }) => {
      const what = `${changes.length} storage ${changes.length === 1 ? "entry" : "entries"}`;
      return `  ${branch === "ready" ? "ready" : "     "} ${id.padEnd(10)} by ${who(account)}, nonce ${nonce}, changes ${what}`;
    }),
    ...cautions.map((caution) => `Caution: ${caution}`),
    `Digest ${digest}`,
    isRehearsedNow
      ? `Its page for people: ${path.join(folder, "manifest.md")}. Rehearsing …`
      : `Read ${path.join(folder, "manifest.md")}, then: npx hardhat ops rehearse --network ${networkName} ` +
        `--operation ${number} --digest ${digest}`,
  ].join("\n");
}
