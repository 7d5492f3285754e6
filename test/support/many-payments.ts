import { toBeHex, type Interface } from "ethers";

import type { deployedSuite } from "./suite.js";
import { termsOf, type Terms } from "./terms.js";

type Suite = Awaited<ReturnType<typeof deployedSuite>>;

/** Deposits in one transaction: some 20 million gas. */
const AT_ONCE = 250;

/**
 * Makes many payments with the escrow's own `multicall`, real in every respect; of every four, one is released and one is
 * partly refunded.
 *
 * @param buyer Has the tokens and has approved the escrow.
 */
export async function makeMany(
  { escrow }: Suite,
  {
    buyer,
    seller,
    token,
    deadline,
    count,
  }: { buyer: Suite["deployer"]; seller: Suite["deployer"]; token: string; deadline: bigint; count: number },
): Promise<void> {
  const send = async (from: Suite["deployer"], calls: string[]) => {
    for (let first = 0; first < calls.length; first += AT_ONCE) {
      const some = calls.slice(first, first + AT_ONCE);
      const sent = await escrow.connect(from).multicall(some, { gasLimit: 200_000n * BigInt(AT_ONCE) });
      await sent.wait();
    }
  };
  const abi: Interface = escrow.interface;
  const encode = (name: string, args: unknown[]) => abi.encodeFunctionData(name, args);
  for (let first = 0; first < count; first += 4 * AT_ONCE) {
    const terms = Array.from({ length: Math.min(4 * AT_ONCE, count - first) }, (_, i): Terms =>
      termsOf(first + i, {
        buyer: buyer.address,
        seller: seller.address,
        token,
        amount: 1_000n + BigInt(first + i),
        deadline,
        paymentReference: toBeHex(10_000_000 + first + i, 32),
      }),
    );
    await send(
      buyer,
      terms.map((payment) => encode("deposit", [payment])),
    );
    await send(
      buyer,
      terms.filter((_, i) => i % 4 === 0).map((payment) => encode("release", [payment, payment.amount])),
    );
    await send(
      seller,
      terms.filter((_, i) => i % 4 === 1).map((payment) => encode("refund", [payment, 100n])),
    );
  }
}
