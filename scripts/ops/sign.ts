import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { mayWrite } from "../lib/mode.js";
import { required } from "./arguments.js";
import { atDesk, nameOf, nextCommand, type Desk, type DeskArguments } from "./desk.js";
import { SIGNER_KINDS } from "./signing.js";

interface SignArguments extends DeskArguments {
  readonly step?: string;
  readonly propose?: boolean;
}

/** `npx hardhat ops sign` */
export default command(async (args: SignArguments, hre: HardhatRuntimeEnvironment) => {
  required(args.signer, "--signer", `who signs (${SIGNER_KINDS.join(", ")})`, "--signer ledger");
  if (args.propose && args.safeService === undefined)
    throw new Fault("Say with --safe-service to which transaction service to propose it.");
  await atDesk(args, hre, async (desk) => {
    const outcome = await sign(desk, { step: args.step, propose: args.propose === true });
    if (args.json) console.log(JSON.stringify(outcome, null, 2));
    else desk.tell(formatNext(desk, outcome.steps));
  });
});

/** What there is of a step's signatures. */
export interface SignedStep {
  readonly step: string;
  /** Signatures of owners, or of the one key, that there are and that it takes. */
  readonly signed: number;
  readonly needed: number;
  /** What is there and does not count, with the reason. */
  readonly refused: readonly { readonly source: string; readonly why: string }[];
}

/**
 * Lets the signer sign everything of an operation that it may and has not yet, one after the other: each is kept as soon
 * as it is signed.
 *
 * @throws {@link Fault} unless the very manifest was rehearsed, all went as foretold, and nothing moved since.
 */
export async function sign(desk: Desk, { step: only, propose }: { step?: string; propose: boolean }) {
  const { opened, suite, service, tell } = desk;
  const signer = desk.signer!;
  const { requireSignable } = await import("../lib/operations/signable.js");
  const { findProgress } = await import("../lib/operations/progress.js");
  const { requireSignerOf, wantedOf } = await import("../lib/operations/ceremony.js");
  const { exchange } = await import("../lib/operations/exchange.js");
  const { formatWanted } = await import("./signing-page.js");
  requireSignerOf(opened, signer.address);
  const progress = await findProgress(suite.connection.ethers.provider, opened);
  await requireSignable(suite, opened, progress);
  const steps = opened.manifest.steps.filter(({ id }) => !(id in progress.times) && (only ?? id) === id);
  const isReal = mayWrite("ops sign");
  if (service && isReal) await exchange(opened, steps, service, { propose: false, tell });
  const wanted = await wantedOf(opened, signer.address, progress, only);
  if (wanted.length === 0) tell(`${signer.address} has nothing left to sign here.`);
  else
    tell(`Signing operation ${nameOf(desk)}, digest ${opened.digest}. Do the others have the same digest?`);
  const files: string[] = [];
  for (const [i, one] of wanted.entries()) {
    tell(formatWanted(opened.manifest, one, signer, `${i + 1} of ${wanted.length}`));
    if (!isReal) {
      tell("  Dry run: nothing was signed.");
      continue;
    }
    const file = await one.obtain(signer);
    files.push(path.relative(process.cwd(), file));
    tell(`  Signed, and kept as ${files.at(-1)}.`);
  }
  if (service && isReal) await exchange(opened, steps, service, { propose, tell });
  return { signer: signer.address, files, steps: await countSignatures(desk, steps) };
}

/** How many signatures each step has and needs. */
export async function countSignatures(
  { suite, opened }: Pick<Desk, "suite" | "opened">,
  steps: Desk["opened"]["manifest"]["steps"],
): Promise<SignedStep[]> {
  const { collectFor } = await import("../lib/operations/consents.js");
  const { readRaw } = await import("../lib/operations/raw.js");
  const counts: SignedStep[] = [];
  for (const { id, branch } of steps) {
    if (opened.accountOf(id).kind === "safe") {
      const { signatures, tree, refused } = await collectFor(suite.connection.ethers.provider, opened, id);
      counts.push({ step: id, signed: signatures.length, needed: tree.state.threshold, refused });
    } else if (branch === "ready") {
      const signed = (await readRaw(opened, id)) === undefined ? 0 : 1;
      counts.push({ step: id, signed, needed: 1, refused: [] });
    } else {
      // Signed when it is executed, by the account itself.
      counts.push({ step: id, signed: 0, needed: 0, refused: [] });
    }
  }
  return counts;
}

/** How many more signatures each step needs, and what to type when none is missing. */
export function formatNext(desk: Desk, steps: readonly SignedStep[]): string {
  const isComplete = steps.every(({ signed, needed }) => signed >= needed);
  return [
    ...formatCounts(steps),
    isComplete
      ? `Nothing is missing. Next: ${nextCommand(desk, "execute", "--signer <who sends it>")}`
      : `The others sign with: ${nextCommand(desk, "sign", "--signer <theirs>")}`,
  ].join("\n");
}

export const formatCounts = (steps: readonly SignedStep[]): string[] =>
  steps.flatMap(({ step, signed, needed, refused }) => {
    const missing = needed - signed;
    const state =
      needed === 0
        ? "signed when it is executed, with the fees of the day"
        : `${signed} of ${needed} signatures${missing > 0 ? `, ${missing} more needed` : ""}`;
    return [
      `  ${step.padEnd(10)} ${state}`,
      ...refused.map(({ source, why }) => `    ${source} does not count: ${why.replaceAll("\n", " ")}`),
    ];
  });
