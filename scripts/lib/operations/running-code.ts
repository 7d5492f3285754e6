import { dataSlice, getAddress, isError, keccak256, type Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { knownImplementation } from "../../../deploy/implementations.js";
import { IMPLEMENTATION_SLOT } from "../../../deploy/verify.js";
import { ISelfTest__factory } from "../../../types/ethers-contracts/index.js";
import { plain } from "../plain.js";
import { contractsAt, IMPLEMENTATIONS, type ProxyName, type Suite } from "./suite.js";

/** What runs behind a proxy. */
export interface RunningCode {
  readonly proxy: ProxyName;
  readonly address: string;
  readonly implementation: string;
  readonly codehash: string;
  readonly version: string | null;
  /** What the source calls it; null if neither `deploy/implementations/` nor the build knows the codehash. */
  readonly contract: string | null;
  /** What a rollback would put back, and until when; null if there is nothing to go back to. */
  readonly rollback: { readonly to: string; readonly until: number } | null;
  /** Whole sentences. */
  readonly problems: readonly string[];
}

/** What runs behind a proxy, and whether the way back is open. */
export async function readRunningCode(
  { connection, record }: Suite,
  proxy: ProxyName,
  now: number,
): Promise<RunningCode> {
  const { provider } = connection.ethers;
  const { upgradeController } = contractsAt(record, provider);
  const address = getAddress(record.contracts[proxy].address);
  const recorded = await upgradeController.proxyRecord(address);
  const implementation = getAddress(dataSlice(await provider.getStorage(address, IMPLEMENTATION_SLOT), 12));
  const codehash = await codehashOf(provider, implementation);
  const contract = await contractOf(provider, record.chainId, proxy, implementation);
  const until = Number(recorded.upgradedAt) + Number(await upgradeController.rollbackWindow());
  const isOpen = BigInt(recorded.previous) !== 0n && now < until;
  const isUnchanged =
    !isOpen || (await codehashOf(provider, recorded.previous)) === recorded.previousCodehash;
  return {
    ...{ proxy, address, implementation, codehash, contract },
    version: await versionOf(provider, implementation),
    rollback: isOpen && isUnchanged ? { to: recorded.previous, until } : null,
    problems: [
      ...(implementation === recorded.implementation
        ? []
        : [`${proxy} runs ${implementation}, and the UpgradeController knows ${recorded.implementation}.`]),
      ...(contract === null
        ? [`The code of ${proxy} at ${implementation}, codehash ${codehash}, is none that is known here.`]
        : []),
      ...(isUnchanged
        ? []
        : [`${proxy} cannot be rolled back: the code at ${recorded.previous} has changed.`]),
    ],
  };
}

const codehashOf = async (provider: Provider, address: string) => keccak256(await provider.getCode(address));

async function contractOf(
  provider: Provider,
  chainId: number,
  proxy: ProxyName,
  address: string,
): Promise<string | null> {
  try {
    return (await knownImplementation(provider, chainId, address, IMPLEMENTATIONS[proxy].contract)).contract;
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

/** A broken version may not even tell that. */
async function versionOf(provider: Provider, address: string): Promise<string | null> {
  try {
    return plain(await ISelfTest__factory.connect(address, provider).version());
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return null;
    throw error;
  }
}
