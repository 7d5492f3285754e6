import { ADVICE, type Finding } from "./findings.js";
import { textOf, type Plain } from "./kinds.js";
import type { Contradiction } from "./state.js";

/** What others say of something that a contract answers otherwise than its events. */
export interface Witnesses {
  readonly rpc: string;
  /** What the index has. */
  readonly indexed: Plain | undefined;
  /** The second endpoint, and what it answers, if it was asked. */
  readonly second?: { readonly name: string; readonly state: string | undefined };
}

/** Whether the index saw events that the endpoint does not give: then its logs are no yardstick. */
export const sawMore = ({ state }: Contradiction, { indexed }: Witnesses) =>
  indexed !== undefined && textOf(indexed).toLowerCase() === state.toLowerCase();

/** Who lies: an endpoint about a slot, an endpoint that withholds logs, or the contract in its events. */
export function judge(contradiction: Contradiction, witnesses: Witnesses): Finding {
  const { table, key, paymentId, field, state, events } = contradiction;
  const { rpc, second } = witnesses;
  const about = { table, key, ...(paymentId !== undefined && { paymentId }), field };
  if (second?.state !== undefined && second.state !== state) {
    const found = `${rpc} answers ${state}, ${second.name} ${second.state}`;
    return { outcome: "lookup_failed", ...about, found, expected: events, advice: ADVICE.distrust };
  }
  if (second?.state === undefined && sawMore(contradiction, witnesses)) {
    const found = `${rpc} answers ${state}, as the index has it, and its logs make ${events}`;
    return { outcome: "lookup_failed", ...about, found, expected: events, advice: ADVICE.askAnother };
  }
  return {
    outcome: table === "token" || table === "credit" ? "total_mismatch" : "state_mismatch",
    ...about,
    found: `${state} on the chain`,
    expected: `${events}, which follows from the events`,
    advice: second?.state === undefined ? `${ADVICE.investigate}. ${ADVICE.askAnother}` : ADVICE.investigate,
    ...(paymentId !== undefined && (field === "held" || field === "released") && { leak: true as const }),
  };
}
