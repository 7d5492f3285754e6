const URL_WITH_MORE =
  /\b((?:https?|wss?|postgres(?:ql)?):\/\/)(?:[^\s/"'`<>]*@)?([^\s/?#"'`<>\\]+)[^\s"'`<>\\)]*/gi;
const ADDRESS = /0x(?:0{24})?([0-9a-f]{40})(?![0-9a-f])/gi;
/** Greedy up to the last heading of that name, so that text somebody wrote on the chain cannot end it early. */
const EVENT_ARGUMENTS = /Event arguments:\n[\s\S]*\n(?=Log:\n)/;
const PAYMENT_ID = /^ *paymentId +0x[0-9a-f]{64}$/im;

/**
 * Text without what does not belong into a log: of URLs only the host is left (the rest may be a key or a password), of
 * addresses only those of contracts (everybody else's is personal data), of an event's arguments only the payment's id
 * (the others may be what somebody wrote).
 */
export function conceal(text: string, contracts: ReadonlySet<string>): string {
  return text
    .replace(EVENT_ARGUMENTS, (all) => `Event arguments:\n${PAYMENT_ID.exec(all)?.[0] ?? "  (not logged)"}\n`)
    .replace(URL_WITH_MORE, (_, scheme: string, host: string) => `${scheme}${host}/…`)
    .replace(ADDRESS, (all, address: string) =>
      contracts.has(`0x${address.toLowerCase()}`) ? all : "<address>",
    );
}

/** As {@link conceal}, of all that a log record carries. */
export function concealed(value: unknown, contracts: ReadonlySet<string>): unknown {
  if (typeof value === "string") return conceal(value, contracts);
  if (value instanceof Error) return concealedError(value, contracts);
  if (Array.isArray(value)) return value.map((item) => concealed(item, contracts));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, concealed(item, contracts)]));
  }
  return value;
}

/** An error with its name, message, stack and Ponder's notes, and nothing else: viem's carry the request and its URL. */
function concealedError(error: Error, contracts: ReadonlySet<string>): Error {
  const { meta } = error as { meta?: unknown };
  const copy = new Error(conceal(error.message, contracts));
  copy.name = error.name;
  copy.stack = error.stack === undefined ? undefined : conceal(error.stack, contracts);
  if (meta !== undefined) Object.assign(copy, { meta: concealed(meta, contracts) });
  return copy;
}
