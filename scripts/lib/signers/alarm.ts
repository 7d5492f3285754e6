import type { Fault } from "../../../deploy/fault.js";

/** Ends a wait for a person or a cable: rings with a fault, unless it is set anew or stopped before. */
export class Alarm {
  readonly #rung = Promise.withResolvers<never>();
  readonly #over = new AbortController();
  #timer?: NodeJS.Timeout;
  #hasRung = false;

  constructor() {
    // Whoever waits hears of it; nobody has to.
    this.#rung.promise.catch(() => undefined);
  }

  get hasRung(): boolean {
    return this.#hasRung;
  }

  /** Rejects when the alarm rings. */
  get rung(): Promise<never> {
    return this.#rung.promise;
  }

  /** Aborted when the wait is over, one way or the other. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  set(milliseconds: number, fault: () => Fault): void {
    clearTimeout(this.#timer);
    if (!this.over.aborted) this.#timer = setTimeout(() => this.ring(fault()), milliseconds);
  }

  ring(fault: unknown): void {
    if (!this.over.aborted) this.#hasRung = true;
    this.#rung.reject(fault);
    this.stop();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#over.abort();
  }
}
