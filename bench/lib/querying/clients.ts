import { percentile, rounded } from "../figures.js";

/** How long answers took, in milliseconds, and how many there were in a second. */
export interface Load {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
}

/** Clients that ask again as soon as they are answered, for some seconds; the first second does not count. */
export async function underLoad(
  clients: number,
  seconds: number,
  ask: (n: number) => Promise<unknown>,
): Promise<Load> {
  const took: number[] = [];
  const countFrom = performance.now() + 1_000;
  const end = countFrom + seconds * 1_000;
  let asked = 0;
  const client = async () => {
    for (;;) {
      const at = performance.now();
      if (at >= end) return;
      await ask(asked++);
      if (at >= countFrom) took.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return {
    p50Ms: rounded(percentile(took, 0.5)),
    p95Ms: rounded(percentile(took, 0.95)),
    p99Ms: rounded(percentile(took, 0.99)),
    requestsPerSecond: Math.round(took.length / seconds),
  };
}
