import { setTimeout as sleep } from "node:timers/promises";

import type { Indexer } from "../../../scripts/lib/indexer.js";
import { ReadModel } from "../../../scripts/lib/read-model.js";
import { hashTerms } from "../../../test/support/terms.js";
import { depositOf } from "../payments/calls.js";
import type { PaymentChain } from "../payments/chain.js";
import { termsOfNumber } from "../payments/terms.js";

const LOOK_EVERY_MS = 3;
const GIVE_UP_AFTER_MS = 30_000;
const GAS = 250_000n;

/**
 * Mines blocks of one deposit each, and asks GraphQL for the payment until it is there.
 *
 * @param first Number of the first payment: none of them may have been made.
 * @returns Milliseconds from when the chain had the block to an answer with the payment, of each block.
 */
export async function visibilityOf(
  chain: PaymentChain,
  indexer: Indexer,
  first: number,
  blocks: number,
): Promise<number[]> {
  const readModel = new ReadModel(indexer.url);
  const { node, makers } = chain;
  const waits: number[] = [];
  for (let n = first; n < first + blocks; ++n) {
    const terms = termsOfNumber(n, makers.tokens, await node.time());
    const paymentId = hashTerms(terms, makers.chainId, makers.escrow);
    await node.send([{ from: terms.buyer, to: makers.escrow, data: depositOf({ n, terms }), gas: GAS }]);
    await node.ask("evm_mine");
    const minedAt = performance.now();
    while (!(await isThere(readModel, chain.chainId, paymentId))) {
      if (performance.now() - minedAt > GIVE_UP_AFTER_MS) {
        throw new Error(`Payment ${paymentId} did not come into the read model.`);
      }
      await sleep(LOOK_EVERY_MS);
    }
    waits.push(performance.now() - minedAt);
  }
  return waits;
}

async function isThere(readModel: ReadModel, chainId: number, paymentId: string): Promise<boolean> {
  const { payment } = await readModel.ask<{ payment: object | null }>(
    `query ($chainId: Float!, $paymentId: String!) {
       payment(chainId: $chainId, paymentId: $paymentId) { status }
     }`,
    { chainId, paymentId },
  );
  return payment !== null;
}
