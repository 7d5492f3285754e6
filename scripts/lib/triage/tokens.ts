import { Contract, getAddress, type Provider } from "ethers";

import { NATIVE_COIN } from "../../../deploy/parameters.js";
import type { DeploymentRecord } from "../../../deploy/record.js";
import { plain } from "../plain.js";
import { isSameAddress } from "../same-address.js";

/** What amounts are told in. */
export type Tokens = Pick<DeploymentRecord, "tokens">;
type Token = Tokens["tokens"][number];

const METADATA = ["function symbol() view returns (string)", "function decimals() view returns (uint8)"];
const LONGEST_SYMBOL = 16;
/** More digits than a uint256 has. */
const MOST_DECIMALS = 77;

/**
 * The record's tokens, and those of `addresses` that were configured since, as they describe themselves. Anybody can call a
 * token USDC, so such a name stands in quotes, beside the address. One that does not tell its decimals is left out: amounts
 * of it are told in its smallest unit.
 */
export async function describeTokens(
  provider: Provider,
  { tokens }: Tokens,
  addresses: readonly string[],
): Promise<Tokens> {
  const unknown = new Set(
    addresses
      .filter((address) => !tokens.some((token) => isSameAddress(token.address, address)))
      .map((address) => getAddress(address)),
  );
  const described = await Promise.all([...unknown].map((address) => describe(provider, address)));
  return { tokens: [...tokens, ...described.filter((token) => token !== undefined)] };
}

async function describe(provider: Provider, address: string): Promise<Token | undefined> {
  if (isSameAddress(address, NATIVE_COIN)) return { address, symbol: "of the native coin", decimals: 18 };
  const contract = new Contract(address, METADATA, provider);
  const ask = (what: string): Promise<unknown> =>
    contract
      .getFunction(what)
      .staticCall()
      .catch(() => undefined);
  const [symbol, decimals] = await Promise.all([ask("symbol"), ask("decimals")]);
  if (typeof decimals !== "bigint" || decimals > MOST_DECIMALS) return undefined;
  const called = typeof symbol === "string" ? plain(symbol).slice(0, LONGEST_SYMBOL) : "";
  return { address, symbol: `“${called}” (${address})`, decimals: Number(decimals) };
}
