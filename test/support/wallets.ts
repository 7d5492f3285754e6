import { HDNodeWallet, Mnemonic, type TypedDataDomain } from "ethers";
import type { Hex } from "viem";
import { mnemonicToAccount } from "viem/accounts";

import type { Types } from "../../scripts/lib/signing.js";

/** The phrase that Hardhat's accounts come from. */
const PHRASE = "test test test test test test test test test test test junk";

/** Signs typed data as one of Hardhat's accounts; the first of the types is the one that is signed. */
type SignTypedData = (
  domain: TypedDataDomain,
  types: Types,
  value: Record<string, unknown>,
) => Promise<string>;

/** The libraries that wallets are built on, each with the key of Hardhat's account number `index`. */
export const WALLETS = {
  ethers: (index) => {
    const key = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(PHRASE), `m/44'/60'/0'/0/${index}`);
    return (domain, types, value) =>
      key.signTypedData(domain, types as Parameters<typeof key.signTypedData>[1], value);
  },
  viem: (index) => {
    const account = mnemonicToAccount(PHRASE, { addressIndex: index });
    return ({ name, version, chainId, verifyingContract }, types, message) =>
      account.signTypedData({
        domain: {
          name: name!,
          // Permit2 has none: a member that is there, though undefined, would be part of the domain's type.
          ...(version ? { version } : {}),
          chainId: Number(chainId),
          verifyingContract: verifyingContract as Hex,
        },
        types,
        primaryType: Object.keys(types)[0]!,
        message,
      });
  },
} as const satisfies Record<string, (index: number) => SignTypedData>;

export type Library = keyof typeof WALLETS;
