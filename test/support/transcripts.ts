import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a page shows of a terminal: a command, or time that passes, and what is to be read after it. */
export interface Exchange {
  /** `$ npx hardhat …`, or `# 2 days later`. */
  readonly line: string;
  readonly output: string;
}

const BLOCK = /^```console\n([\s\S]*?)^```$/gm;
const LINE = /^[$#] .*$/;

/** The transcripts of a page, block by block. */
export async function readTranscripts(page: string): Promise<Exchange[][]> {
  const text = await readFile(path.join(ROOT, page), "utf8");
  return Array.from(text.matchAll(BLOCK), ([, content]) => exchangesIn(content!));
}

/** Puts other transcripts in the place of those of a page. */
export async function writeTranscripts(
  page: string,
  blocks: readonly (readonly Exchange[])[],
): Promise<void> {
  const file = path.join(ROOT, page);
  let next = 0;
  const text = (await readFile(file, "utf8")).replaceAll(BLOCK, () => {
    const lines = blocks[next++]!.flatMap(({ line, output }) => (output === "" ? [line] : [line, output]));
    return ["```console", ...lines, "```"].join("\n");
  });
  await writeFile(file, text);
}

function exchangesIn(content: string): Exchange[] {
  const exchanges: { line: string; output: string[] }[] = [];
  for (const line of content.trimEnd().split("\n")) {
    if (LINE.test(line)) exchanges.push({ line, output: [] });
    else if (exchanges.length > 0) exchanges.at(-1)!.output.push(line);
    else throw new Error(`A transcript begins with a command, not with: ${line}`);
  }
  return exchanges.map(({ line, output }) => ({ line, output: output.join("\n") }));
}

const SECONDS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: 86_400 };

/** Seconds of `# 2 days later`; nothing for a command. */
export function secondsOf(line: string): number | undefined {
  const [, count, unit] = /^# (\d+) (second|minute|hour|day)s? later$/.exec(line) ?? [];
  return unit === undefined ? undefined : Number(count) * SECONDS[unit]!;
}

/** What differs from one run to the next, in the order in which it is looked for. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/0x[0-9a-f]{64}/g, "<hash>"],
  [/\b0x[0-9a-f]{8}\b/g, "<start of a hash>"],
  [/\b[0-9a-f]{64}\b/g, "<hash>"],
  [/(?:[0-9A-F]{16}\s*){4}/g, "<hash>"],
  [/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC/g, "<time>"],
  [/\d+ (second|minute|hour|day)s?( and \d+ (second|minute|hour|day)s?)*/g, "<duration>"],
  [/\bblock \d+/g, "block <number>"],
];

/** Without what differs from one run to the next: hashes, times, numbers of blocks. */
export const masked = (output: string): string =>
  VARYING.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), output.trimEnd());
