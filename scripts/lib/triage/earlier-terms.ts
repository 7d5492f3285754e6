import { provenTerms } from "../indexed-terms.js";
import { domainOf, type Payment } from "../signing.js";
import { inBatches } from "./batches.js";
import type { Site } from "./site.js";

const ROWS_AT_ONCE = 500;

const QUERY = `query ($chainId: Int!, $ids: [String]!, $limit: Int!) {
  payments(where: { chainId: $chainId, paymentId_in: $ids }, limit: $limit) {
    items {
      paymentId buyer seller token amount deadline onDeadline arbiter disputeWindow feeBps feeRecipient paymentReference
    }
  }
}`;

type Row = Record<keyof Payment | "paymentId", string>;

/**
 * Terms of payments that began before the logs that were read. The read model's, and believed only if they hash to the payment's
 * id; those that it does not tell are left out.
 */
export async function readEarlierTerms(
  site: Site,
  paymentIds: readonly string[],
): Promise<ReadonlyMap<string, Payment>> {
  if (paymentIds.length === 0) return new Map();
  const [domain, rows] = await Promise.all([
    domainOf(site.escrow),
    inBatches(paymentIds, ROWS_AT_ONCE, (ids) => ask(site, ids)),
  ]).catch(() => [{}, []] as const);
  const wanted = new Set(paymentIds);
  return new Map([...provenTerms(domain, rows)].filter(([paymentId]) => wanted.has(paymentId)));
}

async function ask({ readModel, place }: Site, ids: readonly string[]): Promise<readonly Row[]> {
  const variables = { chainId: place.record.chainId, ids, limit: ROWS_AT_ONCE };
  return (await readModel.ask<{ payments: { items: Row[] } }>(QUERY, variables)).payments.items;
}
