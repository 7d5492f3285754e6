import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "./lib/command.js";
import type { Check } from "./lib/triage/finding.js";
import { lookAround, sceneOf, type LookingArguments } from "./triage/scene.js";

/** `npx hardhat triage`, and `npx hardhat triage <check>` for one. */
export const looking = (check?: Check) =>
  command(async (given: Partial<LookingArguments>, hre: HardhatRuntimeEnvironment) => {
    // Hardhat fills the defaults in.
    const args = given as LookingArguments;
    const around = await lookAround(hre, args);
    try {
      const { exitCodeOf, triage } = await import("./lib/triage/triage.js");
      const { formatTriage } = await import("./lib/triage/report.js");
      const found = await triage(sceneOf(around, args), check && [check]);
      console.log(args.json ? JSON.stringify(found, null, 2) : formatTriage(found));
      process.exitCode = exitCodeOf(found);
    } finally {
      around.close();
    }
  });
