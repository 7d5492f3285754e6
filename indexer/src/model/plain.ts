/** Text that somebody wrote on the chain, as Postgres can store it. */
export const withoutNul = (text: string) => text.replaceAll("\0", "");

const HEX = /^0x[0-9a-f]*$/i;

/** Event arguments as JSON can carry them: integers as decimal strings, hex in lower case, text without NUL. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string") return HEX.test(value) ? value.toLowerCase() : withoutNul(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}
