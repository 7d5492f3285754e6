import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import { judge } from "../lib/gate/judge.js";
import { samplesOf } from "../lib/gate/samples.js";
import { networkOf } from "../triage/scene.js";

/** `npx hardhat gate` */
export default command(async ({ json }: { json?: boolean }, hre: HardhatRuntimeEnvironment) => {
  const { chainId } = await networkOf(hre);
  const file = samplesOf(chainId);
  const verdict = judge(await file.read(), Math.floor(Date.now() / 1000));
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
