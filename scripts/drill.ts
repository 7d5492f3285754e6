import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../deploy/fault.js";
import { command } from "./lib/command.js";
import { Running } from "./lib/running.js";
import { phase } from "./start/screen.js";

interface DrillArguments {
  scenario: string;
  list: boolean;
  byHand: boolean;
  timings?: string;
}

/** `npm run drill` */
export default command(
  async ({ scenario, list, byHand, timings }: DrillArguments, hre: HardhatRuntimeEnvironment) => {
    const build = () => hre.tasks.getTask("build").run({ quiet: true, noTests: true });
    if (list) await build();
    else await phase("Compiling the contracts", build);
    // What follows needs the typings that the build has just written.
    const { catalogue, choose } = await import("./drill/catalogue.js");
    if (list) return console.log(catalogue().join("\n"));
    const perform = choose(scenario, byHand);
    const running = new Running();
    await running.during(async () => {
      try {
        const connect = (url: string) => hre.network.create({ network: "local", override: { url } });
        const measured = await perform({ running, connect });
        if (timings === undefined) return;
        const { writeResults } = await import("./drill/results.js");
        const words = [scenario, ...(byHand ? ["--by-hand"] : []), "--timings", timings];
        await writeResults(timings, `npm run drill -- ${words.join(" ")}`, measured);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        console.error(error.message);
        process.exitCode = 1;
      }
    });
  },
);
