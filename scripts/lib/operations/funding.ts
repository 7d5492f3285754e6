import { Interface, toBeHex } from "ethers";

import { NATIVE_COIN } from "../../../deploy/parameters.js";
import type { Fork } from "./fork.js";

const TOKEN = new Interface(["function balanceOf(address) view returns (uint256)"]);

/**
 * Gives an account money on a fork: of a token by writing the storage slot that its `balanceOf` reads, whichever that is.
 * No holder loses anything, and the token's total supply stays as it was.
 *
 * @returns Whether the token could be made to say so.
 */
export async function fund(fork: Fork, token: string, account: string, amount: bigint): Promise<boolean> {
  if (token === NATIVE_COIN) {
    await fork.setBalance(account, (await fork.provider.getBalance(account)) + amount);
    return true;
  }
  const question = { to: token, data: TOKEN.encodeFunctionData("balanceOf", [account]) };
  const balance = async () => BigInt(await fork.provider.call(question));
  const { accessList } = (await fork.provider.send("eth_createAccessList", [question, "latest"])) as {
    accessList: { address: string; storageKeys: string[] }[];
  };
  for (const { address, storageKeys } of accessList) {
    for (const slot of storageKeys) {
      const before = await fork.provider.getStorage(address, slot);
      const write = (word: string) => fork.provider.send("anvil_setStorageAt", [address, slot, word]);
      await write(toBeHex(amount, 32));
      if ((await balance().catch(() => 0n)) === amount) return true;
      await write(before);
    }
  }
  return false;
}
