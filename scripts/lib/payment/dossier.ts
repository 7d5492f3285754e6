import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { pages } from "../../../deploy/logs.js";
import type { DeploymentRecord } from "../../../deploy/record.js";
import { Escrow__factory, EscrowLens__factory } from "../../../types/ethers-contracts/index.js";
import type { Payment } from "../signing.js";
import { termsOf } from "../triage/history.js";
import { OBSTACLES } from "./obstacles.js";

/** One payment, as the chain has it. */
export interface Dossier {
  readonly paymentId: string;
  readonly terms: Payment;
  readonly status: string;
  readonly onHold: boolean;
  readonly held: bigint;
  readonly released: bigint;
  readonly refunded: bigint;
  /** Unix seconds. */
  readonly claimableAt: number;
  readonly events: readonly {
    readonly event: string;
    readonly block: number;
    readonly transaction: string;
  }[];
}

const STATUSES = ["None", "Funded", "Disputed", "Closed"];

/**
 * Reads a payment and everything that became of it, from the chain alone.
 *
 * @throws {@link Fault} if there is no such payment.
 */
export async function readDossier(
  provider: Provider,
  record: DeploymentRecord,
  paymentId: string,
): Promise<Dossier> {
  const escrow = Escrow__factory.connect(record.contracts.escrow.address, provider);
  const head = await provider.getBlockNumber();
  const events: Dossier["events"][number][] = [];
  let terms: Payment | undefined;
  for (const [fromBlock, toBlock] of pages(record.startBlock, head)) {
    // Every event of a payment has its id in the first place, except for approvals, which have their own there.
    for (const topics of [
      [null, paymentId],
      [null, null, paymentId],
    ]) {
      const address = record.contracts.escrow.address;
      for (const log of await provider.getLogs({ address, topics, fromBlock, toBlock })) {
        const parsed = escrow.interface.parseLog(log);
        if (parsed === null) continue;
        if (parsed.name === "PaymentCreated") terms = termsOf(parsed.args);
        events.push({ event: parsed.name, block: log.blockNumber, transaction: log.transactionHash });
      }
    }
  }
  if (terms === undefined)
    throw new Fault(`The escrow of chain ${record.chainId} has made no payment ${paymentId}.`);
  const { status, flags, held, released } = await escrow.paymentState(paymentId);
  return {
    ...{ paymentId, terms, held, released },
    status: STATUSES[Number(status)]!,
    onHold: (flags & 1n) === 1n,
    refunded: terms.amount - held - released,
    claimableAt: Number(await escrow.claimableAt(terms)),
    events: events.sort((one, other) => one.block - other.block),
  };
}

/** What stands in the way of somebody doing something with a payment; nothing if they can. */
export async function obstacleTo(
  provider: Provider,
  record: DeploymentRecord,
  { terms, who, action }: { terms: Payment; who: string; action: number },
): Promise<{ name: string; sentence: string; possibleFrom: number } | undefined> {
  const lens = EscrowLens__factory.connect(record.contracts.escrowLens.address, provider);
  const { allowed, obstacle, possibleFrom } = await lens.canAct(terms, who, action);
  if (allowed) return undefined;
  const [name, sentence] = OBSTACLES[Number(obstacle)] ?? [
    "Unknown",
    "The lens names something that is not known here.",
  ];
  return { name, sentence, possibleFrom: Number(possibleFrom) };
}
