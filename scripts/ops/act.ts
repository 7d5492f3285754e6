import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import { requireGateForSteps } from "../lib/gate/policy.js";
import { mode } from "../lib/mode.js";
import type { OperationFolder } from "../lib/operations/folder.js";
import type { Kept, Wanted } from "../lib/operations/kept.js";
import type { Manifest } from "../lib/operations/manifest.js";
import type { OpenManifest } from "../lib/operations/open.js";
import type { Suite } from "../lib/operations/suite.js";
import { parseBits, parseDuration, parseProxy } from "./arguments.js";
import { nameOf, nextCommand, sameSigner, withSigner, type Desk, type DeskArguments } from "./desk.js";
import { execute } from "./execute.js";
import { describe, formatPlan, NOTHING_KEPT } from "./plan.js";
import { formatRehearsal } from "./rehearse.js";
import type { VerbArguments } from "./requests.js";
import { formatCounts, sign } from "./sign.js";
import { openSuite } from "./suite.js";
import type { VerbName } from "./verbs.js";

type Hands = Omit<Desk, "opened" | "operation">;

/**
 * `npx hardhat ops <verb>`: plans and rehearses it, and with a signer at hand signs, executes, verifies and records it in one
 * go; or carries out what was signed beforehand, if that works.
 */
export const acting = (verb: VerbName) =>
  command(async (args: VerbArguments, hre: HardhatRuntimeEnvironment) => {
    const typed = args as DeskArguments;
    const suite = await openSuite(hre, typed.parameters);
    const outcome = await withSigner(typed, suite, async (hands) => {
      const kept = await keptFor(verb, args, hands);
      return kept ? await carryOutKept({ ...hands, ...kept }) : await act(verb, args, hands);
    });
    if (typed.json) console.log(JSON.stringify(outcome, null, 2));
  });

/** What is asked for, where it may have been signed beforehand. */
function wantedOf(
  verb: VerbName,
  args: VerbArguments,
  suite: Suite,
  kept: typeof import("../lib/operations/kept.js"),
) {
  const wanted: Partial<Record<VerbName, () => Wanted>> = {
    pause: () =>
      kept.aPause(parseBits(String(args.bits)), parseDuration(String(args.duration), "--duration")),
    rollback: () => kept.aRollback(suite, parseProxy(String(args.proxy))),
  };
  return wanted[verb]?.();
}

async function keptFor(
  verb: VerbName,
  args: VerbArguments,
  { suite, signer, service, logs, tell }: Hands,
): Promise<Kept | undefined> {
  const kept = await import("../lib/operations/kept.js");
  const wanted = wantedOf(verb, args, suite, kept);
  if (wanted === undefined || args.anew === true) return undefined;
  const collecting = { ...(signer && { executor: signer.address }), ...(service && { service }) };
  return await kept.findKept(suite, wanted, { collecting, tell, ...(logs && { logs }) });
}

/** No plan, no rehearsal and no signature is needed: all of that was there when it was signed. */
export async function carryOutKept(desk: Desk & Kept) {
  const { step, opened, signer, tell, isDone } = desk;
  const from = { operation: desk.operation.number, folder: desk.operation.path, step: step.id };
  if (isDone) {
    const another = nextCommand(desk, "execute", "--step <rung> --signer <who sends it>");
    tell(`What ${step.id} of ${nameOf(desk)} did still holds, so nothing is sent: ${step.title}.`);
    tell(`To send another rung all the same: ${another}`);
    return { kept: from, executed: await execute(desk, step.id) };
  }
  tell(`${step.id} of ${nameOf(desk)} was signed beforehand and works now: ${step.title}.`);
  // A key's transaction is sent as it is; a Safe's needs somebody who pays for it.
  if (signer !== undefined || (desk.yes && opened.accountOf(step.id).kind === "key"))
    return { kept: from, executed: await execute(desk, step.id) };
  tell(`Next: ${nextCommand(desk, "execute", `--step ${step.id} --signer <who sends it>`)}`);
  return { kept: from };
}

/** Up to where nothing has to be deployed for it any more: from here on, the operation goes on by its number. */
async function planAndRehearse(
  verb: VerbName,
  args: VerbArguments,
  { suite, signer, tell }: Hands,
  isDeployed: (address: string) => void,
) {
  const { manifest, operation, opened } = await plan(verb, args, suite, isDeployed);
  const place = path.relative(process.cwd(), operation.path);
  const told = describe(manifest, operation.number, place);
  tell(formatPlan(manifest, operation.number, place, { isRehearsedNow: true }));
  if (signer !== undefined) await requireSigner(opened, signer.address);
  const { rehearse } = await import("../lib/operations/rehearse.js");
  const rehearsal = await rehearse(suite, opened);
  tell(formatRehearsal(rehearsal));
  return { operation, opened, told, rehearsal };
}

/** From the plan as far as the signer gets. */
async function act(verb: VerbName, args: VerbArguments, hands: Hands) {
  const { signer, tell } = hands;
  const { namingDeployed } = await import("./deploying.js");
  const { operation, opened, told, rehearsal } = await namingDeployed((isDeployed) =>
    planAndRehearse(verb, args, hands, isDeployed),
  );
  if (!rehearsal.passed) {
    process.exitCode = 1;
    return { ...told, rehearsal };
  }
  if (mode() === "dry-run") {
    tell(NOTHING_KEPT);
    return { ...told, rehearsal };
  }
  const desk: Desk = { ...hands, operation, opened };
  if (signer === undefined) {
    tell(`Next: ${nextCommand(desk, needsSignatures(opened) ? "sign" : "execute", "--signer <who signs>")}`);
    return { ...told, rehearsal };
  }
  // What a key does itself, it signs when that is carried out.
  const signed = needsSignatures(opened) ? await sign(desk, { propose: false }) : undefined;
  const isLacking = (signed?.steps ?? []).filter(({ signed: there, needed }) => there < needed);
  const [next] = opened.manifest.steps;
  if (isLacking.some(({ step }) => step === next!.id)) {
    for (const line of formatCounts(signed!.steps)) tell(line);
    tell(`The others sign with: ${nextCommand(desk, "sign", "--signer <theirs>")}`);
    tell(`Then: ${nextCommand(desk, "execute", "--signer <who sends it>")}`);
    return { ...told, rehearsal, signed };
  }
  // The same command would plan it anew.
  const goOn = nextCommand(desk, "execute", sameSigner(desk, "<who sends it>"));
  const executed = await execute(desk, undefined, { goOn });
  if (isLacking.length > 0) {
    tell("Before it goes on, these need more signatures:");
    for (const line of formatCounts(isLacking)) tell(line);
  }
  return { ...told, rehearsal, ...(signed && { signed }), executed };
}

/** Said before anybody waits for a rehearsal. */
async function requireSigner(opened: OpenManifest, address: string): Promise<void> {
  const { requireSignerOf } = await import("../lib/operations/ceremony.js");
  requireSignerOf(opened, address);
}

interface Planned {
  readonly manifest: Manifest;
  readonly operation: OperationFolder;
  readonly opened: OpenManifest;
}

async function plan(
  verb: VerbName,
  args: VerbArguments,
  suite: Suite,
  isDeployed: (address: string) => void,
): Promise<Planned> {
  const { requestOf } = await import("./requests.js");
  const { planOperation } = await import("../lib/operations/plan.js");
  const { planFolder } = await import("../lib/operations/folder.js");
  const { openManifest } = await import("../lib/operations/open.js");
  const manifest = await planOperation(suite, await requestOf(verb, args, suite, isDeployed));
  await requireGateForSteps(suite, manifest.steps);
  const operation = await planFolder(manifest);
  return { manifest, operation, opened: await openManifest(operation.path, suite.record) };
}

/** What a key does itself, and keeps nothing ready for, is signed when it is executed. */
const needsSignatures = ({ manifest: { accounts, steps } }: OpenManifest) =>
  accounts.some(({ kind }) => kind === "safe") || steps.some(({ branch }) => branch === "ready");
