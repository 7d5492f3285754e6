import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { mayWrite } from "../lib/mode.js";
import { atDesk, type Desk, type DeskArguments } from "./desk.js";

interface ExportArguments extends DeskArguments {
  readonly step?: string;
}

/** `npx hardhat ops export` */
export default command(async (args: ExportArguments, hre: HardhatRuntimeEnvironment) => {
  await atDesk(args, hre, async (desk) => {
    const files = await exportBatches(desk, args.step);
    console.log(args.json ? JSON.stringify(files, null, 2) : files.map(({ file }) => file).join("\n"));
  });
});

/** Writes each step of a Safe as a batch for the Safe app, beside the manifest. */
async function exportBatches({ opened, suite }: Desk, only?: string) {
  const { transactionBuilderBatch } = await import("../lib/safe/builder.js");
  const { findProgress } = await import("../lib/operations/progress.js");
  const { requireSignable } = await import("../lib/operations/signable.js");
  const { operation, steps } = opened.manifest;
  const progress = await findProgress(suite.connection.ethers.provider, opened);
  const chosen = (only === undefined ? steps : [opened.step(only)]).filter(
    ({ id }) => !(id in progress.times),
  );
  if (chosen.length === 0) throw new Fault("All of this was carried out; nothing is left to sign.");
  // Whoever imports the file signs it: it must be what may be signed.
  await requireSignable(suite, opened, progress);
  const ofSafes = chosen.filter(({ id }) => opened.accountOf(id).kind === "safe");
  if (ofSafes.length === 0)
    throw new Fault("Nothing of this is a Safe's transaction; there is nothing for its Transaction Builder.");
  const folder = path.join(opened.folder, "transaction-builder");
  const isReal = mayWrite("ops export");
  if (isReal) await mkdir(folder, { recursive: true });
  const files: { step: string; file: string }[] = [];
  for (const { id, title } of ofSafes) {
    const batch = transactionBuilderBatch(opened.safeTransaction(id), {
      name: `${operation.name}: ${id}`,
      description: `${title}. ${operation.reason}`,
      createdAt: opened.manifest.plannedAt.time * 1000,
    });
    const file = path.join(folder, `${id}.json`);
    if (isReal) await writeFile(file, `${JSON.stringify(batch, null, 2)}\n`);
    files.push({ step: id, file: path.relative(process.cwd(), file) });
  }
  return files;
}
