import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "./lib/command.js";
import { mayWrite } from "./lib/mode.js";
import { parametersPath } from "./lib/parameters-path.js";

interface DeployArguments {
  parameters?: string;
  quiet: boolean;
}

/** `npx hardhat deploy --network <name>` */
export default command(
  async ({ parameters: givenPath, quiet }: DeployArguments, hre: HardhatRuntimeEnvironment) => {
    const pathOfParameters = parametersPath(hre, givenPath);
    await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
    // What follows needs the typings that the build has just written.
    const { deploySuite, keepImplementationsOf, readParameters, writeRecord } =
      await import("../deploy/index.js");

    const connection = await hre.network.create();
    const parameters = await readParameters(pathOfParameters);
    const { provider } = connection.ethers;
    const [deployer] = await connection.ethers.getSigners();
    if (!mayWrite("deploy")) {
      const { requireDeployable } = await import("../deploy/preflight.js");
      await requireDeployable(connection, parameters, deployer!.address);
      return console.log(
        `Dry run: nothing stands in the way of deploying to chain ${parameters.chainId} as ${deployer!.address}. ` +
          "Nothing was sent.",
      );
    }
    const sentBefore = await provider.getTransactionCount(deployer!.address);
    const record = await deploySuite({ connection, parameters, displayUi: !quiet });
    const sent = (await provider.getTransactionCount(deployer!.address)) - sentBefore;
    const recordPath = path.relative(process.cwd(), await writeRecord(record));
    await keepImplementationsOf(record);

    if (quiet) return console.log(recordPath);
    console.log(
      sent === 0
        ? `Nothing to do: the suite is complete on chain ${record.chainId}, and checked again.`
        : `Deployed to chain ${record.chainId} with ${sent} transactions, and checked: code, wiring, roles. ` +
            `${deployer!.address} holds no role any more.`,
    );
    console.log(`The record is ${recordPath}.`);
  },
);
