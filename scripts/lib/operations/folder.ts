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

/** Longer numbers are nobody's: what comes after them could not be told apart any more. */
const FOLDER = /^(\d{1,9})-(.+)$/;

/** All operations on a chain, oldest first. */
export async function listOperations(
  chainId: number,
  directory = operationsFolder(chainId),
): Promise<OperationFolder[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .map((folder) => ({ folder, parts: FOLDER.exec(folder) }))
    .filter(({ parts }) => parts !== null)
    .map(({ folder, parts }) => ({
      number: Number(parts![1]),
      name: parts![2]!,
      path: path.join(directory, folder),
    }))
    .sort((one, other) => one.number - other.number);
}

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
  const matches = all.filter(
    ({ number, name, path: folder }) =>
      given === undefined ||
      [String(number), name, path.basename(folder)].includes(given) ||
      path.resolve(given) === folder,
  );
  const found = matches.at(-1);
  if (found === undefined) {
    throw new Fault(
      given === undefined
        ? `There is no operation on chain ${chainId} yet; plan one: ${toType("ops plan")}`
        : `There is no operation ${given} on chain ${chainId}:`,
      { details: all.map(({ path: folder }) => path.basename(folder)) },
    );
  }
  if (given !== undefined && matches.length > 1) {
    throw new Fault(`Several operations are called ${given}; give the number:`, {
      details: matches.map(({ path: folder }) => path.basename(folder)),
    });
  }
  return found;
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
