import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import hre from "hardhat";

import { Fault } from "../../../deploy/fault.js";
import { keepImplementation } from "../../../deploy/implementations.js";
import { mayWrite } from "../mode.js";
import type { Manifest } from "./manifest.js";
import { MANIFEST_FILE, PAGE_FILE } from "./open.js";
import { formatPage } from "./page.js";
import { toType } from "./to-type.js";

/** Where the operations on a chain are kept, one folder each, never changed and never deleted. */
export const operationsFolder = (chainId: number) =>
  path.join(hre.config.paths.ignition, "operations", String(chainId));

/** An operation's folder. */
export interface OperationFolder {
  /** Counts from 1. */
  readonly number: number;
  readonly name: string;
  readonly path: string;
}

/**
 * One way to write a number: `01-x` would be a second operation 1. Longer numbers are nobody's: what comes after them could
 * not be told apart any more.
 */
const FOLDER = /^([1-9]\d{0,8})-(.+)$/;
/** What somebody may take for an operation's folder. */
const LIKE_A_FOLDER = /^(\d+)-(.*)$/;

/** All operations on a chain, oldest first. */
export async function listOperations(
  chainId: number,
  directory = operationsFolder(chainId),
): Promise<OperationFolder[]> {
  return (await namesIn(directory))
    .map((folder) => ({ folder, parts: FOLDER.exec(folder) }))
    .filter(({ parts }) => parts !== null)
    .map(({ folder, parts }) => ({
      number: Number(parts![1]),
      name: parts![2]!,
      path: path.join(directory, folder),
    }))
    .sort((one, other) => one.number - other.number);
}

/** What lies among the operations and is named like one, but not as any is: nothing in it counts, which should be known. */
export async function listMisnamed(
  chainId: number,
  directory = operationsFolder(chainId),
): Promise<OperationFolder[]> {
  return (await namesIn(directory))
    .filter((folder) => LIKE_A_FOLDER.test(folder) && !FOLDER.test(folder))
    .map((folder) => {
      const [, number, name] = LIKE_A_FOLDER.exec(folder)!;
      return { number: Number(number), name: name!, path: path.join(directory, folder) };
    });
}

const namesIn = async (directory: string): Promise<string[]> =>
  await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });

/**
 * Finds an operation by its number, its name or its path.
 *
 * @param given The latest one if left out.
 * @throws {@link Fault} that lists what there is.
 */
export async function findOperation(
  chainId: number,
  given: string | undefined,
  directory = operationsFolder(chainId),
): Promise<OperationFolder> {
  const all = await listOperations(chainId, directory);
  const matches = given === undefined ? all : named(all, given);
  const found = matches.at(-1);
  if (found === undefined) {
    throw new Fault(
      given === undefined
        ? `There is no operation on chain ${chainId} yet; plan one: ${toType("ops plan")}`
        : /^0\d*(-|$)/.test(given)
          ? `There is no operation ${given}: they are counted from 1, without zeros in front. On chain ${chainId} there are:`
          : `There is no operation ${given} on chain ${chainId}:`,
      { details: all.map(({ path: folder }) => path.basename(folder)) },
    );
  }
  if (given !== undefined && matches.length > 1) {
    throw new Fault(`Several operations are called ${given}; say which one:`, {
      details: matches.map(({ path: folder }) => path.basename(folder)),
    });
  }
  return found;
}

/** A number is that of an operation before it is anybody's name, and the name of a folder before it is part of another's. */
function named(all: readonly OperationFolder[], given: string): readonly OperationFolder[] {
  const ways: ((operation: OperationFolder) => boolean)[] = [
    ({ path: folder }) => path.resolve(given) === folder,
    ({ path: folder }) => path.basename(folder) === given,
    ({ number }) => String(number) === given,
    ({ name }) => name === given,
  ];
  for (const is of ways) {
    const matches = all.filter(is);
    if (matches.length > 0) return matches;
  }
  return [];
}

/**
 * Writes a new operation, see {@link writeOperation}. In a dry run to a folder of the system's that goes when the process
 * ends, and with it the number.
 */
export async function planFolder(manifest: Manifest): Promise<OperationFolder> {
  if (mayWrite("a plan")) return await writeOperation(manifest);
  const directory = await mkdtemp(path.join(tmpdir(), "holdfast-dry-run-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return await writeFolder(manifest, directory);
}

/** Writes a new operation: its manifest, the page for people, and the layout of the code that it puts in place. */
export async function writeOperation(
  manifest: Manifest,
  directory = operationsFolder(manifest.chainId),
): Promise<OperationFolder> {
  const written = await writeFolder(manifest, directory);
  // What a rollback puts back is kept since it was put there.
  const upgraded = manifest.operation.verb === "upgrade" ? manifest.proxies : [];
  for (const { before, after } of upgraded) {
    if (before.codehash !== after.codehash)
      await keepImplementation(manifest.chainId, after.contract, after.codehash);
  }
  return written;
}

async function writeFolder(manifest: Manifest, directory: string): Promise<OperationFolder> {
  const number = ((await listOperations(manifest.chainId, directory)).at(-1)?.number ?? 0) + 1;
  const { name } = manifest.operation;
  const folder = path.join(directory, `${number}-${name}`);
  if (!FOLDER.test(path.basename(folder)))
    throw new Fault(
      `There is no number left after those in ${directory}; move away what nobody planned there.`,
    );
  await mkdir(directory, { recursive: true });
  // Not recursive: whoever plans at the same moment gets the next number, or an error, but never this folder.
  await mkdir(folder);
  await writeFile(path.join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { flag: "wx" });
  await writeFile(path.join(folder, PAGE_FILE), formatPage(manifest), { flag: "wx" });
  return { number, name, path: folder };
}
