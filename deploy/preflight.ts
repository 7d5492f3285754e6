import { Contract, getAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "./fault.js";
import type { Parameters } from "./parameters.js";
import { HELD_ROLES } from "./roles.js";

/**
 * Checks what parameters promise about the chain, before anything is sent to it.
 *
 * @throws {@link Fault} that names, one line each, everything that stands in the way.
 */
export async function requireDeployable(
  connection: NetworkConnection,
  parameters: Parameters,
  deployer: string,
): Promise<void> {
  const { ethers, networkName } = connection;
  const { chainId } = await ethers.provider.getNetwork();
  if (Number(chainId) !== parameters.chainId) {
    throw new Fault(
      `The parameters are for chain ${parameters.chainId}, but the network ${networkName} is chain ${chainId}.`,
    );
  }
  const faults = [
    ...findDeployerFaults(parameters, deployer),
    ...(await findDependencyFaults(connection, parameters)),
    ...(await findTokenFaults(connection, parameters)),
  ];
  if (faults.length > 0) throw new Fault("Nothing was deployed:", { details: faults });
}

function findDeployerFaults({ production, holders }: Parameters, deployer: string): string[] {
  if (!production) return [];
  return HELD_ROLES.filter((role) => holders[role].includes(getAddress(deployer))).map(
    (role) => `The deployer ${deployer} may not hold ${role}: it ends with no role.`,
  );
}

async function findDependencyFaults(
  { ethers }: NetworkConnection,
  { permit2, policy: { sanctionsOracle } }: Parameters,
): Promise<string[]> {
  const dependencies = [
    ["permit2", permit2 === "deploy" ? null : permit2],
    ["policy.sanctionsOracle", sanctionsOracle],
  ] as const;
  const faults: string[] = [];
  for (const [parameter, address] of dependencies) {
    if (address !== null && (await ethers.provider.getCode(address)) === "0x") {
      faults.push(`There is no contract at ${address}, which ${parameter} names.`);
    }
  }
  return faults;
}

const METADATA = ["function symbol() view returns (string)", "function decimals() view returns (uint8)"];

async function findTokenFaults({ ethers }: NetworkConnection, { tokens }: Parameters): Promise<string[]> {
  const faults: string[] = [];
  for (const { symbol, decimals, address } of tokens) {
    if (address === undefined) continue;
    const token = new Contract(address, METADATA, ethers.provider);
    try {
      const foundSymbol = (await token.getFunction("symbol")()) as string;
      const foundDecimals = Number(await token.getFunction("decimals")());
      if (foundSymbol !== symbol || foundDecimals !== decimals) {
        faults.push(
          `The token at ${address} is ${foundSymbol} with ${foundDecimals} decimals, not ${symbol} with ${decimals}.`,
        );
      }
    } catch {
      faults.push(`The contract at ${address} does not answer as the token ${symbol}.`);
    }
  }
  return faults;
}
