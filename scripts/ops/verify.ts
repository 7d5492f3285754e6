import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import type { Verified } from "../lib/operations/outcomes.js";
import { formatTime } from "../lib/operations/units.js";
import { secondOpinion } from "./second.js";
import { atDesk, type DeskArguments } from "./desk.js";

/** `npx hardhat ops verify` */
export default command(
  async (args: DeskArguments & { readonly secondRpc?: string }, hre: HardhatRuntimeEnvironment) => {
    await atDesk(args, hre, async ({ suite, opened }) => {
      const { verify } = await import("../lib/operations/verification.js");
      const disagreements = await secondOpinion(suite, args.secondRpc);
      const verified = await verify(suite, opened);
      const found = args.secondRpc === undefined ? verified : withSecond(verified, disagreements);
      console.log(args.json ? JSON.stringify({ ...found, disagreements }, null, 2) : formatVerified(found));
      if (!found.passed) process.exitCode = 1;
    });
  },
);

/** What one endpoint says is as it should be only if the other one says so, too. */
const withSecond = (verified: Verified, problems: readonly string[]): Verified => ({
  ...verified,
  checks: [...verified.checks, { name: "second RPC", problems: [...problems] }],
  passed: verified.passed && problems.length === 0,
});

/** How the suite was found, for a person. */
export const formatVerified = ({ block, time, checks, remarks, passed }: Verified): string =>
  [
    `Verified at block ${block} of ${formatTime(time)}:`,
    ...checks.flatMap(({ name, problems }) => [
      `  ${problems.length === 0 ? "good" : "NOT good"}: ${name}`,
      ...problems.map((problem) => `    ${problem.replaceAll("\n", "\n    ")}`),
    ]),
    ...remarks.map((remark) => `  to know: ${remark}`),
    passed ? "All is as it should be." : "Something is not as it should be.",
  ].join("\n");
