/** How often each line of a file was run, by its number. */
export type LineHits = ReadonlyMap<number, number>;

/** A declaration that has code; what else a file may hold (interfaces, types, constants, errors) is never run. */
const HAS_CODE = /^(abstract contract|contract|library|function) /m;

/** The lines of each file of a report in lcov's format. */
export function parseLcov(lcov: string): Map<string, LineHits> {
  const records = lcov.split("end_of_record").filter((record) => record.includes("SF:"));
  return new Map(
    records.map((record) => {
      const [, file] = /^SF:(.+)$/m.exec(record)!;
      const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)];
      return [file!, new Map(lines.map(([, line, hits]) => [Number(line), Number(hits)]))];
    }),
  );
}

/**
 * One sentence for each file that was not run completely. Hardhat counts a line as run only if every statement on it
 * was, so that all lines are all statements.
 *
 * @param sources Solidity files by their path.
 * @param covered What the report says of each. A file with code that it does not know was never compiled, or is not
 * instrumented: nothing of it was run.
 */
export function findShortfalls(
  sources: ReadonlyMap<string, string>,
  covered: ReadonlyMap<string, LineHits>,
): string[] {
  return [...sources].flatMap(([file, source]) => {
    const lines = covered.get(file);
    if (lines === undefined) return HAS_CODE.test(source) ? [`${file}: nothing of it was run`] : [];
    const missed = [...lines].filter(([, hits]) => hits === 0).map(([line]) => line);
    if (missed.length === 0) return [];
    return [
      `${file}: ${missed.length} of ${lines.size} lines not run: ${missed.sort((a, b) => a - b).join(", ")}`,
    ];
  });
}
