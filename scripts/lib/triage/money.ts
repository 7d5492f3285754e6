import { formatUnits } from "ethers";

import { isSameAddress } from "../same-address.js";
import type { Tokens } from "./tokens.js";

/** An amount as people say it: in whole tokens where the token is known, else in its smallest unit. */
export function formatAmount({ tokens }: Tokens, token: string, amount: bigint): string {
  const known = tokens.find(({ address }) => isSameAddress(address, token));
  return known === undefined
    ? `${amount} units of the token ${token}`
    : `${formatUnits(amount, known.decimals)} ${known.symbol}`;
}
