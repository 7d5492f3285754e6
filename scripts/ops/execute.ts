import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { ask } from "../lib/ask.js";
import { command } from "../lib/command.js";
import { mayWrite } from "../lib/mode.js";
import type { Manifest, Step } from "../lib/operations/manifest.js";
import type { CarriedOut, Verified } from "../lib/operations/outcomes.js";
import { formatTime } from "../lib/operations/units.js";
import { confirm } from "./confirm.js";
import { atDesk, nameOf, nextCommand, sameSigner, type Desk, type DeskArguments } from "./desk.js";
import { formatCalled } from "./signing-page.js";
import { formatVerified } from "./verify.js";

interface ExecuteArguments extends DeskArguments {
  readonly step?: string;
  readonly withoutRollback?: boolean;
}

/** `npx hardhat ops execute` */
export default command(async (args: ExecuteArguments, hre: HardhatRuntimeEnvironment) => {
  // Whether anybody has to read the page is known once the step is.
  const opening = { isRead: args.step === undefined };
  const work = async (desk: Desk) => {
    const outcome = await execute(desk, args.step, { withoutRollback: args.withoutRollback === true });
    if (args.json) console.log(JSON.stringify(outcome, null, 2));
  };
  await atDesk(args, hre, work, opening);
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
 * @param goOn What to type to go on with it, if not the same again.
 * @throws {@link Fault} if nothing is due, or anything is in the way. Nothing was sent then.
 */
export async function execute(
  desk: Desk,
  only?: string,
  { withoutRollback = false, goOn = "the same command" } = {},
): Promise<Executed> {
  const { suite, opened, signer, service, logs, tell } = desk;
  const { Execution } = await import("../lib/operations/execution.js");
  const { requirePage } = await import("../lib/operations/open.js");
  const execution = new Execution(suite, opened, {
    ...(signer && { signer }),
    ...(service && { service }),
    ...(logs && { logs }),
    withoutRollback,
    tell: (sentence) => tell(`  ${sentence}`),
    // Also with --yes: nobody has said yes to this.
    ask: async (question) => (await ask(`${question}\nType again to ask it again: `)) === "again",
  });
  const isUrgent = only !== undefined && (await execution.isSignedBeforehand(opened.step(only)));
  if (only !== undefined && !isUrgent) await requirePage(opened);
  const done = await execution.record({ isUrgent });
  const [first] = only === undefined ? done.left : [opened.step(only)];
  if (first === undefined || first.id in done.times)
    return await conclude(desk, done.carriedOut, { step: first, isUrgent });
  const carriedOut: CarriedOut[] = [];
  for (let step: Step | undefined = first; step !== undefined;) {
    await execution.require(step);
    if (!mayWrite("ops execute")) {
      tell(`Dry run: ${step.id} would be carried out now: ${step.title}. Nothing was sent.`);
      return { carriedOut };
    }
    if (!desk.yes) await askFor(desk, step);
    tell(
      `Carrying out ${step.id}: ${step.title}. Ctrl-C is safe: ${goOn} goes on, and nothing is sent twice.`,
    );
    const line = await execution.carryOut(step);
    carriedOut.push(line);
    for (const told of formatCarriedOut(line)) tell(told);
    if (line.surprises?.length) {
      process.exitCode = 1;
      return { carriedOut };
    }
    if (step.branch === "ready") break;
    const { left, times } = await execution.record();
    const next: Step | undefined = left[0];
    if (next === undefined) break;
    const { from } = await dueOf(next, times);
    if (from > (await suite.connection.ethers.provider.getBlock("latest"))!.timestamp) {
      const command = nextCommand(desk, "execute", sameSigner(desk, "<who sends it>"));
      tell(`Next: ${next.title}, from ${formatTime(from)} on: ${command}`);
      return { carriedOut, next: { step: next.id, from, command } };
    }
    step = next;
  }
  return { carriedOut, ...(await verifyIfPossible(desk, carriedOut, isUrgent)) };
}

/** Where everything is done, what is left is to look at it, and that once. */
async function conclude(
  desk: Desk,
  carriedOut: readonly CarriedOut[],
  { step, isUrgent }: { readonly step: Step | undefined; readonly isUrgent: boolean },
): Promise<Executed> {
  desk.tell(`${step === undefined ? "Everything" : step.id} of ${nameOf(desk)} was carried out already:`);
  for (const line of carriedOut) for (const told of formatCarriedOut(line)) desk.tell(told);
  const isVerified = await wasVerified(desk).catch((error: unknown) => {
    if (isUrgent) return false;
    throw error;
  });
  return { carriedOut, ...(isVerified ? {} : await verifyIfPossible(desk, carriedOut, isUrgent)) };
}

/** The last word counts, if it was good and is of all that was carried out: anybody can add a line, or did so early. */
async function wasVerified({ opened }: Desk): Promise<boolean> {
  const { outcomesOf } = await import("../lib/operations/outcomes.js");
  const lines = await outcomesOf(opened).read();
  const last = lines.at(-1);
  if (last?.kind !== "verified" || !last.passed) return false;
  return lines.every(({ kind, block }) => kind !== "carried out" || block <= last.block);
}

/** What was urgent was done, also if nobody can tell how it left the suite. */
async function verifyIfPossible(
  desk: Desk,
  carriedOut: readonly CarriedOut[],
  isUrgent: boolean,
): Promise<Pick<Executed, "verified">> {
  if (!isUrgent) return { verified: await verifyNow(desk, carriedOut) };
  try {
    return { verified: await verifyNow(desk, carriedOut, isUrgent) };
  } catch (error) {
    const { messageOf } = await import("../lib/operations/endpoint.js");
    const why = error instanceof Fault ? error.message : messageOf(error);
    desk.tell(`It was carried out, and could not be verified: ${why}`);
    process.exitCode = 1;
    return {};
  } finally {
    // The latest operation, which it would be about by itself, is often another one.
    desk.tell(`To look again: ${nextCommand(desk, "verify")}`);
  }
}

/** @param mined What was carried out, which is not looked for once more. */
async function verifyNow(desk: Desk, mined: readonly CarriedOut[], isUrgent = false): Promise<Verified> {
  const { verify } = await import("../lib/operations/verification.js");
  desk.tell("Verifying …");
  const verified = await verify(desk.suite, desk.opened, {
    ...{ isUrgent, mined, tell: desk.tell },
    ...(desk.logs && { logs: desk.logs }),
  });
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
    ? ["  What it changed was not compared with the manifest: this node cannot trace, or a file is missing."]
    : surprises.length === 0
      ? ["  It changed what the manifest foretold and nothing else."]
      : [
          "  It did NOT change what the manifest foretold:",
          ...surprises.map((surprise) => `    ${surprise}`),
        ]),
];
