import { getBytes, hexlify } from "ethers";
import hre from "hardhat";

/**
 * Whether `code`, read from a chain, is what the contract's source compiles to here. Immutables, which only the
 * constructor knows, are left out of the comparison.
 *
 * @param contractName A bare or fully qualified name from the build.
 * @param code What `eth_getCode` answered.
 */
export async function isCompiledFrom(contractName: string, code: string): Promise<boolean> {
  const { deployedBytecode, immutableReferences } = await hre.artifacts.readArtifact(contractName);
  const immutables = Object.values(immutableReferences ?? {}).flat();
  return withoutImmutables(code, immutables) === withoutImmutables(deployedBytecode, immutables);
}

function withoutImmutables(code: string, immutables: readonly { start: number; length: number }[]): string {
  const bytes = getBytes(code).slice();
  for (const { start, length } of immutables) bytes.fill(0, start, start + length);
  return hexlify(bytes);
}
