import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import type { EscrowModule } from "./Escrow.js";

/** Reads the escrow for people; nothing depends on it. */
export const escrowLensModule = (escrowAndTokens: EscrowModule) =>
  buildModule("EscrowLens", (m) => {
    const { escrow } = m.useModule(escrowAndTokens);
    return { escrowLens: m.contract("EscrowLens", [escrow]) };
  });
