import { checkpoints } from "./events.js";

const EVERY_MS = 250;

/** Wakes whoever waits for a chain to go on. However many wait, the database is asked once. */
export class Progress {
  #known: ReadonlyMap<number, string> = new Map();
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  /** What Ponder had got to on a chain when it was last asked. */
  at = (chainId: number): string | undefined => this.#known.get(chainId);

  /** Resolves once a chain is elsewhere than at `checkpoint`, or after `ms`, or at the signal. */
  async since(
    chainId: number,
    checkpoint: string | undefined,
    ms: number,
    signal: AbortSignal,
  ): Promise<void> {
    const until = Date.now() + ms;
    while (!signal.aborted && this.at(chainId) === checkpoint && Date.now() < until) await this.#next(signal);
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake);
      this.#timer ??= setTimeout(() => void this.#look(), EVERY_MS);
    });
  }

  async #look(): Promise<void> {
    // A database that does not answer now is asked again; whoever reads events from it hears of it.
    this.#known = await checkpoints().catch(() => this.#known);
    this.#timer = undefined;
    for (const wake of [...this.#waiting]) wake();
  }
}
