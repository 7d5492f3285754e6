import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "./lib/command.js";
import { openChain, requireFreeIndexerPort } from "./start/chain.js";
import { parseOptions, type StartArguments } from "./start/options.js";
import { Running } from "./lib/running.js";
import { phase } from "./start/screen.js";

/** `npm start` */
export default command(async (args: StartArguments, hre: HardhatRuntimeEnvironment) => {
  const options = parseOptions(args);
  const running = new Running();
  await running.during(async () => {
    // What can be in the way is found before anybody waits for the compiler.
    await requireFreeIndexerPort(options);
    const chainUrl = await openChain(options, running);
    await phase("Compiling the contracts", () =>
      hre.tasks.getTask("build").run({ quiet: true, noTests: true }),
    );
    // What follows needs the typings that the build has just written.
    const { runStack } = await import("./start/stack.js");
    await runStack({ options, chainUrl, hre, running });
  });
});
