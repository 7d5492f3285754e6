import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { ContractFuture } from "@nomicfoundation/ignition-core";

import { NATIVE_COIN, type Parameters, type TokenParameters } from "../parameters.js";

/** What the escrow works with and does not own: Permit2 and, on networks without real money, the tokens themselves. */
export const assetsModule = (permit2: Parameters["permit2"], tokens: readonly TokenParameters[]) =>
  buildModule("Assets", (m) => ({
    permit2: permit2 === "deploy" ? m.contract("Permit2") : m.contractAt("Permit2", permit2),
    ...Object.fromEntries(
      tokens.flatMap(({ symbol, deploy }): [string, ContractFuture<string>][] =>
        deploy === undefined ? [] : [[symbol, m.contract(deploy)]],
      ),
    ),
  }));

export type AssetsModule = ReturnType<typeof assetsModule>;

/** Where a token is: its address, the native coin's stand-in (ERC-7528), or the test token just deployed. */
export function tokenAddress(assets: AssetsModule["results"], token: TokenParameters) {
  if (token.deploy !== undefined) return (assets as Record<string, ContractFuture<string>>)[token.symbol]!;
  return token.address ?? NATIVE_COIN;
}
