import { writeFile } from "node:fs/promises";
import path from "node:path";

import type { Provider } from "ethers";
import { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";
import { readRegular } from "../regular-file.js";
import { faultsIn } from "../safe/fields.js";
import { nonceOf } from "./accounts.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import type { Times } from "./timed.js";
import { operationIn, toType } from "./to-type.js";

export const REHEARSAL_FILE = "rehearsal.json";

/** How a step was carried out on the fork. */
export const MANNERS = ["as signed", "approved on the fork", "impersonated"] as const;
export type Manner = (typeof MANNERS)[number];

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/);
const schema = z.strictObject({
  format: z.literal("holdfast-rehearsal/1"),
  manifest: bytes32,
  /** The block of the chain that it was rehearsed on. */
  forkedAt: z.strictObject({ block: z.int().nonnegative(), hash: bytes32, time: z.int() }),
  payments: z.string(),
  branches: z.array(
    z.strictObject({
      name: z.string(),
      steps: z.array(
        z.strictObject({ step: z.string(), manner: z.enum(MANNERS), changes: z.int().nonnegative() }),
      ),
      /** What went otherwise than foretold; whole sentences. */
      problems: z.array(z.string()),
    }),
  ),
  passed: z.boolean(),
});

/** What came of a rehearsal. */
export type Rehearsal = z.infer<typeof schema>;
export type Branch = Rehearsal["branches"][number];

export async function writeRehearsal({ folder }: OpenManifest, rehearsal: Rehearsal): Promise<string> {
  const file = path.join(folder, REHEARSAL_FILE);
  await writeFile(file, `${JSON.stringify(rehearsal, null, 2)}\n`);
  return file;
}

/**
 * Reads the last rehearsal of an operation.
 *
 * @returns Nothing if it was never rehearsed.
 * @throws {@link Fault} if the file is damaged, or of another manifest.
 */
export async function readRehearsal({ folder, digest }: OpenManifest): Promise<Rehearsal | undefined> {
  const file = path.join(folder, REHEARSAL_FILE);
  let written: unknown;
  try {
    written = JSON.parse(await readRegular(file));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Fault(`The rehearsal ${file} cannot be read; rehearse again.`, { cause });
  }
  const { success, data, error } = schema.safeParse(written);
  if (!success) throw new Fault(`The rehearsal ${file} is malformed (${faultsIn(error)}); rehearse again.`);
  if (data.manifest !== digest) {
    throw new Fault(`The rehearsal ${file} is of another manifest, ${data.manifest}; rehearse again.`);
  }
  return data;
}

/** Where an operation stands that a rehearsal is asked of. */
export interface Standing {
  readonly provider: Provider;
  /** When each step was carried out, that was. */
  readonly times: Times;
  /**
   * A step that was kept ready and is needed now: it is enough that it was played, also if the chain has replaced the
   * block since.
   */
  readonly urgent?: Step;
}

/**
 * The file is believed only as far as it goes: what it says of all is worked out from what it says of each step.
 *
 * @throws {@link Fault} unless the manifest was rehearsed on this chain, every step of it that is left, and all went as
 * foretold.
 */
export async function requireRehearsed(opened: OpenManifest, standing: Standing): Promise<Rehearsal> {
  const rehearsal = await readRehearsal(opened);
  if (rehearsal === undefined) {
    throw new Fault(`The operation was not rehearsed yet: ${toType("ops rehearse", operationIn(opened))}`);
  }
  const problems = problemsOf(rehearsal);
  if (rehearsal.passed !== (problems.length === 0))
    throw new Fault("The rehearsal contradicts itself about whether it passed; rehearse again.");
  if (!rehearsal.passed) throw new Fault("The rehearsal did not go as foretold:", { details: problems });
  const missed = await findMissed(opened, rehearsal, standing);
  if (missed.length > 0) throw new Fault(`The rehearsal did not play ${missed.join(", ")}; rehearse again.`);
  if (standing.urgent === undefined) await requireOnChain(rehearsal, standing.provider);
  return rehearsal;
}

/**
 * What a rehearsal should have played. A rung whose nonce is used up by then cannot be played, nor carried out: by others, or
 * by the main branch of the same account, which comes later after an attempt in vain.
 */
async function findMissed(
  opened: OpenManifest,
  { branches }: Rehearsal,
  { provider, times, urgent }: Standing,
): Promise<string[]> {
  const played = new Set(branches.flatMap(({ steps }) => steps.map(({ step }) => step)));
  const main = opened.manifest.steps.filter(({ branch }) => branch === "main");
  // Those before the last one that was carried out must have been, too, also where nobody has looked for them.
  const left = main.slice(main.findLastIndex(({ id }) => id in times) + 1);
  const missed: string[] = [];
  for (const step of urgent === undefined ? opened.manifest.steps : [urgent]) {
    if (played.has(step.id) || step.id in times) continue;
    const before = left.filter(({ account }) => account === step.account);
    const isUsed =
      step.branch === "ready" &&
      (await nonceOf(provider, opened.accountOf(step.id))) + before.length > step.nonce;
    if (!isUsed) missed.push(step.id);
  }
  if (urgent !== undefined) return missed;
  const paths = branches.map(({ steps }) => steps.map(({ step }) => step).join(ARROW));
  const isPlayed = (path: string) =>
    paths.some((other) => other === path || other.endsWith(`${ARROW}${path}`));
  const ladder = opened.manifest.steps.filter(({ id }) => played.has(id));
  const rescues = ladder.flatMap((step) =>
    afterPause(step, ladder).map(({ id }) => `${step.id}${ARROW}${id}`),
  );
  return [...missed, ...rescues.filter((path) => !isPlayed(path))];
}

/** Between the steps of a path. */
export const ARROW = " → ";

/** What is played after a pause that was kept ready: the rollback whose nonce comes next, if there is one. */
export const afterPause = ({ id, branch, nonce, account }: Step, steps: readonly Step[]): Step[] =>
  branch === "ready" && id.startsWith("pause")
    ? steps.filter(
        (other) => other.id.startsWith("rollback") && other.nonce === nonce + 1 && other.account === account,
      )
    : [];

async function requireOnChain({ forkedAt: { block, hash } }: Rehearsal, provider: Provider): Promise<void> {
  if ((await provider.getBlock(block))?.hash === hash) return;
  throw new Fault(`Block ${block}, on which it was rehearsed, is not on this chain; rehearse again.`);
}

/** What went otherwise than foretold, with the branch in which it did. */
export const problemsOf = ({ branches }: Rehearsal) =>
  branches.flatMap(({ name, problems }) =>
    problems.map((problem) => `${name}: ${problem.replaceAll("\n", " ")}`),
  );
