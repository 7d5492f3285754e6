/** Finds a line of a page in what was printed: `…` stands for anything, also for nothing. */
const patternOf = (line: string) =>
  new RegExp(
    line
      .trim()
      .split("…")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\s+/g, "\\s+"))
      .join(".*"),
  );

/** The first of the lines that a page promises and that is not to be seen, or not after the one before it. */
export function missingLine(promised: readonly string[], printed: string): string | undefined {
  let rest = printed.split("\n");
  for (const line of promised) {
    const pattern = patternOf(line);
    const found = rest.findIndex((one) => pattern.test(one));
    if (found < 0) return line;
    rest = rest.slice(found + 1);
  }
  return undefined;
}
