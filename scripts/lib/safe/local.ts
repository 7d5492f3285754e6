import { createRequire } from "node:module";

import * as deployments from "@safe-global/safe-deployments";
import { concat, getCreate2Address, Interface, keccak256, ZeroAddress, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

// The contracts as Safe published and audited them, compiled by Safe, at the addresses where every chain has them.
// Only for local chains: on others they are there.

const require = createRequire(import.meta.url);

/** Version → the npm package with its build. */
const PACKAGES = {
  "1.5.0": "@safe-global/safe-smart-account",
  "1.4.1": "@safe-global/safe-contracts",
} as const;
export type TestedVersion = keyof typeof PACKAGES;
export const TESTED_VERSIONS = Object.keys(PACKAGES) as TestedVersion[];

/** Contract → its source, and where Safe publishes its address and codehash. */
const CONTRACTS = {
  Safe: ["Safe.sol", deployments.getSafeSingletonDeployments],
  SafeL2: ["SafeL2.sol", deployments.getSafeL2SingletonDeployments],
  SafeProxyFactory: ["proxies/SafeProxyFactory.sol", deployments.getProxyFactoryDeployments],
  CompatibilityFallbackHandler: [
    "handler/CompatibilityFallbackHandler.sol",
    deployments.getCompatibilityFallbackHandlerDeployments,
  ],
  MultiSend: ["libraries/MultiSend.sol", deployments.getMultiSendDeployments],
  MultiSendCallOnly: ["libraries/MultiSendCallOnly.sol", deployments.getMultiSendCallOnlyDeployments],
} as const;
type ContractName = keyof typeof CONTRACTS;
export type SafeContracts = Readonly<Record<ContractName, string>>;

/**
 * Safe's deployer: deploys whatever it is sent, by CREATE2. Only this is put on the chain; the rest deploys itself from
 * the published creation code, and can only get the published address if that code is the published one.
 */
const DEPLOYER = "0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7";
const DEPLOYER_CODE =
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

interface Artifact {
  readonly bytecode: string;
  readonly abi: ConstructorParameters<typeof Interface>[0];
}

export const safeArtifact = (version: TestedVersion, path: string) =>
  require(`${PACKAGES[version]}/build/artifacts/contracts/${path}`) as Artifact;

/** Deploys Safe's contracts, unless they are there. Returns their addresses. Works on Hardhat's own chain and on anvil. */
export async function deploySafeContracts(
  { ethers, provider }: NetworkConnection,
  version: TestedVersion,
): Promise<SafeContracts> {
  await provider.request({ method: "hardhat_setCode", params: [DEPLOYER, DEPLOYER_CODE] });
  const [deployer] = await ethers.getSigners();
  const addresses: Partial<Record<ContractName, string>> = {};
  for (const [name, [path, published]] of Object.entries(CONTRACTS)) {
    const { bytecode } = safeArtifact(version, `${path}/${name}.json`);
    const address = getCreate2Address(DEPLOYER, ZeroHash, keccak256(bytecode));
    if ((await ethers.provider.getCode(address)) === "0x") {
      await (await deployer!.sendTransaction({ to: DEPLOYER, data: concat([ZeroHash, bytecode]) })).wait();
    }
    const canonical = published({ version })!.deployments.canonical!;
    const codehash = keccak256(await ethers.provider.getCode(address));
    if (address !== canonical.address || codehash !== canonical.codeHash) {
      throw new Error(`${name} ${version} is not what Safe published: ${address}, codehash ${codehash}.`);
    }
    addresses[name as ContractName] = address;
  }
  return addresses as SafeContracts;
}

/** What to make a Safe of. */
export interface SafeSetup {
  version: TestedVersion;
  /** Addresses. */
  owners: readonly string[];
  threshold: number;
  /** `SafeL2`, which the Safe app makes everywhere but on mainnet, or `Safe`. Default `SafeL2`. */
  singleton?: "Safe" | "SafeL2";
  /** Default: the CompatibilityFallbackHandler of the version. */
  fallbackHandler?: string;
}

/** Makes a Safe by Safe's own factory: on a chain of the same story, at the same address. Returns it. */
export async function createSafe(connection: NetworkConnection, setup: SafeSetup): Promise<string> {
  const { version, owners, threshold, singleton = "SafeL2" } = setup;
  const contracts = await deploySafeContracts(connection, version);
  const { fallbackHandler = contracts.CompatibilityFallbackHandler } = setup;
  const safe = new Interface(safeArtifact(version, "SafeL2.sol/SafeL2.json").abi);
  const factory = new Interface(
    safeArtifact(version, "proxies/SafeProxyFactory.sol/SafeProxyFactory.json").abi,
  );
  const initializer = safe.encodeFunctionData("setup", [
    owners,
    threshold,
    ZeroAddress,
    "0x",
    fallbackHandler,
    ZeroAddress,
    0,
    ZeroAddress,
  ]);
  const [deployer] = await connection.ethers.getSigners();
  const salt = await deployer!.getNonce();
  const sent = await deployer!.sendTransaction({
    to: contracts.SafeProxyFactory,
    data: factory.encodeFunctionData("createProxyWithNonce", [contracts[singleton], initializer, salt]),
  });
  const { logs } = (await sent.wait())!;
  const creation = logs.map((log) => factory.parseLog(log)).find((event) => event?.name === "ProxyCreation");
  return creation!.args.proxy as string;
}
