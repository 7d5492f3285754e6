import { setTimeout } from "node:timers/promises";

import type { Provider, TypedDataDomain } from "ethers";

import type { DeploymentRecord } from "../../../deploy/record.js";
import { EscrowLens__factory, Escrow__factory } from "../../../types/ethers-contracts/index.js";
import type { PaymentStateStructOutput } from "../../../types/ethers-contracts/contracts/EscrowLens.js";
import { termsOfRow } from "../indexed-terms.js";
import { domainOf, paymentIdOf, type Payment } from "../signing.js";

const STATUSES = ["None", "Funded", "Disputed", "Closed"];

/** A payment as the read model has it. */
export type Row = Record<
  keyof Payment | "paymentId" | "status" | "held" | "released" | "updatedBlock",
  string
> & {
  onHold: boolean;
};

interface Comparing {
  readonly provider: Provider;
  readonly record: DeploymentRecord;
  /** How far the read model said that it is. */
  readonly block: number;
  readonly rows: ReadonlyMap<string, Row>;
  /** Seconds that the chain's endpoint may take to come to the block that the read model has. */
  readonly patience: number;
}

/** A payment, and whether the read model has it right as of a block. */
export interface Comparison {
  readonly paymentId: string;
  readonly block: number;
  readonly matched: boolean;
}

/**
 * Compares rows with the chain, each as of the block that it is of: the read model's, or its own where it was written since. A row of
 * a block that the chain does not have is wrong: left out, it could hide whatever it likes.
 */
export async function compareAll(comparing: Comparing, ids: readonly string[]): Promise<Comparison[]> {
  const { rows, block } = comparing;
  const head = await headOf(comparing, ids);
  const byBlock = new Map<number, string[]>();
  const wrong: Comparison[] = [];
  for (const paymentId of ids) {
    const at = blockOf(rows.get(paymentId), block);
    if (at === undefined || at > head) wrong.push({ paymentId, block, matched: false });
    else byBlock.set(at, [...(byBlock.get(at) ?? []), paymentId]);
  }
  const compared: Comparison[] = [];
  for (const [at, some] of byBlock) compared.push(...(await compareAt(comparing, at, some)));
  return [...compared, ...wrong];
}

/** The chain's head, which the read model may know before the endpoint that is asked here. */
async function headOf(
  { provider, rows, block, patience }: Comparing,
  ids: readonly string[],
): Promise<number> {
  const last = Math.max(block, ...ids.map((id) => blockOf(rows.get(id), block) ?? 0));
  for (let waited = 0; ; waited++) {
    const head = await provider.getBlockNumber();
    if (head >= last || waited >= patience) return head;
    await setTimeout(1_000);
  }
}

/** The block as of which a row can be compared; nothing if what it says of that is nonsense. */
function blockOf(row: Row | undefined, block: number): number | undefined {
  if (row === undefined) return block;
  const updated = /^\d{1,15}$/.test(String(row.updatedBlock)) ? Number(row.updatedBlock) : undefined;
  return updated === undefined ? undefined : Math.max(block, updated);
}

async function compareAt(
  { provider, record, rows }: Comparing,
  block: number,
  ids: readonly string[],
): Promise<Comparison[]> {
  const { escrow, escrowLens } = record.contracts;
  const domain = await domainOf(Escrow__factory.connect(escrow.address, provider));
  const lens = EscrowLens__factory.connect(escrowLens.address, provider);
  const { states } = await lens.snapshot([], [...ids], { blockTag: block });
  return ids.map((paymentId, i) => {
    const row = rows.get(paymentId);
    const matched = row !== undefined && isRight(row, paymentId, domain, states[i]!);
    return { paymentId, block, matched };
  });
}

/** Whether a row says what its id and the chain say; amounts that are none, and terms that no contract takes, do not. */
function isRight(
  row: Row,
  paymentId: string,
  domain: TypedDataDomain,
  { status, flags, held, released }: PaymentStateStructOutput,
): boolean {
  try {
    return (
      paymentIdOf(domain, termsOfRow(row)) === paymentId &&
      row.status === STATUSES[Number(status)] &&
      row.onHold === ((flags & 1n) === 1n) &&
      BigInt(row.held) === held &&
      BigInt(row.released) === released
    );
  } catch {
    return false;
  }
}
