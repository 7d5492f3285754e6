import { isError, type EthersError } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { keepsRecords } from "../mode.js";
import { nonceOf, type Account } from "./accounts.js";
import { collectFor } from "./consents.js";
import { findMovedDomains, readDomains, type Domains } from "./domains.js";
import { withFork, type Fork } from "./fork.js";
import type { Step } from "./manifest.js";
import { findMoved, findOtherChain } from "./moved.js";
import { namesOfStorage } from "./naming.js";
import type { OpenManifest } from "./open.js";
import { perform, skipTo, type Signed } from "./perform.js";
import { findProgress, isBegun, type OperationProgress } from "./progress.js";
import { readRaw } from "./raw.js";
import { afterPause, ARROW, writeRehearsal, type Branch, type Manner, type Rehearsal } from "./rehearsal.js";
import { requireHonest } from "./scrutiny.js";
import { changesOf } from "./simulate.js";
import { placeOf } from "./spent.js";
import { isNoAnswer } from "./reverts.js";
import type { StorageNames } from "./state-diff.js";
import { findCodeFaults, passesSelfTest } from "./self-tests.js";
import type { Suite } from "./suite.js";
import { findSurprises, type Times } from "./timed.js";
import { Trial } from "./trial.js";
import { formatTime } from "./units.js";

/** What a guardian does at once, also where payments fail already. Whatever else is done then has to mend them. */
const RESCUES = ["pause", "rollback", "cancel"];

/** Seconds between one step and the next, where nothing asks for more. */
const PACE = 60;

export interface Rehearsing {
  /** Told what is being tried. */
  readonly tell?: (sentence: string) => void;
}

/**
 * Carries an operation out on a fork of the chain as it is now, in every way that it is meant for: what is left of the main
 * branch, and if there is anything kept ready, each of its transactions after it. With payments before, between and after. What was
 * signed is executed byte for byte; for what was not, owners approve the very same hashes on the fork. Writes the outcome
 * beside the manifest, when live.
 *
 * @returns What came of it; nothing is signed unless it passed, see {@link requireRehearsed}.
 * @throws {@link Fault} if the plan expired, or the chain has moved since.
 */
export async function rehearse(
  suite: Suite,
  opened: OpenManifest,
  options: Rehearsing = {},
): Promise<Rehearsal> {
  const block = (await suite.connection.ethers.provider.getBlock("latest"))!;
  requireUnmoved(await findOtherChain(suite.connection.ethers.provider, opened.manifest));
  const { times: done, spent } = await findProgress(suite.connection.ethers.provider, opened);
  if (!isBegun(opened.manifest, done) && block.timestamp > opened.manifest.expiresAt) {
    throw new Fault(`The plan expired on ${formatTime(opened.manifest.expiresAt)}; plan again.`);
  }
  const rehearsal = await withFork(suite.connection, block.number, async (fork) => {
    const progress = { done: Object.keys(done), spent };
    requireUnmoved(await findMoved(fork.provider, suite.record, opened.manifest, progress));
    await requireHonest(suite, fork.provider, opened.manifest, progress.done);
    const stage = await Stage.set(suite, opened, fork, spent, options);
    const branches = await stage.playAll(done);
    return {
      format: "holdfast-rehearsal/1" as const,
      manifest: opened.digest,
      forkedAt: { block: block.number, hash: block.hash!, time: block.timestamp },
      payments: stage.payments,
      branches,
      passed: branches.every(({ problems }) => problems.length === 0),
    };
  });
  if (keepsRecords()) await writeRehearsal(opened, rehearsal);
  return rehearsal;
}

function requireUnmoved(moved: readonly string[]): void {
  if (moved.length > 0)
    throw new Fault("The chain is not as it was when this was planned:", { details: moved });
}

/** A branch while it is played. */
interface Playing extends Branch {
  readonly times: Record<string, number>;
}

/** A fork with all that is needed to play an operation on it. */
class Stage {
  private trial: Trial | undefined;
  /** That payments failed before a guardian did anything, why, and whether they do afterwards. */
  private ailment: string | undefined;

  private constructor(
    private readonly suite: Suite,
    private readonly opened: OpenManifest,
    private readonly fork: Fork,
    private readonly storage: StorageNames,
    private readonly domains: Domains,
    /** The nonces that keys used up in vain: what is left of the main branch comes later by as many. */
    private readonly spent: OperationProgress["spent"],
    /** Proxies that a guardian leaves as they are, and whose code failed its self-test before. */
    private readonly excused: readonly string[],
    private readonly tell: (sentence: string) => void,
  ) {}

  static async set(
    suite: Suite,
    opened: OpenManifest,
    fork: Fork,
    spent: OperationProgress["spent"],
    { tell = () => {} }: Rehearsing,
  ): Promise<Stage> {
    const { manifest } = opened;
    const storage = await namesOfStorage(fork.provider, suite.record, manifest, manifest.steps);
    const domains = await readDomains(fork.provider, manifest);
    const ailing = manifest.proxies
      .filter(({ before, after }) => isRescue(opened) && before.implementation === after.implementation)
      .map(async ({ name, address }) => ((await passesSelfTest(fork.provider, address)) ? [] : [name]));
    const excused = (await Promise.all(ailing)).flat();
    return new Stage(suite, opened, fork, storage, domains, spent, excused, tell);
  }

  get payments(): string {
    const tried =
      this.trial?.description ??
      "none: there is no token that can be deposited, or none that the fork could give";
    return this.ailment ?? tried;
  }

  /** The main branch, and from its end on each transaction that is kept ready. */
  async playAll(done: Times): Promise<Branch[]> {
    const { steps } = this.opened.manifest;
    const left = steps.filter(({ id, branch }) => branch === "main" && !(id in done));
    const main = this.#begin(left.map(({ id }) => id).join(ARROW) || "as it stands", done);
    const couldPay =
      (await this.#attempt(main, () => this.#beginTrial())) &&
      (await this.#attempt(main, () => this.#payBefore()));
    // It may be what the guardian acts for, and must not keep them from it.
    const failing = !couldPay && isRescue(this.opened) ? main.problems.splice(0).join(" ") : undefined;
    if (failing !== undefined) this.trial = undefined;
    const isDone = await this.#attempt(main, async () => {
      for (const step of left) await this.#carryOut(main, step);
    });
    // What cannot be done need not be taken back.
    if (!isDone) return [recordOf(main)];
    await this.#attempt(main, () => this.#requireSound("after"));
    await this.#attempt(main, async () => this.trial?.roundAfterPauses());
    if (failing !== undefined) this.ailment = await this.#payAgain(failing);

    const branches = [recordOf(main)];
    const ready: Step[] = [];
    for (const step of steps)
      if (step.branch === "ready" && !(await this.#isNonceUsed(step))) ready.push(step);
    for (const step of ready)
      branches.push(await this.fork.apart(() => this.#playReady(main, [step, ...afterPause(step, ready)])));
    return branches;
  }

  async #beginTrial(): Promise<void> {
    this.trial = await Trial.begin(this.fork, this.suite);
  }

  /** Where payments failed before a guardian acted: whether they still do, for the guardian to know. Takes it back. */
  async #payAgain(failing: string): Promise<string> {
    const before = `payments failed before: ${failing}`;
    const again = this.#begin("payments, which failed before", {});
    await this.fork.apart(() =>
      this.#attempt(again, async () => {
        await this.#beginTrial();
        await this.trial?.roundAfterPauses();
      }),
    );
    const { trial } = this;
    this.trial = undefined;
    if (again.problems.length > 0) return `${before} They fail afterwards too: ${again.problems.join(" ")}`;
    return `${before} Afterwards: ${trial?.description ?? "none could be tried"}`;
  }

  async #playReady(main: Playing, path: readonly Step[]): Promise<Branch> {
    const trial = this.trial;
    this.trial = trial?.copy();
    const playing = this.#begin([main.name, ...path.map(({ id }) => id)].join(ARROW), main.times);
    await this.#attempt(playing, async () => {
      const [first] = path as readonly [Step];
      await skipTo(this.fork, this.#account(first), first.nonce);
      for (const step of path) {
        await this.#carryOut(playing, step);
        if (step.id.startsWith("pause") && this.trial) await this.trial.expectNoDeposits();
      }
      // A pause without a rollback leaves the code in place that it was for.
      if (!path.at(-1)!.id.startsWith("rollback")) return;
      await this.#requireSound("before");
      await this.trial?.roundAfterPauses();
    });
    this.trial = trial;
    return recordOf(playing);
  }

  /** The code is that which it should be and finds no fault with its storage; ids and signatures mean what they meant. */
  async #requireSound(expected: "before" | "after"): Promise<void> {
    const { fork, suite, opened } = this;
    const problems = [
      ...(await findCodeFaults(fork.provider, suite.record, opened.manifest, expected, this.excused)),
      ...findMovedDomains(this.domains, await readDomains(fork.provider, opened.manifest)),
    ];
    if (problems.length > 0) throw new Fault(problems.join(" "));
  }

  #begin(name: string, times: Times): Playing {
    this.tell(`Rehearsing ${name}`);
    return { name, steps: [], problems: [], times: { ...times } };
  }

  /** Writes down what goes wrong. What it had done by then is taken back. */
  async #attempt(playing: Playing, work: () => Promise<void>): Promise<boolean> {
    const trial = this.trial?.copy();
    try {
      await this.fork.tentatively(work);
      return true;
    } catch (error) {
      // What a contract does not even answer is as much of a finding as what it refuses.
      const isSilent = isNoAnswer(error) || isError(error, "CALL_EXCEPTION");
      const silent = isSilent && `A contract does not answer: ${(error as EthersError).shortMessage}.`;
      const problem = error instanceof Fault ? error.message : silent;
      if (problem === false) throw error;
      this.trial = trial;
      playing.problems.push(problem);
      return false;
    }
  }

  async #carryOut(playing: Playing, step: Step): Promise<void> {
    const { notBefore, changes } = step;
    const earliest = notBefore === null ? 0 : playing.times[notBefore.step]! + notBefore.seconds;
    const time = Math.max((await this.fork.now()) + PACE, earliest);
    const account = this.#account(step);
    const nonce = await this.#placeOf(step);
    const transaction = { ...step.transaction, value: BigInt(step.transaction.value) };
    const signed = await this.#signed(step);
    const mined = await perform(this.fork, { account, nonce, transaction }, signed, time).catch(
      (error: unknown) => {
        if (!(error instanceof Fault)) throw error;
        throw new Fault(`The step ${step.id} fails: ${error.message}`, { cause: error });
      },
    );
    playing.times[step.id] = mined.time;
    const found = await changesOf(this.fork, this.storage, mined);
    playing.steps.push({ step: step.id, manner: mannerOf(account, signed), changes: found.length });
    const surprises = findSurprises(changes, { changes: found, times: playing.times });
    if (surprises.length > 0) {
      throw new Fault(`The step ${step.id} does not change what was foretold:`, { details: surprises });
    }
  }

  /** With which nonce it would be carried out now. */
  async #placeOf(step: Step): Promise<number> {
    const spent = this.spent[step.account] ?? [];
    return placeOf(step, await nonceOf(this.fork.provider, this.#account(step)), spent);
  }

  /** By something else, as a ladder of successive nonces is made for. */
  async #isNonceUsed(step: Step): Promise<boolean> {
    return (await nonceOf(this.fork.provider, this.#account(step))) > step.nonce;
  }

  #account(step: Step): Account {
    return this.opened.accountOf(step.id) as Account;
  }

  /** What was signed for a step, if that is complete. */
  async #signed(step: Step): Promise<Signed | undefined> {
    if (this.#account(step).kind === "key") {
      const raw = await readRaw(this.opened, step.id);
      return raw === undefined ? undefined : { raw };
    }
    const { signatures, missing } = await collectFor(this.fork.provider, this.opened, step.id);
    return missing > 0 ? undefined : { signatures };
  }

  /** A pause that is on is left on: waiting for its end would leave nothing to lift. */
  async #payBefore(): Promise<void> {
    if (this.trial === undefined) return;
    const { deposits, until } = await this.trial.pauses();
    if (deposits) await this.trial.expectNoDeposits();
    if (until === 0) await this.trial.round();
  }
}

const isRescue = ({ manifest: { operation } }: OpenManifest) => RESCUES.includes(operation.verb);

const recordOf = ({ name, steps, problems }: Playing): Branch => ({ name, steps, problems });

function mannerOf({ kind }: Account, signed: Signed | undefined): Manner {
  if (signed !== undefined) return "as signed";
  return kind === "safe" ? "approved on the fork" : "impersonated";
}
