import { formatUnits } from "ethers";

import type { DeploymentRecord } from "../../../deploy/record.js";
import { isSameAddress } from "../same-address.js";

/** An amount as people say it: in whole tokens where the record knows the token, else in its smallest unit. */
export function formatAmount({ tokens }: DeploymentRecord, token: string, amount: bigint): string {
  const known = tokens.find(({ address }) => isSameAddress(address, token));
  return known === undefined
    ? `${amount} units of the token ${token}`
    : `${formatUnits(amount, known.decimals)} ${known.symbol}`;
}
