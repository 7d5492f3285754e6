import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import { requireGateForSteps } from "../lib/gate/policy.js";
import { mayWrite } from "../lib/mode.js";
import type { Manifest, Step } from "../lib/operations/manifest.js";
import type { CarriedOut, Verified } from "../lib/operations/outcomes.js";
import { formatTime } from "../lib/operations/units.js";
import { confirm } from "./confirm.js";
import { atDesk, nameOf, nextCommand, type Desk, type DeskArguments } from "./desk.js";
import { formatCalled } from "./signing-page.js";
import { formatVerified } from "./verify.js";

interface ExecuteArguments extends DeskArguments {
  readonly step?: string;
}

/** `npx hardhat ops execute` */
export default command(async (args: ExecuteArguments, hre: HardhatRuntimeEnvironment) => {
  await atDesk(args, hre, async (desk) => {
    const outcome = await execute(desk, args.step);
    if (args.json) console.log(JSON.stringify(outcome, null, 2));
  });
});

/** What came of an execution. */
export interface Executed {
  readonly carriedOut: readonly CarriedOut[];
  /** How the suite was found, if the operation came to an end. */
  readonly verified?: Verified;
  /** What is left, and from when on it can be carried out, in Unix seconds. */
  readonly next?: { readonly step: string; readonly from: number; readonly command: string };
}

/**
 * Carries out what is due of an operation: its next steps, or one that was kept ready. After the last one, verifies.
 *
 * @throws {@link Fault} if nothing is due, or anything is in the way. Nothing was sent then.
 */
export async function execute(desk: Desk, only?: string): Promise<Executed> {
  const { suite, opened, signer, service, tell } = desk;
  const { Execution } = await import("../lib/operations/execution.js");
  const execution = new Execution(suite, opened, {
    ...(signer && { signer }),
    ...(service && { service }),
    tell: (sentence) => tell(`  ${sentence}`),
  });
  const done = await execution.record();
  const [first] = only === undefined ? done.left : [opened.step(only)];
  if (first === undefined || first.id in done.times) return await conclude(desk, done.carriedOut, first);
  const carriedOut: CarriedOut[] = [];
  for (let step: Step | undefined = first; step !== undefined;) {
    await execution.require(step);
    await requireGateForSteps(suite, [step]);
    if (!mayWrite("ops execute")) {
      tell(`Dry run: ${step.id} would be carried out now: ${step.title}. Nothing was sent.`);
      return { carriedOut };
    }
    if (!desk.yes) await askFor(desk, step);
    tell(
      `Carrying out ${step.id}: ${step.title}. Ctrl-C is safe: the same command goes on, and nothing is sent twice.`,
    );
    const line = await execution.carryOut(step);
    carriedOut.push(line);
    for (const told of formatCarriedOut(line)) tell(told);
    if (line.surprises?.length) {
      process.exitCode = 1;
      return { carriedOut };
    }
    const { left, times } = await execution.record();
    const next: Step | undefined = left[0];
    if (step.branch === "ready" || next === undefined) break;
    const { from } = await dueOf(next, times);
    if (from > (await suite.connection.ethers.provider.getBlock("latest"))!.timestamp) {
      const command = nextCommand(desk, "execute", `--signer ${signer?.kind ?? "<who sends it>"}`);
      tell(`Next: ${next.title}, from ${formatTime(from)} on: ${command}`);
      return { carriedOut, next: { step: next.id, from, command } };
    }
    step = next;
  }
  return { carriedOut, verified: await verifyNow(desk) };
}

/** Where everything is done, what is left is to look at it, and that once. */
async function conclude(desk: Desk, carriedOut: readonly CarriedOut[], step?: Step): Promise<Executed> {
  const { outcomesOf } = await import("../lib/operations/outcomes.js");
  desk.tell(`${step === undefined ? "Everything" : step.id} of ${nameOf(desk)} was carried out already:`);
  for (const line of carriedOut) for (const told of formatCarriedOut(line)) desk.tell(told);
  const lines = await outcomesOf(desk.opened).read();
  return lines.at(-1)?.kind === "verified" ? { carriedOut } : { carriedOut, verified: await verifyNow(desk) };
}

async function verifyNow(desk: Desk): Promise<Verified> {
  const { verify } = await import("../lib/operations/verification.js");
  desk.tell("Verifying …");
  const verified = await verify(desk.suite, desk.opened);
  desk.tell(formatVerified(verified));
  if (!verified.passed) process.exitCode = 1;
  return verified;
}

async function dueOf(step: Step, times: Readonly<Record<string, number>>) {
  const { dueTimes } = await import("../lib/operations/execution.js");
  return dueTimes(step, times);
}

async function askFor(desk: Desk, step: Step): Promise<void> {
  const { networkName } = desk.suite.connection;
  await confirm(formatQuestion(desk.opened.manifest, step, networkName), nameOf(desk));
}

/** What a person is asked to confirm: what the step does, from its bytes, and of which manifest it is. */
export function formatQuestion(manifest: Manifest, step: Step, networkName: string): string {
  const who = manifest.names[step.account];
  return [
    `${step.id}: ${step.title}`,
    `  by ${who === undefined ? step.account : `${who} (${step.account})`}, nonce ${step.nonce}, on ${networkName} (chain ${manifest.chainId})`,
    ...formatCalled(step),
    `  Digest ${manifest.digest}`,
  ].join("\n");
}

const formatCarriedOut = ({ step, hash, block, time, by, surprises }: CarriedOut): string[] => [
  `  ${step} carried out by ${hash} in block ${block}, ${formatTime(time)}, sent by ${by}.`,
  ...(surprises === null
    ? ["  This node cannot trace, so what it changed was not compared with the manifest."]
    : surprises.length === 0
      ? ["  It changed what the manifest foretold and nothing else."]
      : [
          "  It did NOT change what the manifest foretold:",
          ...surprises.map((surprise) => `    ${surprise}`),
        ]),
];
