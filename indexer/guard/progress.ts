/** How far an index and the endpoints of its chain are. */
export interface Standing {
  /** Something that changes whenever the index moves. */
  mark: string;
  block: number;
  /** The highest head that an endpoint tells, if any does. */
  head: number | undefined;
}

/**
 * Tells an index that stands still while its chain goes on. As long as no endpoint tells a new block there is nothing
 * that the index could miss.
 */
export class Progress {
  #last: { mark: string; since: number; head: number } | undefined;

  constructor(
    private readonly patienceMs: number,
    private readonly now: () => number = Date.now,
  ) {}

  /** Takes note of the standing, and says whether the index has stood still for too long. */
  isStalled({ mark, head }: Standing): boolean {
    if (head === undefined) return false;
    if (this.#last?.mark !== mark) {
      this.#last = { mark, since: this.now(), head };
      return false;
    }
    // The clock runs from the first block that the index should have taken.
    if (head <= this.#last.head) this.#last.since = this.now();
    return this.now() - this.#last.since > this.patienceMs;
  }
}
