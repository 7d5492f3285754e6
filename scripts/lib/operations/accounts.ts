import type { Provider } from "ethers";

import type { HeldRole } from "../../../deploy/roles.js";
import type { AccessManager } from "../../../types/ethers-contracts/index.js";
import { ask } from "../safe/abi.js";
import { readSafeTree, type SafeTree } from "../safe/owners.js";
import { warningsAbout } from "../safe/state.js";
import { rolesOf } from "./authority.js";

/** Whoever acts: a key, or a Safe with all that stand behind it. The nonce is that of the next transaction. */
export type Account = {
  readonly address: string;
  readonly roles: readonly HeldRole[];
  readonly nonce: number;
} & ({ readonly kind: "key" } | { readonly kind: "safe"; readonly tree: SafeTree });

/** How the code of an account begins that has a key and lends itself a contract's code (EIP-7702). */
const DELEGATED = "0xef0100";

/** @throws {@link Fault} if a contract other than a Safe is at the address. */
export async function readAccount(
  provider: Provider,
  accessManager: AccessManager,
  address: string,
): Promise<Account> {
  const roles = await rolesOf(accessManager, address);
  const code = await provider.getCode(address);
  if (code === "0x" || code.startsWith(DELEGATED)) {
    return { kind: "key", address, roles, nonce: await provider.getTransactionCount(address) };
  }
  const tree = await readSafeTree(provider, address);
  return { kind: "safe", address, roles, nonce: tree.state.nonce, tree };
}

/** Of an account's next transaction. */
export const nonceOf = async (provider: Provider, { kind, address }: Pick<Account, "kind" | "address">) =>
  kind === "key"
    ? await provider.getTransactionCount(address)
    : Number(await ask<bigint>(provider, address, "nonce"));

/** What whoever signs for an account should know about it. Whole sentences. */
export function cautionsAbout(account: Account): string[] {
  if (account.kind === "key") return [];
  const { state } = account.tree;
  const alone =
    state.threshold === 1 ? [`One owner of the Safe ${state.address} is enough to act for it.`] : [];
  return [...alone, ...warningsAbout(state).map(({ sentence }) => sentence)];
}
