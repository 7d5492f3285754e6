import { getAddress, isAddress } from "ethers";

import { Fault } from "../../deploy/fault.js";
import type { DeploymentRecord } from "../../deploy/record.js";

/** The address of a token that was typed by its symbol or address. Credits outlive a token's place on the list. */
export function parseToken(text: string, { tokens }: DeploymentRecord): string {
  const known = tokens.find(({ symbol }) => symbol.toLowerCase() === text.trim().toLowerCase());
  if (known !== undefined) return known.address;
  if (isAddress(text.trim())) return getAddress(text.trim());
  throw new Fault(
    `--token is ${tokens.map(({ symbol }) => symbol).join(", ")} or a token's address; it was ${text.slice(0, 80)}.`,
  );
}
