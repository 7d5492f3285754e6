import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/record.js";
import { Escrow__factory } from "../../../types/ethers-contracts/index.js";
import { indexedBlock } from "../indexer.js";
import type { ReadModel } from "../read-model.js";
import { compareAll, type Row } from "./comparison.js";
import { isBehind } from "./lag.js";
import type { Sample } from "./samples.js";

/** What one question may ask at once, within the endpoint's bounds. */
const AT_ONCE = 20;
/** Blocks in which to look for payments that the read model may lack. */
const RECENT_BLOCKS = 5_000;

const COLUMNS =
  "paymentId buyer seller token amount deadline onDeadline arbiter disputeWindow feeBps feeRecipient paymentReference " +
  "status onHold held released updatedBlock";

export interface Sampling {
  readonly readModel: ReadModel;
  /** Where the read model answers. */
  readonly indexer: string;
  readonly provider: Provider;
  readonly record: DeploymentRecord;
  readonly count: number;
  /** Unix seconds. */
  readonly now: number;
  /** Seconds that the endpoint may be behind the read model; default 15. */
  readonly patience?: number;
}

/**
 * Compares payments that chance picks with the chain, as of the block that the read model has: half of the read model's, half
 * of those that the chain made lately, so that one which is missing is seen too. What changed meanwhile is compared as of then.
 * Of a read model that is minutes behind, nothing matches.
 */
export async function sample(sampling: Sampling): Promise<Sample[]> {
  const { readModel, indexer, provider, record, count, now, patience = 15 } = sampling;
  const { chainId } = record;
  const block = await indexedBlock(indexer, chainId).catch((cause: Error) => {
    throw new Fault(`The read model at ${indexer} does not tell how far it is: ${cause.message}.`, { cause });
  });
  const behind = await isBehind(provider, chainId, block, now);
  const chosen = await chooseIds(readModel, chainId, Math.ceil(count / 2));
  const made = await recentIds(provider, record, block, Math.floor(count / 2));
  const ids = [...new Set([...chosen, ...made])];
  const rows = await readRows(readModel, chainId, ids);
  const compared = await compareAll({ provider, record, block, rows, patience }, ids);
  return compared.map(({ matched, ...one }) => ({ at: now, ...one, matched: matched && !behind }));
}

/** The payments that were the next to be made after moments that chance picks. */
async function chooseIds(readModel: ReadModel, chainId: number, count: number): Promise<string[]> {
  const edge = (direction: "asc" | "desc") =>
    `payments(where: { chainId: ${chainId} }, orderBy: "createdAt", orderDirection: "${direction}", limit: 1) { items { createdAt } }`;
  const edges = await readModel.ask<Record<"first" | "last", { items: { createdAt: string }[] }>>(
    `{ first: ${edge("asc")} last: ${edge("desc")} }`,
  );
  const [first, last] = [edges.first, edges.last].map(({ items }) => Number(items[0]?.createdAt));
  if (first === undefined || last === undefined || Number.isNaN(first)) return [];
  const ids: string[] = [];
  for (let left = count; left > 0; left -= AT_ONCE) {
    const aliases = Array.from({ length: Math.min(left, AT_ONCE) }, (_, i) => {
      const moment = first + Math.floor(Math.random() * (last - first + 1));
      return `p${i}: payments(where: { chainId: ${chainId}, createdAt_gte: "${moment}" }, orderBy: "createdAt", limit: 1) { items { paymentId } }`;
    });
    const answer = await readModel.ask<Record<string, { items: { paymentId: string }[] }>>(
      `{ ${aliases.join(" ")} }`,
    );
    ids.push(...Object.values(answer).flatMap(({ items }) => items.map(({ paymentId }) => paymentId)));
  }
  return ids;
}

/** Payments that the chain made lately, a random run of them. */
async function recentIds(
  provider: Provider,
  { contracts, startBlock }: DeploymentRecord,
  block: number,
  count: number,
): Promise<string[]> {
  const { escrow } = contracts;
  const filter = Escrow__factory.connect(escrow.address, provider).filters.PaymentCreated();
  const topics = await filter.getTopicFilter();
  const fromBlock = Math.max(startBlock, block - RECENT_BLOCKS + 1);
  const logs = await provider.getLogs({ address: escrow.address, topics, fromBlock, toBlock: block });
  const first = Math.floor(Math.random() * Math.max(1, logs.length - count + 1));
  return logs.slice(first, first + count).map(({ topics }) => topics[1]!);
}

async function readRows(
  readModel: ReadModel,
  chainId: number,
  ids: readonly string[],
): Promise<Map<string, Row>> {
  const rows = new Map<string, Row>();
  for (let first = 0; first < ids.length; first += AT_ONCE) {
    const { payments } = await readModel.ask<{ payments: { items: Row[] } }>(
      `query ($chainId: Int!, $ids: [String!]) {
         payments(where: { chainId: $chainId, paymentId_in: $ids }, limit: ${AT_ONCE}) { items { ${COLUMNS} } }
       }`,
      { chainId, ids: ids.slice(first, first + AT_ONCE) },
    );
    for (const row of payments.items) rows.set(row.paymentId, row);
  }
  return rows;
}
