import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import type { Rehearsal } from "../lib/operations/rehearsal.js";
import { requireDigest } from "./desk.js";
import { formatContent } from "./signing-page.js";
import { openSuite } from "./suite.js";

interface RehearseArguments {
  operation?: string;
  digest?: string;
  parameters?: string;
  json?: boolean;
}

/** `npx hardhat ops rehearse` */
export default command(
  async ({ operation, digest, parameters, json }: RehearseArguments, hre: HardhatRuntimeEnvironment) => {
    const suite = await openSuite(hre, parameters);
    const { findOperation } = await import("../lib/operations/folder.js");
    const { openManifest } = await import("../lib/operations/open.js");
    const { rehearse } = await import("../lib/operations/rehearse.js");
    const { path: folder } = await findOperation(suite.record.chainId, operation);
    const opened = await openManifest(folder, suite.record);
    requireDigest(opened, digest);
    const tell = json ? undefined : (sentence: string) => console.log(`${sentence} …`);
    if (!json) console.log(formatContent(opened.manifest));
    const rehearsal = await rehearse(suite, opened, { ...(tell && { tell }) });
    console.log(json ? JSON.stringify(rehearsal, null, 2) : formatRehearsal(rehearsal));
    if (!rehearsal.passed) process.exitCode = 1;
  },
);

/** What came of a rehearsal, for a person. */
export function formatRehearsal({ branches, payments, forkedAt, passed }: Rehearsal): string {
  return [
    `Rehearsed on a fork of block ${forkedAt.block}; ${payments}.`,
    ...branches.flatMap(({ name, problems }) => [
      `  ${problems.length === 0 ? "as foretold" : "NOT as foretold"}: ${name}`,
      ...problems.map((problem) => `    ${problem.replaceAll("\n", "\n    ")}`),
    ]),
    passed ? "All went as foretold." : "Nothing of this should be signed.",
  ].join("\n");
}
