import { mkdir, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../deploy/fault.js";
import { command } from "./lib/command.js";
import { Running } from "./lib/running.js";
import { phase } from "./start/screen.js";

interface DrillArguments {
  scenario: string;
  list: boolean;
  timings?: string;
}

/** `npm run drill` */
export default command(
  async ({ scenario: name, list, timings }: DrillArguments, hre: HardhatRuntimeEnvironment) => {
    if (list) return await tellScenarios(hre);
    const running = new Running();
    await running.during(async () => {
      await phase("Compiling the contracts", () =>
        hre.tasks.getTask("build").run({ quiet: true, noTests: true }),
      );
      // What follows needs the typings that the build has just written.
      const { SCENARIOS } = await import("./drill/scenarios.js");
      const { Stage } = await import("./drill/stage.js");
      const { formatTimings, play } = await import("./drill/play.js");
      const scenario = SCENARIOS.find((one) => one.name === name);
      if (scenario === undefined) {
        throw new Fault(`There is no scenario ${name}:`, {
          details: SCENARIOS.map((one) => `${one.name}: ${one.tells}`),
        });
      }
      const directory = path.join(hre.config.paths.root, ".holdfast", `drill-${process.pid}`);
      const connect = (url: string) => hre.network.create({ network: "local", override: { url } });
      try {
        const stage = await phase("Starting a chain, Safes as admins, and the indexer", () =>
          Stage.set({ running, directory, connect }),
        );
        const taken = await play(scenario, stage);
        console.log(`\n${formatTimings(taken)}`);
        console.log(`${stage.payments.count} payments, and every unit of their money is where it belongs.`);
        if (timings !== undefined) await write(timings, name, taken);
        await running.stop();
        await rm(directory, { recursive: true });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        console.error(`${error.message}\nWhat was planned, signed and sent is in ${directory}.`);
        process.exitCode = 1;
      }
    });
  },
);

async function tellScenarios(hre: HardhatRuntimeEnvironment): Promise<void> {
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const { SCENARIOS } = await import("./drill/scenarios.js");
  for (const { name, tells } of SCENARIOS) console.log(`${name}: ${tells}`);
}

async function write(file: string, scenario: string, timings: object): Promise<void> {
  const [{ model } = { model: "unknown" }, ...others] = cpus();
  const machine = { cpu: model, cores: others.length + 1, node: process.version };
  const content = { command: `npm run drill -- ${scenario} --timings ${file}`, machine, ...timings };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}
