import { Interface, type Provider } from "ethers";

import { plain } from "../plain.js";
import type { Manifest } from "./manifest.js";
import { isNoAnswer } from "./reverts.js";

/** An EIP-712 domain as a contract tells it (EIP-5267). */
export interface Domain {
  readonly name: string;
  readonly version: string;
  readonly chainId: string;
  readonly verifyingContract: string;
}

/** The domain of each proxy, by its name; null if it does not answer. */
export type Domains = Readonly<Record<string, Domain | null>>;

const EIP5267 = new Interface([
  "function eip712Domain() view returns (bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)",
]);

/**
 * The domains that an operation must leave as they are: those under which the proxies that it upgrades hash and check
 * signatures. A rollback may be what puts a domain right again.
 */
export async function readDomains(provider: Provider, { operation, proxies }: Manifest): Promise<Domains> {
  if (operation.verb === "rollback") return {};
  const domains = proxies.map(
    async ({ name, address }) => [name, await readDomain(provider, address)] as const,
  );
  return Object.fromEntries(await Promise.all(domains));
}

async function readDomain(provider: Provider, address: string): Promise<Domain | null> {
  try {
    const answer = await provider.call({ to: address, data: EIP5267.encodeFunctionData("eip712Domain") });
    const { name, version, chainId, verifyingContract } = EIP5267.decodeFunctionResult(
      "eip712Domain",
      answer,
    ) as unknown as Domain;
    return { name, version, chainId: String(chainId), verifyingContract };
  } catch (error) {
    if (isNoAnswer(error)) return null;
    throw error;
  }
}

/**
 * Where a domain has moved. Whole sentences; none if none has. Payment ids are digests under the escrow's domain, and so is
 * whatever was signed: under another one, nobody could release, settle or attest what was made before.
 *
 * @param before What does not answer before, as a broken version may not, is compared with nothing.
 */
export const findMovedDomains = (before: Domains, after: Domains): string[] =>
  Object.entries(before).flatMap(([proxy, expected]) => {
    if (expected === null) return [];
    const found = after[proxy] ?? null;
    if (found === null) return [`${proxy} does not tell its EIP-712 domain any more.`];
    return (Object.keys(expected) as (keyof Domain)[])
      .filter((field) => expected[field] !== found[field])
      .map(
        (field) =>
          `The ${field} of ${proxy}'s EIP-712 domain was ${quoted(expected[field])} and would be ${quoted(found[field])}: ` +
          "payment ids and signatures made before would count no more.",
      );
  });

const quoted = (text: string) => plain(JSON.stringify(text));
