import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "./lib/command.js";
import { parametersPath } from "./lib/parameters-path.js";

interface RolesArguments {
  parameters?: string;
  json: boolean;
  table: boolean;
}

/** `npx hardhat roles --network <name>` */
export default command(
  async ({ parameters: givenPath, json, table }: RolesArguments, hre: HardhatRuntimeEnvironment) => {
    await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
    const { findRoleDifferences, formatDifference, readParameters, readRecord, rolesTable } =
      await import("../deploy/index.js");

    if (table) return console.log(rolesTable());

    const pathOfParameters = parametersPath(hre, givenPath);
    const connection = await hre.network.create();
    const { chainId } = await connection.ethers.provider.getNetwork();
    const { holders } = await readParameters(pathOfParameters);
    const differences = await findRoleDifferences(connection, await readRecord(Number(chainId)), holders);

    if (differences.length > 0) process.exitCode = 1;
    if (json) return console.log(JSON.stringify(differences, null, 2));
    if (differences.length === 0)
      return console.log(`The roles on chain ${chainId} are as deploy/roles.ts says.`);
    for (const difference of differences) console.log(formatDifference(difference));
  },
);
