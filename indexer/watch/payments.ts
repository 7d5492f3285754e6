import { ponderLogger } from "./index.js";

interface PaymentLog {
  args: { paymentId: string };
  log: { logIndex: number };
  block: { number: bigint; timestamp: bigint };
  transaction: { hash: string };
}

/** A backfill does not tell again what was told when it happened. */
const RECENT_SECONDS = 3_600;

/** Logs what just happened to a payment: where to find it on the chain, and nothing about anybody. */
export function tellPaymentEvent(chain: { id: number; name: string }, event: PaymentLog, kind: string): void {
  if (Number(event.block.timestamp) < Date.now() / 1000 - RECENT_SECONDS) return;
  ponderLogger()?.info({
    msg: "Indexed payment event",
    chain: chain.name,
    chain_id: chain.id,
    kind,
    payment_id: event.args.paymentId,
    transaction: event.transaction.hash,
    block: Number(event.block.number),
    log_index: event.log.logIndex,
  });
}
