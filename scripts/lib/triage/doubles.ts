import { id, zeroPadValue, type Log } from "ethers";

import { NATIVE_COIN } from "../../../deploy/parameters.js";
import { pages } from "../../../deploy/logs.js";
import type { Finding, Outcome } from "./finding.js";
import { outgoingKey, type Course, type History } from "./history.js";
import { isSameAddress } from "../same-address.js";
import { formatAmount } from "./money.js";
import type { Site } from "./site.js";
import type { Tokens } from "./tokens.js";

const TRANSFER = id("Transfer(address,address,uint256)");

/** Payments that paid out more than came in, or closed twice; and transfers that no event accounts for. */
export async function findDoublePayouts(site: Site): Promise<Outcome> {
  const history = await site.history();
  const only = site.place.paymentId;
  const courses = [...history.courses].filter(([paymentId]) => only === undefined || paymentId === only);
  const tokens = await site.describe([
    ...courses.flatMap(([, { terms }]) => (terms === undefined ? [] : [terms.token])),
    ...(only === undefined ? (await site.tokens()).addresses : []),
  ]);
  const findings = [
    ...courses.flatMap(([paymentId, course]) => judge({ site, tokens }, paymentId, course)),
    ...(only === undefined ? await findUnaccounted({ site, tokens }, history) : []),
  ];
  return { findings, looked: `${courses.length} payments` };
}

/** A site, and what amounts are told in there. */
interface Telling {
  readonly site: Site;
  readonly tokens: Tokens;
}

function judge(
  { site, tokens }: Telling,
  paymentId: string,
  { terms, created, movements }: Course,
): Finding[] {
  // What began before the first block that was read cannot be judged.
  if (terms === undefined) return [];
  const find = (reason: string, sentence: string): Finding => ({
    ...{ check: "doubles", reason, paymentId, sentence },
    command: site.stopCommand(`payment ${paymentId.slice(0, 10)} may have paid out twice`),
  });
  const amount = (value: bigint) => formatAmount(tokens, terms.token, value);
  const paid = movements.reduce((sum, movement) => sum + movement.amount, 0n);
  const closings = movements.filter(({ held }) => held === 0n);
  return [
    ...(created.length > 1
      ? [find("deposited_twice", `It was deposited ${created.length} times: ${hashes(created)}.`)]
      : []),
    ...(paid > terms.amount
      ? [
          find(
            "paid_beyond_amount",
            `It paid out ${amount(paid)} of ${amount(terms.amount)}: ${hashes(movements)}.`,
          ),
        ]
      : []),
    ...(closings.length > 1
      ? [find("closed_twice", `It was closed ${closings.length} times: ${hashes(closings)}.`)]
      : []),
    ...(closings.length > 0 && movements.at(-1)!.held !== 0n
      ? [find("moved_after_closing", `It went on after it was closed: ${hashes(movements.slice(-1))}.`)]
      : []),
  ];
}

const hashes = (some: readonly { transaction: string }[]) =>
  [...new Set(some.map(({ transaction }) => transaction))].join(", ");

/** Transactions that moved more of a token out of the escrow than its events say. The native coin leaves no logs. */
async function findUnaccounted({ site, tokens }: Telling, { outgoing }: History): Promise<Finding[]> {
  const moved = new Map<string, { amount: bigint; token: string; transaction: string }>();
  for (const { address: token, transactionHash: transaction, data } of await readTransfersOut(site)) {
    const key = outgoingKey(transaction, token);
    const amount = (moved.get(key)?.amount ?? 0n) + BigInt(data === "0x" ? 0 : data);
    moved.set(key, { amount, token, transaction });
  }
  return [...moved].flatMap(([key, { amount, token, transaction }]) => {
    const accounted = outgoing.get(key);
    const extra = amount - (accounted?.amount ?? 0n);
    if (extra <= 0n) return [];
    const paymentId = accounted?.paymentId;
    return [
      {
        check: "doubles" as const,
        reason: "unaccounted_transfer",
        ...(paymentId === undefined ? { subject: transaction } : { paymentId }),
        sentence:
          `The transaction ${transaction} moved ${formatAmount(tokens, token, extra)} more out of the escrow than its ` +
          "events account for.",
        command: site.stopCommand(`${transaction.slice(0, 10)} moved more than its events say`),
      },
    ];
  });
}

async function readTransfersOut(site: Site): Promise<Log[]> {
  const { place, at } = site;
  const address = (await site.tokens()).addresses.filter((token) => !isSameAddress(token, NATIVE_COIN));
  if (address.length === 0) return [];
  const topics = [TRANSFER, zeroPadValue(place.record.contracts.escrow.address, 32)];
  const found: Log[] = [];
  for (const [fromBlock, toBlock] of pages(place.fromBlock, at.number))
    found.push(...(await place.provider.getLogs({ address, topics, fromBlock, toBlock })));
  return found;
}
