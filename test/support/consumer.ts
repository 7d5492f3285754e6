/**
 * A consumer that asks the same question again and again, of each replica in turn as a load balancer does, and keeps
 * every answer. A replica that is not there is passed over, as long as another is.
 */
export class Consumer<Answer> {
  readonly answers: Answer[] = [];
  readonly failures: string[] = [];
  #stopped = false;
  readonly #asking: Promise<void>;

  constructor(
    private readonly replicas: string[],
    private readonly ask: (url: string) => Promise<Answer>,
    private readonly pauseMs = 5,
  ) {
    this.#asking = this.#askOn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#asking;
  }

  async #askOn(): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const turn = n % this.replicas.length;
      const inTurn = [...this.replicas.slice(turn), ...this.replicas.slice(0, turn)];
      try {
        this.answers.push(await this.#askFirst(inTurn));
      } catch (error) {
        this.failures.push((error as Error).message);
      }
      await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    }
  }

  async #askFirst([url, ...others]: string[]): Promise<Answer> {
    try {
      return await this.ask(url!);
    } catch (error) {
      // As a proxy does: a replica that is being stopped may answer with status 500 what it had begun.
      const { message } = error as Error;
      const isGone = message === "fetch failed" || message.startsWith("The read model could not answer");
      if (!isGone || others.length === 0) throw error;
      return this.#askFirst(others);
    }
  }
}
