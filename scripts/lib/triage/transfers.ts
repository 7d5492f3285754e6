import { id, zeroPadValue, type Log } from "ethers";

import { NATIVE_COIN } from "../../../deploy/parameters.js";
import { pages } from "../../../deploy/logs.js";
import { isSameAddress } from "../same-address.js";
import type { Finding, Unknown } from "./finding.js";
import { outgoingKey, type History } from "./history.js";
import { formatAmount } from "./money.js";
import type { Site } from "./site.js";

const TRANSFER = id("Transfer(address,address,uint256)");

/** What a transaction moved of a token out of the escrow beyond what its events account for. */
interface Excess {
  readonly transaction: string;
  readonly token: string;
  readonly amount: bigint;
  /** The payment that most of it may be, if any. */
  readonly paymentId?: string;
}

/** Transactions that moved more of a token out of the escrow than its events say. The native coin leaves no logs. */
export async function judgeTransfers(
  site: Site,
  history: History,
  tokens: readonly string[],
): Promise<{ findings: Finding[]; unknown: Omit<Unknown, "check">[] }> {
  const excesses = excessesOf(await readTransfersOut(site, tokens), history);
  // What a payment paid whose token nobody tells may be all of it, and explains no more than that.
  const explained = ({ transaction }: Excess) => history.untold.get(transaction) ?? 0n;
  const certain = excesses.filter((excess) => excess.amount > explained(excess));
  const untold = excesses.filter((excess) => excess.amount <= explained(excess));
  const described = await site.describe(certain.map(({ token }) => token));
  const findings = certain.map(({ transaction, token, amount, paymentId }): Finding => {
    const atLeast = explained({ transaction, token, amount }) > 0n ? "up to " : "";
    return {
      check: "doubles",
      reason: "unaccounted_transfer",
      ...(paymentId === undefined ? { subject: transaction } : { paymentId }),
      sentence:
        `The transaction ${transaction} moved ${atLeast}${formatAmount(described, token, amount)} more out of the escrow than ` +
        "its events account for.",
      command: site.stopCommand(`${transaction.slice(0, 10)} moved more than its events say`),
    };
  });
  return { findings, unknown: untold.length === 0 ? [] : [whyUntold(site, untold)] };
}

function whyUntold(site: Site, untold: readonly Excess[]): Omit<Unknown, "check"> {
  const transactions = [...new Set(untold.map(({ transaction }) => transaction))];
  const [first, ...others] = transactions;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return {
    why:
      `Whether ${first}${more} moved only what payments paid out is not known: they were made before block ` +
      `${site.place.fromBlock}, and the read model does not tell in which token.`,
    command: site.command("triage doubles"),
  };
}

function excessesOf(transfers: readonly Log[], { outgoing }: History): Excess[] {
  const moved = new Map<string, { amount: bigint; token: string; transaction: string }>();
  for (const { address: token, transactionHash: transaction, data } of transfers) {
    const key = outgoingKey(transaction, token);
    const amount = (moved.get(key)?.amount ?? 0n) + BigInt(data === "0x" ? 0 : data);
    moved.set(key, { amount, token, transaction });
  }
  return [...moved].flatMap(([key, { amount: all, ...where }]) => {
    const accounted = outgoing.get(key);
    const amount = all - (accounted?.amount ?? 0n);
    const payment = accounted?.paymentId === undefined ? {} : { paymentId: accounted.paymentId };
    return amount > 0n ? [{ ...where, ...payment, amount }] : [];
  });
}

async function readTransfersOut({ place, at }: Site, tokens: readonly string[]): Promise<Log[]> {
  const address = tokens.filter((token) => !isSameAddress(token, NATIVE_COIN));
  if (address.length === 0) return [];
  const topics = [TRANSFER, zeroPadValue(place.record.contracts.escrow.address, 32)];
  const found: Log[] = [];
  for (const [fromBlock, toBlock] of pages(place.fromBlock, at.number))
    found.push(...(await place.provider.getLogs({ address, topics, fromBlock, toBlock })));
  return found;
}
