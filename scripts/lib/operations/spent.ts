import type { Provider } from "ethers";

import { attemptsOf, lastFew } from "./attempts.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";

/** The nonces that a key's own attempts used up without doing anything, oldest first. */
export type Spent = readonly number[];

/**
 * What a key signs at once, it can sign again with its next nonce: an attempt of it that was mined and failed, such as for
 * want of gas, has used a nonce and changed nothing. All that comes after it moves by one. The chain is asked whether it
 * was so.
 *
 * @param signal Ends it after the attempt that is being looked up, with an error. Who brings one has no time for more than
 * the last few.
 */
export async function spentNonces(
  provider: Provider,
  opened: OpenManifest,
  account: string,
  signal?: AbortSignal,
): Promise<Spent> {
  const own = opened.manifest.steps.filter((step) => step.branch === "main" && step.account === account);
  const spent = new Set<number>();
  for (const { id } of own) {
    const attempts = await attemptsOf(opened, id, account).read();
    for (const { hash } of signal ? lastFew(attempts) : attempts) {
      signal?.throwIfAborted();
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt?.status !== 0 || receipt.from !== account) continue;
      const sent = await provider.getTransaction(hash);
      if (sent !== null && isCallOf(opened.step(id), sent)) spent.add(sent.nonce);
    }
  }
  return [...spent].sort((one, other) => one - other);
}

/** The nonce of a step, if it is carried out with `nonce` or one near it. Others than those of the main branch are bound. */
export const placeOf = (step: Pick<Step, "branch" | "nonce">, nonce: number, spent: Spent): number =>
  step.branch === "main" ? step.nonce + spent.filter((used) => used < nonce).length : step.nonce;

interface Sent {
  readonly from: string;
  readonly to: string | null;
  readonly data: string;
  readonly value: bigint;
}

export const isCallOf = ({ account, transaction: { to, data, value } }: Step, sent: Sent): boolean =>
  sent.from === account && sent.to === to && sent.data === data && sent.value === BigInt(value);
