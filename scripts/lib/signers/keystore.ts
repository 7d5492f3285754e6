import { HDNodeWallet, Mnemonic, Wallet, getAddress, type BaseWallet, type TypedDataField } from "ethers";
import type { NetworkConfig, ResolvedConfigurationVariable } from "hardhat/types/config";

import { Fault } from "../../../deploy/fault.js";
import { checked } from "./checked.js";
import type { Signer } from "./signer.js";
import { toSign } from "./transaction.js";

type Accounts = NetworkConfig["accounts"];
type Keys = Exclude<Accounts, "remote">;

export interface KeystoreOptions {
  /** `connection.networkConfig.accounts`: keys and phrases that Hardhat looks up where they are kept. */
  readonly accounts: Accounts;
  /** Whose key; may be left out where there is only one. */
  readonly address?: string;
}

/** A key that Hardhat keeps for the network: in its keystore or in a configuration variable. It never leaves this file. */
export async function openKeystore({ accounts, address }: KeystoreOptions): Promise<Signer> {
  if (accounts === "remote") {
    throw new Fault("The network has no accounts of its own: add them to it in hardhat.config.ts.", {
      details: ['accounts: [configVariable("ADMIN_KEY")], then `npx hardhat keystore set ADMIN_KEY`'],
    });
  }
  const wallet = pick(await walletsOf(accounts), address);
  return checked({
    kind: "keystore",
    address: wallet.address,
    signTypedData: ({ domain, types, message }) =>
      wallet.signTypedData(domain, types as Record<string, TypedDataField[]>, message),
    signTransaction: async (transaction) => ({ raw: await wallet.signTransaction(toSign(transaction)) }),
    close: () => Promise.resolve(),
  });
}

function pick(wallets: readonly BaseWallet[], address: string | undefined): BaseWallet {
  if (address === undefined && wallets.length === 1) return wallets[0]!;
  const details = wallets.map((wallet) => wallet.address);
  if (address === undefined) throw new Fault("The network has several accounts: say which one.", { details });
  const wanted = getAddress(address);
  const found = wallets.find((wallet) => wallet.address === wanted);
  if (found === undefined) throw new Fault(`The network has no key of ${wanted}, only of:`, { details });
  return found;
}

async function walletsOf(accounts: Keys): Promise<BaseWallet[]> {
  if (Array.isArray(accounts)) {
    const wallets: BaseWallet[] = [];
    // One after the other: each may ask for the password of the keystore.
    for (const account of accounts) {
      wallets.push(await walletOf("privateKey" in account ? account.privateKey : account));
    }
    return wallets;
  }
  const [phrase, passphrase] = [await accounts.mnemonic.get(), await accounts.passphrase.get()];
  const parent = secretly("mnemonic", () =>
    HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(phrase, passphrase), accounts.path.replace(/\/$/, "")),
  );
  return Array.from({ length: accounts.count }, (_, index) =>
    parent.deriveChild(accounts.initialIndex + index),
  );
}

async function walletOf(variable: ResolvedConfigurationVariable): Promise<BaseWallet> {
  const key = await variable.getHexString();
  return secretly("private key", () => new Wallet(key));
}

/** Whatever ethers has to say of a secret is left out: its errors repeat what they were given. */
function secretly<Made>(what: string, make: () => Made): Made {
  try {
    return make();
  } catch {
    throw new Fault(`What the network's accounts hold as a ${what} is none.`);
  }
}
