import { ADVICE, type Finding } from "./findings.js";
import { textOf, type Plain } from "./kinds.js";
import type { Suspect } from "./witnesses.js";

/** Whether the two endpoints answer different things. */
export const isDisputed = ({ contradiction, second }: Suspect) =>
  second !== undefined && second.state !== contradiction.state;

/** Whether the index saw events that the endpoint does not give: then its logs are no yardstick. */
export const sawMore = ({ contradiction: { state } }: Suspect, indexed: Plain | undefined) =>
  indexed !== undefined && textOf(indexed).toLowerCase() === state.toLowerCase();

/**
 * Who lies: an endpoint about a slot, an endpoint that withholds logs, or the contract in its events.
 *
 * @param indexed What the index has.
 */
export function judge(suspect: Suspect, indexed: Plain | undefined): Finding {
  const { rpc, second, contradiction } = suspect;
  const { table, key, paymentId, field, state, events } = contradiction;
  const about = { table, key, ...(paymentId !== undefined && { paymentId }), field };
  if (isDisputed(suspect)) {
    const found = `${rpc} answers ${state}, ${second!.name} ${second!.state}`;
    return { outcome: "lookup_failed", ...about, found, expected: events, advice: ADVICE.distrust };
  }
  if (second === undefined && sawMore(suspect, indexed)) {
    const found = `${rpc} answers ${state}, as the index has it, and its logs make ${events}`;
    return { outcome: "lookup_failed", ...about, found, expected: events, advice: ADVICE.askAnother };
  }
  return {
    outcome: table === "token" || table === "credit" ? "total_mismatch" : "state_mismatch",
    ...about,
    found: `${state} on the chain`,
    expected: `${events}, which follows from the events`,
    advice: second === undefined ? `${ADVICE.investigate}. ${ADVICE.askAnother}` : ADVICE.investigate,
    ...(paymentId !== undefined && (field === "held" || field === "released") && { leak: true as const }),
  };
}
