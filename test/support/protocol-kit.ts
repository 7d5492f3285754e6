import * as protocolKit from "@safe-global/protocol-kit";
import type { NetworkConnection } from "hardhat/types/network";

import type { SafeTransaction } from "../../scripts/lib/safe/transaction.js";
import { deploySafeContracts, type TestedVersion } from "./safes.js";

// The kit's types describe its CommonJS build, where the class is one `default` deeper than in the module that is loaded.
const Kit = protocolKit.default as unknown as typeof protocolKit.default.default;

export type ProtocolKit = InstanceType<typeof Kit>;

/** Safe's own SDK on a local chain, which it knows nothing of: the oracle for every hash and signature. */
export async function kitFor(
  connection: NetworkConnection,
  version: TestedVersion,
  safeAddress: string,
  signer?: string,
): Promise<ProtocolKit> {
  const contracts = await deploySafeContracts(connection, version);
  return Kit.init({
    provider: connection.provider,
    safeAddress,
    signer,
    contractNetworks: {
      "31337": {
        safeSingletonAddress: contracts.SafeL2,
        safeProxyFactoryAddress: contracts.SafeProxyFactory,
        multiSendAddress: contracts.MultiSend,
        multiSendCallOnlyAddress: contracts.MultiSendCallOnly,
        fallbackHandlerAddress: contracts.CompatibilityFallbackHandler,
      },
    },
  });
}

/** A transaction as the kit has it, made by the kit from what was asked for. */
export const kitTransaction = (kit: ProtocolKit, { to, value, data, nonce }: SafeTransaction) =>
  kit.createTransaction({
    transactions: [{ to, value: value.toString(), data }],
    onlyCalls: true,
    options: { nonce },
  });
