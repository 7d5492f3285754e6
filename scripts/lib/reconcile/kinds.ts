/** A value as JSON has it: the form in which rows are kept, compared and shown. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };
export type PlainRow = Readonly<Record<string, Plain>>;

/** A value as a word. */
export const textOf = (value: Plain | undefined): string =>
  typeof value === "object" ? JSON.stringify(value) : String(value);

/** How values of a type of column are written down, and read back for handlers. */
export interface Kind {
  /** What a handler wrote, as the database would keep it. */
  readonly kept: (value: unknown) => Plain;
  /** What a handler that reads the column gets. */
  readonly revived: (value: Plain) => unknown;
  /** What a database or GraphQL answered. Changes nothing that a difference could hide in. */
  readonly answered: (value: unknown) => Plain;
}

const asIs = (value: unknown) => value as Plain;
const hex = (value: unknown) => String(value).toLowerCase();

const nullable = ({ kept, revived, answered }: Kind): Kind => ({
  kept: (value) => (value === undefined || value === null ? null : kept(value)),
  revived: (value) => (value === null ? null : revived(value)),
  answered: (value) => (value === undefined || value === null ? null : answered(value)),
});

const same = { kept: asIs, revived: asIs, answered: asIs };

/** By Drizzle's names of column types. */
export const KINDS: Readonly<Record<string, Kind>> = Object.fromEntries(
  Object.entries({
    PgHex: { kept: hex, revived: asIs, answered: asIs },
    PgEvmBigint: { kept: String, revived: (value) => BigInt(value as string), answered: String },
    PgInteger: { ...same, answered: Number },
    PgBoolean: same,
    PgText: same,
    PgEnumColumn: same,
    // The one array is of hashes.
    PgArray: { kept: (value) => (value as unknown[]).map(hex), revived: asIs, answered: asIs },
    PgJson: { kept: sorted, revived: asIs, answered: sorted },
  } satisfies Record<string, Kind>).map(([type, kind]) => [type, nullable(kind)]),
);

/** The same JSON with the keys of objects in one order. */
function sorted(value: unknown): Plain {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value as Plain;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
