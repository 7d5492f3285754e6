import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** The only authority. The deployer is its first ADMIN, without delay, until {@link handoverModule}. */
export const accessManagerModule = (deployer: string) =>
  buildModule("AccessManager", (m) => ({ accessManager: m.contract("AccessManager", [deployer]) }));

export type AccessManagerModule = ReturnType<typeof accessManagerModule>;
