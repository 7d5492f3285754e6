import { Fault } from "../../../deploy/fault.js";
import { execTransactionData, requireExecutable, requireExecutionSuccess } from "../safe/execute.js";
import type { TransactionService } from "../safe/service.js";
import { requireGateForSteps } from "../gate/policy.js";
import { keepsRecords, requireLive } from "../mode.js";
import { Declined } from "../signers/declined.js";
import type { Signer } from "../signers/signer.js";
import { attemptsOf } from "./attempts.js";
import { compareWithPlan } from "./compare.js";
import { collectFor, type Collecting } from "./consents.js";
import { messageOf, type Call } from "./endpoint.js";
import { LogPatience } from "./log-patience.js";
import type { Step } from "./manifest.js";
import { findMoved } from "./moved.js";
import { isHarmlessTwice } from "./finality.js";
import { namesOfStorage } from "./naming.js";
import type { OpenManifest } from "./open.js";
import { outcomesOf, type CarriedOut } from "./outcomes.js";
import { findProgress, isBegun, type OperationProgress, type Urgency } from "./progress.js";
import { readRaw } from "./raw.js";
import { hindrancesOf } from "./readiness.js";
import { requireRehearsed } from "./rehearsal.js";
import { explainRevert } from "./reverts.js";
import { requireHonest } from "./scrutiny.js";
import { spentNonces, type Spent } from "./spent.js";
import { submit, type Patience } from "./submit.js";
import type { Suite } from "./suite.js";
import { formatDuration, formatTime } from "./units.js";
import { changesCode, requireWayBack } from "./way-back.js";

/** Who executes an operation, and how. */
export interface Executing {
  /** Sends a Safe's transactions, or acts with its own account. Not needed for what a key has signed beforehand. */
  readonly signer?: Signer;
  /** Where owners may have left signatures, besides the operation's folder. */
  readonly service?: TransactionService;
  /** Upgrades although no rollback that was signed would work. */
  readonly withoutRollback?: boolean;
  /** Told in one sentence each what is being done. */
  readonly tell?: (sentence: string) => void;
  readonly patience?: Partial<Patience>;
  /** How long it waits for logs where it is urgent, if others have waited already. */
  readonly logs?: LogPatience;
  /** Asks a person what only they can know. Without it, work ends where they would be asked. */
  readonly ask?: (question: string) => Promise<boolean>;
}

/** An operation while it is executed. */
export class Execution {
  readonly #tell: (sentence: string) => void;
  readonly #told = new Set<string>();
  readonly #logs: LogPatience;

  constructor(
    private readonly suite: Suite,
    private readonly opened: OpenManifest,
    private readonly given: Executing = {},
  ) {
    this.#tell = given.tell ?? (() => {});
    this.#logs = given.logs ?? new LogPatience();
  }

  /**
   * Makes sure that a step may be carried out now, without sending anything.
   *
   * @throws {@link Fault} that says what moved since the plan, what is missing, that the gate is shut, or from when on it
   * works.
   */
  async require(step: Step): Promise<void> {
    const isUrgent = step.branch === "ready";
    const progress = await findProgress(this.#provider, this.opened, { isUrgent, logs: this.#logs });
    // What was signed beforehand was rehearsed before it was signed. Whatever became of that file is no reason to wait.
    if (!(await this.isSignedBeforehand(step))) {
      const standing = { provider: this.#provider, times: progress.times, ...(isUrgent && { urgent: step }) };
      await requireRehearsed(this.opened, standing);
    }
    if (step.id in progress.times) throw new Fault(`The step ${step.id} was carried out already.`);
    if (step.branch === "main") await this.#requireTurn(step, progress);
    else await this.#requireReady(step, progress);
    await this.#requireSender(step);
    // Here, and not only where it was planned: the books may have gone wrong since. What is urgent does not enforce anything.
    await requireGateForSteps(this.suite, [step]);
  }

  /** Whether a step was kept ready and lacks nobody's consent, so that it is only sent. */
  async isSignedBeforehand({ id, branch }: Step): Promise<boolean> {
    if (branch !== "ready") return false;
    if (this.opened.accountOf(id).kind === "key") return (await readRaw(this.opened, id)) !== undefined;
    // One signature may have been held back for whoever sends; what others signed was looked at when they signed it.
    const { missing, signatures } = await collectFor(this.#provider, this.opened, id, this.#collecting);
    return missing === 0 && signatures.some(({ owner }) => owner !== this.given.signer?.address);
  }

  /**
   * Carries a step out: exactly once, whatever happens to this process or to the endpoint on the way.
   *
   * @returns What came of it, written down already.
   * @throws {@link Fault} as {@link require}, unless this is live, or if it failed.
   */
  async carryOut(step: Step): Promise<CarriedOut> {
    requireLive("carrying out a step");
    await this.require(step);
    const sent = await this.#sent(step);
    if (typeof sent !== "string") return sent;
    // It is done: one answer that is lost is no reason to say anything else.
    const found = await this.#find(step, sent).catch(async () => await this.#find(step, sent));
    if (found !== undefined) return found;
    throw new Fault(
      `${sent} was mined and did what it should, and the endpoint does not tell of it now: run the command again, which ` +
        "sends nothing twice, or ask another endpoint.",
    );
  }

  /** By which transaction; or what came of it, where something went wrong on the way and it was done all the same. */
  async #sent(step: Step): Promise<string | CarriedOut> {
    let own: string | undefined;
    try {
      own = (await this.#submit(step)).hash;
      await this.#requireSuccess(step, own);
      return own;
    } catch (problem) {
      // Who declines is told of nothing else, and a key does it itself or not at all.
      const mayBeDone = !(problem instanceof Declined) && this.opened.accountOf(step.id).kind === "safe";
      const found = mayBeDone ? await this.#find(step).catch(() => undefined) : undefined;
      if (found === undefined) throw problem;
      if (found.hash !== own) this.#tell(`${step.id} was carried out by ${found.hash}, sent by ${found.by}.`);
      return found;
    }
  }

  /** Gets it mined. A Safe takes it once: whoever sends it second has it fail, and it is done all the same. */
  async #submit(step: Step): Promise<{ readonly hash: string }> {
    const { chainId } = this.opened.manifest;
    const call = await this.#callOf(step);
    const presigned = await this.#presigned(step.id);
    const signer = this.#senderOf(step, presigned);
    const log = attemptsOf(this.opened, step.id, signer.address);
    return await submit({
      provider: this.suite.connection.provider,
      ...{ chainId, signer, call, log },
      seal: async (transaction) => this.opened.consent(step.id, transaction, await this.#spentBy(step)),
      isBound: step.branch === "ready" && this.opened.accountOf(step.id).kind === "key",
      // A key signed it for its one nonce, and a Safe takes it once; and it is kept for when all else fails.
      isOnceAtMost: step.branch === "ready",
      isHarmlessTwice: isHarmlessTwice(step, this.opened.accountOf(step.id)),
      ...(presigned !== undefined && { presigned }),
      tell: this.#tell,
      ...(this.given.ask && { ask: this.given.ask }),
      ...(this.given.patience && { patience: this.given.patience }),
    });
  }

  /** What came of a step, if anything did; by the transaction that is known to be mined, or by any. */
  async #find({ id, branch }: Step, hash?: string): Promise<CarriedOut | undefined> {
    const mined = hash === undefined ? {} : { mined: [{ step: id, hash }] };
    const { carriedOut } = await this.record({ isUrgent: branch === "ready", ...mined });
    return carriedOut.find(({ step }) => step === id);
  }

  /**
   * Writes down what the chain says was carried out and nobody has written down yet: what a process that died left. Where
   * it is urgent, what cannot be compared or written down now is left for later.
   */
  async record(urgency: Pick<Urgency, "isUrgent" | "mined"> = {}): Promise<OperationProgress> {
    const progress = await findProgress(this.#provider, this.opened, { ...urgency, logs: this.#logs });
    const carriedOut: CarriedOut[] = [];
    for (const line of progress.carriedOut)
      carriedOut.push(await this.#recorded(line, progress, urgency.isUrgent === true));
    return { ...progress, carriedOut };
  }

  #tellOnce(sentence: string): void {
    if (!this.#told.has(sentence)) this.#tell(sentence);
    this.#told.add(sentence);
  }

  async #recorded(line: CarriedOut, progress: OperationProgress, isUrgent: boolean): Promise<CarriedOut> {
    /** Nothing, told why, where it is urgent and fails. */
    const unlessUrgent = async <Result>(what: string, work: Promise<Result>) =>
      await work.catch((error: unknown) => {
        if (!isUrgent) throw error;
        this.#tellOnce(`${what} now: ${messageOf(error)}`);
        return undefined;
      });
    const unwritten = `That ${line.step} was carried out could not be written down`;
    const outcomes = outcomesOf(this.opened);
    const lines = await unlessUrgent(unwritten, outcomes.read());
    if (lines?.some((known) => known.kind === "carried out" && known.hash === line.hash)) return line;
    const uncompared = `What ${line.step} changed is not compared with the manifest`;
    const surprises = await unlessUrgent(uncompared, this.#compare(line, progress));
    if (surprises === undefined) return { ...line, surprises: null };
    const compared = { ...line, surprises };
    if (lines && keepsRecords()) await unlessUrgent(unwritten, outcomes.add(compared));
    return compared;
  }

  get #provider() {
    return this.suite.connection.ethers.provider;
  }

  /** What is kept ready has its one nonce, whatever was spent, and waits for no file that tells that. */
  async #spentBy({ id, branch, account }: Step): Promise<Spent> {
    const moves = branch === "main" && this.opened.accountOf(id).kind === "key";
    return moves ? await spentNonces(this.#provider, this.opened, account) : [];
  }

  get #collecting(): Collecting {
    const { signer, service } = this.given;
    return { ...(signer && { executor: signer.address }), ...(service && { service }) };
  }

  async #requireTurn(step: Step, progress: OperationProgress): Promise<void> {
    const { times, left, outside, spent } = progress;
    const { manifest } = this.opened;
    if (left[0]?.id !== step.id) throw new Fault(`The step ${left[0]!.id} comes before ${step.id}.`);
    const { timestamp: now } = (await this.#provider.getBlock("latest"))!;
    if (!isBegun(manifest, times) && now > manifest.expiresAt)
      throw new Fault(`The plan expired on ${formatTime(manifest.expiresAt)}; plan again.`);
    const { from, until } = dueTimes(step, times);
    if (now < from) {
      throw new Fault(
        `The step ${step.id} can be carried out from ${formatTime(from)} on, in ${formatDuration(from - now)}.`,
      );
    }
    if (now > until)
      throw new Fault(`The step ${step.id} could be carried out until ${formatTime(until)}; plan again.`);
    const done = Object.keys(times);
    const moved = await findMoved(this.#provider, this.suite.record, manifest, { done, spent });
    if (moved.length > 0)
      throw new Fault("The chain is not as it was when this was planned; nothing was sent:", {
        details: [...outside, ...moved],
      });
    if (changesCode(step) && this.given.withoutRollback !== true)
      await requireWayBack(this.#provider, this.suite.record, this.opened, progress);
    // What a key does itself, it signs now.
    if (this.opened.accountOf(step.id).kind === "key")
      await requireHonest(this.suite, this.#provider, manifest, done);
  }

  async #requireReady(step: Step, progress: OperationProgress): Promise<void> {
    const { record } = this.suite;
    const hindrances = await hindrancesOf(
      { provider: this.#provider, record, opened: this.opened, step, progress },
      this.#collecting,
    );
    if (hindrances.length === 0) return;
    throw new Fault(`The step ${step.id}, which was kept ready, does not work now; nothing was sent:`, {
      details: hindrances,
    });
  }

  /** Somebody has to pay for a Safe's transaction; of a key's account only that key can act. */
  async #requireSender({ id, account }: Step): Promise<void> {
    const { signer } = this.given;
    const isSafe = this.opened.accountOf(id).kind === "safe";
    if (!isSafe && (await this.#presigned(id)) !== undefined) return;
    if (signer === undefined)
      throw new Fault(`Say with --signer who ${isSafe ? "sends it" : `signs for ${account}`}.`);
    if (!isSafe && signer.address !== account)
      throw new Fault(`The step ${id} is of ${account}, and the ${signer.kind} signs as ${signer.address}.`);
  }

  /** The bytes that a key has signed beforehand. */
  async #presigned(id: string): Promise<string | undefined> {
    const isKept = this.opened.step(id).branch === "ready" && this.opened.accountOf(id).kind === "key";
    return isKept ? await readRaw(this.opened, id) : undefined;
  }

  async #callOf({ id, transaction }: Step): Promise<Call> {
    if (this.opened.accountOf(id).kind === "key") return { ...transaction, value: BigInt(transaction.value) };
    const safeTransaction = this.opened.safeTransaction(id);
    const executor = this.given.signer!.address;
    const consents = await collectFor(this.#provider, this.opened, id, this.#collecting);
    await requireExecutable(this.#provider, safeTransaction, consents, executor, explainRevert);
    const data = execTransactionData(safeTransaction, consents.signatures);
    return { to: safeTransaction.safe, value: 0n, data };
  }

  /** Who sends. What was signed beforehand needs nobody; its own key, if that is at hand, can replace it with a higher fee. */
  #senderOf({ account }: Step, presigned: string | undefined): Parameters<typeof submit>[0]["signer"] {
    const { signer } = this.given;
    if (presigned === undefined) return signer!;
    return signer?.address === account ? signer : { kind: signer?.kind ?? "keystore", address: account };
  }

  async #requireSuccess({ id }: Step, hash: string): Promise<void> {
    if (this.opened.accountOf(id).kind === "key") return;
    const receipt = await this.#provider.getTransactionReceipt(hash);
    if (receipt === null) throw new Fault(`The endpoint has lost sight of ${hash}; run the command again.`);
    requireExecutionSuccess(receipt, this.opened.safeTransaction(id));
  }

  async #compare({ step, hash }: CarriedOut, { times }: OperationProgress): Promise<string[] | null> {
    const { connection, record } = this.suite;
    const { manifest } = this.opened;
    const storage = await namesOfStorage(this.#provider, record, manifest, manifest.steps);
    return await compareWithPlan(connection, storage, this.opened.step(step), hash, times);
  }
}

/** When a step of the main branch may be carried out, in Unix seconds, given when those before it were. */
export function dueTimes({ notBefore, notAfter }: Step, times: OperationProgress["times"]) {
  return {
    from: notBefore === null ? 0 : times[notBefore.step]! + notBefore.seconds,
    until: notAfter === null ? Infinity : times[notAfter.step]! + notAfter.seconds,
  };
}
