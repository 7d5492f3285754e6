import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { judge, type Verdict } from "../lib/gate/judge.js";
import { samplesOf, type Sample } from "../lib/gate/samples.js";
import { lookAround, type Surroundings } from "../triage/scene.js";

/** `npx hardhat gate` */
export default command(async ({ json }: { json?: boolean }, hre: HardhatRuntimeEnvironment) => {
  const around = await lookAround(hre, {});
  const { chainId } = around;
  const file = samplesOf(chainId);
  const verdict = await verdictOf(around, await file.read()).finally(around.close);
  const { open, reasons, samples, mismatches } = verdict;
  console.log(
    json
      ? JSON.stringify({ chainId, file: file.path, ...verdict }, null, 2)
      : [
          `Chain ${chainId}: ${mismatches} of the last ${samples} samples did not match (${file.path}).`,
          open
            ? "The gate is open: what is observed may be enforced."
            : "The gate is shut: what is observed may not be enforced yet.",
          ...reasons.map((reason) => `  ${reason}`),
          ...(open ? [] : [`Next: npx hardhat gate sample --network ${hre.globalOptions.network}`]),
        ].join("\n"),
  );
  if (!open) process.exitCode = 1;
});

/** Without the chain, nobody can tell that samples are real; that they do not suffice can be told. */
async function verdictOf({ provider, record }: Surroundings, samples: readonly Sample[]): Promise<Verdict> {
  const now = Math.floor(Date.now() / 1000);
  const { judgeByChain } = await import("../lib/gate/gate.js");
  if (provider !== undefined) return await judgeByChain({ provider, record }, samples, now);
  const verdict = judge(samples, now);
  if (!verdict.open) return verdict;
  throw new Fault("No endpoint of the chain answers, so the samples could not be compared with it.");
}
