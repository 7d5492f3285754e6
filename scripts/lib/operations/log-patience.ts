/** After that long nobody who needs a rollback waits for an endpoint that reads logs. */
const URGENT_MS = 10_000;

/** How long somebody in a hurry waits for something, in all. Looks at the same time share the time that they take. */
class Budget {
  #looks = 0;
  #began = 0;

  constructor(private left: number) {}

  /**
   * @param read Ends when the signal does; whether it does or not, nobody waits longer.
   * @throws What ended it.
   */
  async spend<Result>(read: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (this.#looks === 0) this.#began = Date.now();
    const left = this.left - (Date.now() - this.#began);
    if (left <= 0) throw new Error("The endpoint took too long.");
    const signal = AbortSignal.timeout(left);
    this.#looks += 1;
    try {
      return await unlessEnded(signal, read(signal));
    } finally {
      this.#looks -= 1;
      if (this.#looks === 0) this.left -= Date.now() - this.#began;
    }
  }
}

/** How long somebody in a hurry waits for logs, in all: whoever looks again does not wait again. */
export class LogPatience extends Budget {
  /** The same for the transactions that files name: somebody may have filled them, and that is paid for once as well. */
  readonly named: Budget;

  constructor(left = URGENT_MS) {
    super(left);
    this.named = new Budget(left);
  }
}

/** What work comes to, unless the signal ends first. */
export async function unlessEnded<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const end = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  return await Promise.race([work, end]);
}
