import { readFile, writeFile } from "node:fs/promises";

import { format } from "prettier";

import { compareLayouts, readLayouts, type ContractLayout } from "../deploy/storage-layout.js";

/*
 * npm run layouts: writes where each contract keeps what to deploy/layouts/. Refuses to change what is there already:
 * exits 1 and names it, for a proxy in use would read another variable's bytes.
 */

const fileOf = (contract: string) => new URL(`../deploy/layouts/${contract}.json`, import.meta.url);

async function readCommitted(contract: string): Promise<ContractLayout | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(contract), "utf8")) as ContractLayout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function write(layout: ContractLayout): Promise<void> {
  await writeFile(
    fileOf(layout.contract),
    await format(JSON.stringify(layout), { parser: "json", printWidth: 110 }),
  );
}

for (const layout of await readLayouts()) {
  const committed = await readCommitted(layout.contract);
  const differences = committed === undefined ? [] : compareLayouts(committed, layout);
  const changed = differences.filter(({ kind }) => kind === "changed");
  for (const { sentence } of changed.length > 0 ? changed : differences) console.log(sentence);
  if (changed.length > 0) {
    console.error(
      `deploy/layouts/${layout.contract}.json is left as it was: append instead. If no chain has that layout, delete the file and run this again.`,
    );
    process.exitCode = 1;
  } else if (committed === undefined || differences.length > 0) {
    await write(layout);
    console.log(`Wrote deploy/layouts/${layout.contract}.json.`);
  }
}
