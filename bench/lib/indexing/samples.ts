export type Samples = { name: string; labels: Record<string, string | undefined>; value: number }[];

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** What `/metrics` of an indexer says. */
export async function scrape(url: string): Promise<Samples> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, label, of]) => [label!, of!] as const);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}
