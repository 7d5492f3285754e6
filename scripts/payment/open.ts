import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

/** The chosen network's chain and what was deployed there. */
export async function openNetwork(hre: HardhatRuntimeEnvironment) {
  // What follows needs the typings of the contracts.
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const { readRecord } = await import("../../deploy/record.js");
  const connection = await hre.network.create();
  const { provider } = connection.ethers;
  const { chainId } = await provider.getNetwork();
  return { connection, provider, record: await readRecord(Number(chainId)) };
}
