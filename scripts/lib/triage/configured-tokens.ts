import { getAddress, isAddress } from "ethers";

import { isSameAddress } from "../same-address.js";
import { askEscrow } from "./ask-escrow.js";
import type { Unknown } from "./finding.js";
import type { Site } from "./site.js";

export interface ConfiguredTokens {
  readonly addresses: readonly string[];
  /** Why there may be more. */
  readonly unknown: readonly Omit<Unknown, "check">[];
}

/** The record's tokens and those that the escrow was configured for since, by its logs and by the read model. */
export async function readTokens(site: Site): Promise<ConfiguredTokens> {
  const { record, fromBlock } = site.place;
  const logged = [...(await site.history()).tokens];
  const known = unite(
    record.tokens.map(({ address }) => address),
    logged,
  );
  // The logs have them all if they were read from the beginning.
  if (fromBlock <= record.startBlock) return { addresses: known, unknown: [] };
  try {
    const indexed = unite([], await listByIndex(site)).filter((token) => !includes(known, token));
    return { addresses: [...known, ...(await configured(site, indexed))], unknown: [] };
  } catch {
    const why = `Tokens that were configured before block ${fromBlock} are not known, because the read model does not answer.`;
    return { addresses: known, unknown: [{ why, command: site.command("triage") }] };
  }
}

async function listByIndex({ readModel, place }: Site): Promise<string[]> {
  const found: string[] = [];
  for await (const { address } of readModel.rows("tokens", place.record.chainId, ["address"]))
    if (isAddress(address)) found.push(address);
  return found;
}

/** Those that the escrow itself knows: what somebody invented it has no limits for, and owes nothing of. */
async function configured(site: Site, tokens: readonly string[]): Promise<string[]> {
  const asked = tokens.map((token) => [token] as const);
  const [totals, limits] = [
    await askEscrow(site, "tokenTotals", asked),
    await askEscrow(site, "tokenConfig", asked),
  ];
  return tokens.filter((_, i) => {
    const [{ held, credits }] = totals[i] as [{ held: bigint; credits: bigint }];
    const [{ enabled, cap }] = limits[i] as [{ enabled: boolean; cap: bigint }];
    return enabled || cap > 0n || held + credits > 0n;
  });
}

const includes = (some: readonly string[], token: string) => some.some((one) => isSameAddress(one, token));

/** All of both, once each, with checksums. */
export const unite = (some: readonly string[], more: readonly string[]): string[] =>
  more.reduce<string[]>(
    (all, token) => (includes(all, token) ? all : [...all, getAddress(token)]),
    [...some],
  );
