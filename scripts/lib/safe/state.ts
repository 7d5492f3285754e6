import {
  dataSlice,
  getAddress,
  id,
  isError,
  keccak256,
  toBeHex,
  TypedDataEncoder,
  ZeroAddress,
  type Provider,
} from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { ask } from "./abi.js";
import { revertDataOf } from "./errors.js";
import { SAFE_VERSIONS, versionOfCode, type SafeVersion } from "./versions.js";

/** A Safe at one block. Addresses are checksummed; `null` is none. */
export interface SafeState {
  readonly address: string;
  readonly chainId: number;
  readonly version: SafeVersion;
  readonly owners: readonly string[];
  /** How many owners must agree. */
  readonly threshold: number;
  /** That of the next transaction. */
  readonly nonce: number;
  readonly modules: readonly string[];
  readonly guard: string | null;
  /** Since 1.5.0. */
  readonly moduleGuard: string | null;
  readonly fallbackHandler: string | null;
  /** The contract whose code the Safe runs. */
  readonly singleton: string;
}

const SLOTS = {
  singleton: toBeHex(0, 32),
  guard: id("guard_manager.guard.address"),
  moduleGuard: id("module_manager.module_guard.address"),
  fallbackHandler: id("fallback_manager.handler.address"),
};

/** Begins and ends the linked list of modules. */
const SENTINEL = toBeHex(1, 20);
const MODULES_AT_ONCE = 50;

/**
 * Reads a Safe, all of it at the latest block.
 *
 * @throws {@link Fault} if there is no Safe of a version and code that we know, or if the chain is a fork under another
 * chain id, where no signature for the real one can be valid.
 */
export async function readSafe(provider: Provider, address: string): Promise<SafeState> {
  const [{ chainId }, block] = await Promise.all([provider.getNetwork(), provider.getBlockNumber()]);
  const slot = async (name: keyof typeof SLOTS) =>
    addressIn(await provider.getStorage(address, SLOTS[name], block));

  const singleton = await slot("singleton");
  const code = singleton === null ? "0x" : await provider.getCode(singleton, block);
  const version = versionOfCode(keccak256(code));
  if (singleton === null || version === undefined) throw await noSafe(provider, address, block);

  const read = async <Answer>(method: string) => ask<Answer>(provider, address, method, [], { block });
  try {
    const [owners, threshold, nonce, domainSeparator, modules, guard, moduleGuard, fallbackHandler] =
      await Promise.all([
        read<string[]>("getOwners"),
        read<bigint>("getThreshold"),
        read<bigint>("nonce"),
        read<string>("domainSeparator"),
        readModules(provider, address, block),
        slot("guard"),
        slot("moduleGuard"),
        slot("fallbackHandler"),
      ]);
    const state: SafeState = {
      address: getAddress(address),
      chainId: Number(chainId),
      version,
      owners: [...owners],
      threshold: Number(threshold),
      nonce: Number(nonce),
      modules,
      guard,
      moduleGuard,
      fallbackHandler,
      singleton,
    };
    requireOurDomain(state, domainSeparator);
    return state;
  } catch (error) {
    const answersWrongly = isError(error, "BAD_DATA") || revertDataOf(error) !== undefined;
    if (answersWrongly) throw await noSafe(provider, address, block);
    throw error;
  }
}

/** Somebody besides the owners who has a say in what the Safe does. */
export interface SafeWarning {
  readonly what: "module" | "guard" | "module guard";
  readonly address: string;
  /** A whole sentence for whoever is about to sign. */
  readonly sentence: string;
}

/** Who can act for the Safe without its owners, or keep them from acting. */
export const warningsAbout = ({ modules, guard, moduleGuard }: SafeState): SafeWarning[] => [
  ...modules.map((address) => ({
    what: "module" as const,
    address,
    sentence: `Module ${address} can do anything in the Safe's name without a signature of its owners.`,
  })),
  ...[guard].filter(isSet).map((address) => ({
    what: "guard" as const,
    address,
    sentence: `Guard ${address} is asked about every transaction and can block it, also a pause or a rollback.`,
  })),
  ...[moduleGuard].filter(isSet).map((address) => ({
    what: "module guard" as const,
    address,
    sentence: `Module guard ${address} is asked about every act of a module and can block it.`,
  })),
];

const isSet = (address: string | null): address is string => address !== null;

async function readModules(provider: Provider, safe: string, block: number): Promise<string[]> {
  const modules: string[] = [];
  for (;;) {
    // The `next` that a Safe answers skips one module in 1.3.0; the last one read serves all versions.
    const start = modules.at(-1) ?? SENTINEL;
    const page = await ask<string[]>(provider, safe, "getModulesPaginated", [start, MODULES_AT_ONCE], {
      block,
    });
    modules.push(...page);
    if (page.length < MODULES_AT_ONCE) return modules;
  }
}

/** Otherwise every signature would be over another hash than the Safe's. */
function requireOurDomain({ address, chainId }: SafeState, domainSeparator: string): void {
  const ours = TypedDataEncoder.hashDomain({ chainId, verifyingContract: address });
  if (domainSeparator === ours) return;
  throw new Fault(
    `The Safe ${address} hashes for another chain than ${chainId}, which is what this network says it is; ` +
      "a fork must have the chain id of what it forks.",
    { details: [`domain separator of the Safe: ${domainSeparator}`, `of chain ${chainId}: ${ours}`] },
  );
}

async function noSafe(provider: Provider, address: string, block: number): Promise<Fault> {
  const isContract = (await provider.getCode(address, block)) !== "0x";
  const found = isContract
    ? `The contract at ${address} runs none of the published codes of Safe ${SAFE_VERSIONS.join(", ")}`
    : `There is no contract at ${address}`;
  return new Fault(`${found}; check the address and the network, or sign with another account.`);
}

function addressIn(word: string): string | null {
  const address = getAddress(dataSlice(word, 12));
  return address === ZeroAddress ? null : address;
}
