/** How much one value may hold, in a variable or in the question itself. */
export const MOST_OF_A_VALUE = { listed: 1_000, depth: 24, characters: 4_000, digits: 78 } as const;

/** What is wrong with a value that costs more to read than any answer could need. */
export function objectionToValue(value: unknown, depth = 1): string | undefined {
  const { listed } = MOST_OF_A_VALUE;
  if (typeof value === "string") return objectionToText(value);
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > MOST_OF_A_VALUE.depth) {
    return `A value is more than ${MOST_OF_A_VALUE.depth} levels deep: give a flatter \`AND\` and \`OR\`.`;
  }
  const parts: unknown[] = Object.values(value);
  if (Array.isArray(value) && parts.length > listed) {
    return `A list of values has ${parts.length}, and ${listed} are allowed: ask in several.`;
  }
  for (const part of parts) {
    const objection = objectionToValue(part, depth + 1);
    if (objection !== undefined) return objection;
  }
  return undefined;
}

function objectionToText(text: string): string | undefined {
  const { characters, digits } = MOST_OF_A_VALUE;
  // Nothing on a chain is larger, and what counts with numbers takes longer the more digits they have.
  const number = text.length > digits ? /^\s*[+-]?(\d+)\s*$/.exec(text)?.[1] : undefined;
  if (number !== undefined && number.length > digits) {
    return `A number has ${number.length} digits, and ${digits} are allowed: give a smaller one.`;
  }
  if (text.length > characters) {
    return `A text has ${text.length} characters, and ${characters} are allowed: give a shorter one.`;
  }
  return undefined;
}

/** How many values a filter compares rows with. An empty one is one, too: it takes as long to read. */
export function countOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Math.max(
    1,
    Object.values(value).reduce((sum: number, part) => sum + countOf(part), 0),
  );
}
