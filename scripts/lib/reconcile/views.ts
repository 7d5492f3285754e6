import { textOf } from "./kinds.js";
import type { Tabular } from "./report.js";
import type { Scratch } from "./scratch.js";

/** What reports tell, out of the rows that follow from the chain's events. Amounts are in the token's smallest unit. */
export const VIEWS = { daily, aging } as const;
export type View = keyof typeof VIEWS;

const DAY = 86_400;
const day = (seconds: number) => new Date(seconds * 1_000).toISOString().slice(0, 10);

/** What came in and went out, by day (UTC) and token, and what was held at its end. */
function daily(scratch: Scratch): Tabular {
  interface Day {
    deposits: number;
    deposited: bigint;
    released: bigint;
    refunded: bigint;
    fees: bigint;
  }
  const tokenOf = (paymentId: string) => scratch.payment(paymentId)?.token as string;
  const days = new Map<string, Day>();
  for (const row of scratch.rows("paymentEvent")) {
    if (!["PaymentCreated", "PaymentReleased", "PaymentRefunded"].includes(row.kind as string)) continue;
    const key = `${day(Number(row.timestamp))} ${tokenOf(row.paymentId as string)}`;
    let sums = days.get(key);
    if (sums === undefined)
      days.set(key, (sums = { deposits: 0, deposited: 0n, released: 0n, refunded: 0n, fees: 0n }));
    const amount = BigInt(row.amount as string);
    if (row.kind === "PaymentCreated") {
      sums.deposits += 1;
      sums.deposited += amount;
    } else if (row.kind === "PaymentReleased") {
      sums.released += amount;
      sums.fees += BigInt(row.fee as string);
    } else sums.refunded += amount;
  }
  const held = new Map<string, bigint>();
  const rows = [...days]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, sums]) => {
      const [date, token] = key.split(" ") as [string, string];
      held.set(token, (held.get(token) ?? 0n) + sums.deposited - sums.released - sums.refunded);
      const { deposits, deposited, released, refunded, fees } = sums;
      return [date, token, ...[deposits, deposited, released, refunded, fees, held.get(token)!].map(String)];
    });
  return { head: ["day", "token", "deposits", "deposited", "released", "refunded", "fees", "held"], rows };
}

/** Money that still waits, by token and by how long it is overdue at the block's time. */
function aging(scratch: Scratch, now: number): Tabular {
  const buckets = new Map<string, { payments: number; held: bigint }>();
  for (const row of scratch.rows("payment")) {
    if (row.status === "Closed") continue;
    const late = now - Number(row.deadline);
    const age =
      late < 0
        ? "not due"
        : late < 7 * DAY
          ? "under 7 days"
          : late < 30 * DAY
            ? "7 to 30 days"
            : "over 30 days";
    const key = [textOf(row.token), textOf(row.status), row.onHold ? "on hold" : "", age].join("\t");
    const bucket = buckets.get(key) ?? { payments: 0, held: 0n };
    buckets.set(key, { payments: bucket.payments + 1, held: bucket.held + BigInt(row.held as string) });
  }
  const rows = [...buckets]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, { payments, held }]) => [...key.split("\t"), String(payments), String(held)]);
  return { head: ["token", "status", "hold", "overdue", "payments", "held"], rows };
}
