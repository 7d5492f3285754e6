import type { DeploymentRecord } from "../../../deploy/index.js";
import type { Events } from "./events.js";
import { ADVICE, type Finding, type Findings } from "./findings.js";
import { disagreements, logsBetween, logWindows, placeOf, type LogWindow, type RawLog } from "./logs.js";
import type { Model } from "./model.js";
import { ImpossibleLog, Replay } from "./replay.js";
import type { Progress, Request } from "./request.js";
import type { Pinned } from "./rpc.js";
import type { Reached, Scratch } from "./scratch.js";
import { timesOf, type Times } from "./times.js";

/** Reads the chain's logs, from where it is, and replays them. */
export class Reading {
  readonly #replay: Replay;
  readonly #fingerprint: string;
  /** The first block that is not read yet; nothing before the file was looked at. */
  #next: number | undefined;

  constructor(
    private readonly request: Request,
    private readonly events: Events,
    model: Model,
    private readonly scratch: Scratch,
    private readonly findings: Findings,
  ) {
    const { record, second, filter } = request;
    this.#replay = new Replay(events, model, scratch, record);
    // What one endpoint said alone is not what two agreed on.
    const witnesses = second === undefined ? "one RPC" : "two RPCs, times as well";
    const { escrow } = record.contracts;
    this.#fingerprint = [
      model.fingerprint,
      record.startBlock,
      escrow.address,
      witnesses,
      filter?.paymentId,
    ].join(" ");
  }

  /** Reads up to a block. @returns Whether the logs until there make sense. */
  async upTo(until: Pinned): Promise<boolean> {
    const { rpc, filter, record, onProgress } = this.request;
    const { paymentId } = filter ?? {};
    const filters = paymentId === undefined ? this.events.filters : this.events.filtersOf(paymentId);
    this.#next ??= await this.#resumeAt(until);
    let agreed = true;
    for await (const window of logWindows(rpc, filters, this.#next, until.number)) {
      const times = await timesOf(rpc, window.logs);
      agreed = (await this.#secondAgrees(window, times, filters)) && agreed;
      if (agreed && !(await this.#play(window.logs, times))) return false;
      this.#next = window.upTo + 1;
      if (!agreed) continue;
      this.scratch.commit({ fingerprint: this.#fingerprint, ...reachedIn(window, until) });
      onProgress?.(progressOf(record, window.upTo, until.number));
    }
    return agreed;
  }

  /** The first block that is not in the file yet. Of a file that cannot be gone on with, nothing stays. */
  async #resumeAt(until: Pinned): Promise<number> {
    const { record, rpc, resume } = this.request;
    const reached = this.scratch.meta<Reached>("reached");
    const isUsable =
      resume === true &&
      reached !== undefined &&
      reached.block <= until.number &&
      this.scratch.meta("fingerprint") === this.#fingerprint &&
      (await rpc.block(reached.block))?.hash === reached.hash;
    if (isUsable) return reached.block + 1;
    this.scratch.clear();
    return record.startBlock;
  }

  async #secondAgrees({ upTo, logs }: LogWindow, times: Times, filters: Events["filters"]): Promise<boolean> {
    const { rpc, second } = this.request;
    if (second === undefined) return true;
    const others = await logsBetween(second, filters, this.#next!, upTo);
    const found = disagreements(
      { name: rpc.name, logs, times },
      { name: second.name, logs: others, times: await timesOf(second, others) },
    );
    for (const { log, detail } of found) {
      const paymentId = this.events.decode(log)?.args.paymentId as string | undefined;
      this.findings.add(aboutLog(log, paymentId, detail, "the same logs at both", ADVICE.distrust));
    }
    return found.length === 0;
  }

  async #play(logs: readonly RawLog[], times: Times): Promise<boolean> {
    try {
      await this.#replay.play(logs, times);
      return true;
    } catch (error) {
      if (!(error instanceof ImpossibleLog)) throw error;
      const expected = "logs that follow from those before them";
      this.findings.add(aboutLog(error.log, error.paymentId, error.why, expected, ADVICE.askAnother));
      return false;
    }
  }
}

/** Up to which block a window is read whose hash is known without asking. Nothing new if it has no log. */
function reachedIn({ upTo, logs }: LogWindow, until: Pinned): { reached?: Reached } {
  if (upTo === until.number) return { reached: { block: upTo, hash: until.hash } };
  const last = logs.at(-1);
  if (last === undefined) return {};
  return { reached: { block: Number(last.blockNumber), hash: last.blockHash } };
}

const progressOf = ({ startBlock }: DeploymentRecord, at: number, until: number): Progress => ({
  phase: "logs",
  done: at - startBlock + 1,
  of: until - startBlock + 1,
});

const aboutLog = (
  log: RawLog,
  paymentId: string | undefined,
  found: string,
  expected: string,
  advice: string,
): Finding => ({
  outcome: "lookup_failed",
  table: "chain",
  key: `log ${placeOf(log)}`,
  ...(paymentId !== undefined && { paymentId }),
  found,
  expected,
  advice,
});
