import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { writeIndexerAbis } from "../../scripts/lib/indexer-abis.js";

/** The next version of the indexer. */
export interface NextVersion {
  /** Where its Ponder app is. */
  root: string;
  dispose(): Promise<void>;
}

const project = fileURLToPath(new URL("../../", import.meta.url));
const isOurs = (path: string) => !/[/\\](\.ponder|node_modules)([/\\]|$)/.test(path);

/**
 * A copy of the indexer that also knows an event which a new version of the escrow emits: it is in the ABI, and a handler
 * of its own takes it into the timeline of administration.
 */
export async function nextVersion(event: {
  name: string;
  fragment: object;
  actor: string;
}): Promise<NextVersion> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-next-"));
  await writeIndexerAbis();
  for (const part of ["indexer", "deploy", "package.json"]) {
    await cp(join(project, part), join(directory, part), { recursive: true, filter: isOurs });
  }
  await symlink(join(project, "node_modules"), join(directory, "node_modules"));

  const abis = join(directory, "indexer/generated/abis.ts");
  const text = await readFile(abis, "utf8");
  const known = "export const escrowAbi = [";
  if (!text.includes(known)) throw new Error(`${abis} has no "${known}".`);
  await writeFile(abis, text.replace(known, `${known}\n${JSON.stringify(event.fragment)},`));
  await writeFile(
    join(directory, "indexer/src/next.ts"),
    `import { ponder } from "ponder:registry";
import { addAdminEvent } from "./store/adminEvents.js";
ponder.on("Escrow:${event.name}", ({ event, context }) =>
  addAdminEvent(context, event, "${event.name}", event.args.${event.actor}));
`,
  );
  return { root: join(directory, "indexer"), dispose: () => rm(directory, { recursive: true, force: true }) };
}
