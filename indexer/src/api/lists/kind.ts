import type { Column } from "drizzle-orm";
import { PgArray } from "drizzle-orm/pg-core";

/** What a column can be compared with. The database would fail on anything else. */
export interface Kind {
  /** As an objection asks for it. */
  readonly words: string;
  readonly fits: (value: unknown) => boolean;
}

/** Of a list: what is in it. */
export function kindOf(column: Column): Kind {
  if (column instanceof PgArray) return kindOf(column.baseColumn);
  const { enumValues, dataType } = column;
  if (enumValues?.length) {
    return {
      words: `one of ${enumValues.join(", ")}`,
      fits: (value) => enumValues.includes(value as string),
    };
  }
  return KINDS[dataType] ?? { words: "nothing", fits: () => false };
}

const KINDS: Readonly<Partial<Record<Column["dataType"], Kind>>> = {
  string: {
    words: "a text without NUL characters",
    fits: (value) => typeof value === "string" && !value.includes("\0"),
  },
  number: {
    words: "a whole number of 32 bits",
    fits: (value) => typeof value === "number" && (value | 0) === value,
  },
  bigint: { words: "a whole number", fits: (value) => typeof value === "bigint" },
  boolean: { words: "true or false", fits: (value) => typeof value === "boolean" },
};
