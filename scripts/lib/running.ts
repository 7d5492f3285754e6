import { setTimeout as sleep } from "node:timers/promises";

import { Fault } from "../../deploy/fault.js";

/** What runs and has to be stopped again. */
export interface Stoppable {
  stop(): Promise<void>;
  /** Resolves once it has ended, by itself or not, with a sentence about it. */
  ended?: Promise<string>;
}

/** Ctrl-C reaches a process started by npm twice: from the terminal, and again from npm. */
const SAME_KEYSTROKE_MS = 500;
const ORPHAN_CHECK_MS = 1_000;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Everything that was started on the way, stopped newest first when the work is done, fails, or is interrupted. The
 * work fails as soon as one of them ends by itself.
 */
export class Running {
  readonly #kept: Stoppable[] = [];
  readonly #ending = Promise.withResolvers<never>();
  #stopping?: Promise<void>;
  /** Whether staying is all that is left to do, so that Ctrl-C is the proper end. */
  isStaying = false;

  /** Takes over the duty to stop what was started. */
  keep<Started extends Stoppable>(started: Started): Started {
    this.#kept.push(started);
    void started.ended?.then((sentence) => {
      if (this.#stopping === undefined) this.#ending.reject(new Fault(sentence));
    });
    return started;
  }

  /**
   * Does the work and then stops what it started, also if it throws. A first Ctrl-C stops everything and ends the
   * process, a second one does not wait.
   */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    let firstAt: number | undefined;
    const interrupt = (signal: keyof typeof EXIT_CODES) => {
      const code = this.isStaying && signal === "SIGINT" ? 0 : EXIT_CODES[signal];
      if (firstAt === undefined) {
        firstAt = Date.now();
        console.log("\nStopping …");
        void this.stop().finally(() => process.exit(code));
      } else if (Date.now() - firstAt > SAME_KEYSTROKE_MS) {
        process.exit(EXIT_CODES[signal]);
      }
    };
    const signals = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[];
    for (const signal of signals) process.on(signal, interrupt);
    // Nobody insists here: what is noticed again while everything is being stopped does not hurry it.
    const notice = () => {
      if (firstAt === undefined) interrupt("SIGHUP");
    };
    const screens = [process.stdout, process.stderr];
    // A closed terminal tells whom it likes; whoever writes to it finds out.
    for (const screen of screens) screen.on("error", notice);
    const startedBy = process.ppid;
    const orphanWatch = setInterval(() => {
      // npm was killed too hard to pass the signal on.
      if (process.ppid !== startedBy) notice();
    }, ORPHAN_CHECK_MS).unref();
    try {
      return await Promise.race([work(), this.#ending.promise]);
    } catch (error) {
      // What is being stopped fails in its own ways, which are nobody's concern: the process is about to end.
      if (firstAt !== undefined) await sleep(60_000);
      throw error;
    } finally {
      await this.stop();
      clearInterval(orphanWatch);
      for (const signal of signals) process.off(signal, interrupt);
      for (const screen of screens) screen.off("error", notice);
    }
  }

  /** Stops everything, newest first. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      for (const started of this.#kept.reverse()) await started.stop();
    })();
    return this.#stopping;
  }
}
