import { SingleBar } from "cli-progress";

/** Says what is being done and, once it is, how long it took. */
export async function phase<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  process.stdout.write(`${what} … `);
  const startedAt = performance.now();
  try {
    const result = await work();
    console.log(seconds(startedAt));
    return result;
  } catch (error) {
    console.log();
    throw error;
  }
}

/** As {@link phase}, with a bar on a terminal that the work moves. */
export async function countedPhase<Result>(
  what: string,
  total: number,
  work: (progress: (done: number, doing: string) => void) => Promise<Result>,
): Promise<Result> {
  if (!process.stdout.isTTY) return await phase(what, () => work(() => {}));

  const startedAt = performance.now();
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total}  {doing}`,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    // Ctrl-C is for whoever stops everything else too.
    gracefulExit: false,
  });
  bar.start(total, 0, { doing: "" });
  try {
    return await work((done, doing) => bar.update(done, { doing }));
  } finally {
    bar.stop();
    console.log(`${what} … ${seconds(startedAt)}`);
  }
}

const seconds = (startedAt: number) => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
