import { expect } from "chai";
import { BrowserProvider, HDNodeWallet, keccak256, Mnemonic } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { MNEMONIC } from "../../scripts/lib/local-suite.js";
import { attemptOf, attemptsOf } from "../../scripts/lib/operations/attempts.js";
import type { OpenManifest } from "../../scripts/lib/operations/open.js";
import { findProgress } from "../../scripts/lib/operations/progress.js";
import { wantedOf } from "../../scripts/lib/operations/ceremony.js";
import { openKeystore } from "../../scripts/lib/signers/keystore.js";
import type { Signer } from "../../scripts/lib/signers/signer.js";
import { eventually } from "../../scripts/lib/eventually.js";
import type { AdminChain } from "./operations.js";

const ACCOUNTS = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0");

/** The keystore of somebody who has the key of one of the chain's accounts. */
export async function keystoreOf(address: string): Promise<Signer> {
  const found = Array.from({ length: 20 }, (_, i) => ACCOUNTS.deriveChild(i)).find(
    (account) => account.address === address,
  )!;
  const key = { getHexString: () => Promise.resolve(found.privateKey) };
  return await openKeystore({ accounts: [key] as never, address });
}

/** Lets people sign all that they may of an operation, one after the other. Returns the files. */
export async function signAs(
  { ethers }: NetworkConnection,
  opened: OpenManifest,
  addresses: readonly string[],
  step?: string,
): Promise<string[]> {
  const files: string[] = [];
  for (const address of addresses) {
    const signer = await keystoreOf(address);
    const progress = await findProgress(ethers.provider, opened);
    for (const { obtain } of await wantedOf(opened, address, progress, step))
      files.push(await obtain(signer));
  }
  return files;
}

/** An attempt of a key with too little gas, as of a run that died before it could try again. */
export async function starve(
  { connection }: Pick<AdminChain, "connection">,
  opened: OpenManifest,
  step: string,
): Promise<void> {
  const { provider } = connection.ethers;
  const { account, transaction } = opened.step(step);
  const nonce = await provider.getTransactionCount(account);
  const price = { gasLimit: 40_000n, maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n };
  const { spent } = await findProgress(provider, opened);
  const unsigned = { chainId: 31337, nonce, ...transaction, value: 0n, ...price };
  const signer = await keystoreOf(account);
  const signed = await signer.signTransaction(opened.consent(step, unsigned, spent[account]));
  const { raw } = signed as { raw: string };
  await attemptsOf(opened, step, account).add(attemptOf(raw));
  await connection.provider.request({ method: "eth_sendRawTransaction", params: [raw] });
  await eventually(async () => {
    expect((await provider.getTransactionReceipt(keccak256(raw)))?.status).to.equal(0);
  });
}

/** A connection whose endpoint behaves as `meddle` has it. */
export function meddledWith(
  connection: NetworkConnection,
  meddle: (request: { method: string; params?: unknown }, answer: () => Promise<unknown>) => Promise<unknown>,
): NetworkConnection {
  const { provider } = connection;
  const request = (asked: { method: string; params?: unknown }) =>
    meddle(asked, () => provider.request(asked as never));
  return Object.create(connection, { provider: { value: { request } } }) as NetworkConnection;
}

/** As {@link meddledWith}, for what is asked through ethers as well. */
export function meddledWhole(...given: Parameters<typeof meddledWith>): NetworkConnection {
  const connection = meddledWith(...given);
  const provider = new BrowserProvider(connection.provider, undefined, { cacheTimeout: -1 });
  const ethers = Object.create(connection.ethers, { provider: { value: provider } }) as object;
  return Object.create(connection, { ethers: { value: ethers } }) as NetworkConnection;
}
