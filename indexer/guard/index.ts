import type { IndexedChain } from "../deployments.js";
import { stallMinutes } from "../settings.js";
import { endpointsOf } from "../watch/endpoints.js";
import type { LogListener } from "../watch/logs.js";
import { ChainAnswers } from "./answers.js";
import { guardFetch, type FetchGuard, type GuardedEndpoint } from "./fetch.js";
import { Finals, stillHas, type FinalBlock, type Query } from "./finals.js";
import { identify } from "./identity.js";
import { Progress } from "./progress.js";
import { RPC_ERRORS } from "../watch/rpc.js";
import { hints, reasons, stop } from "./stop.js";

/** What Ponder shares with the code that it runs. It is no public interface: the tests say so if another version differs. */
interface Shared {
  PONDER_COMMON?: {
    options: { command: string };
    logger: Record<"error" | "warn", (record: { msg: string }) => void>;
    metrics: { registry: { getSingleMetric(name: string): Metric | undefined } };
  };
  PONDER_DATABASE?: { driver: Driver };
  PONDER_NAMESPACE_BUILD?: { schema: string };
  PONDER_INDEXING_BUILD?: { chains: { id: number; finalityBlockCount: number }[] };
}
type Driver = { dialect: "pglite"; instance: Asked } | { dialect: "postgres"; admin: Asked };
interface Asked {
  query: Query;
}
interface Metric {
  get(): Promise<{ values: { value: number; labels: Record<string, string | number> }[] }>;
  inc?(labels: Record<string, string>): void;
}

interface GuardedChain {
  chain: IndexedChain;
  answers: ChainAnswers;
  endpoints: GuardedEndpoint[];
  final?: FinalBlock;
  /** Nobody could say yet whether the chain still has the final block of before: no other is noted in its place. */
  isDoubtful: boolean;
  isReorganising: boolean;
}

interface Guard {
  chains: GuardedChain[];
  fetch: FetchGuard;
  finals?: Finals;
}

const shared = globalThis as Shared & { HOLDFAST_GUARD?: Guard };
const LOOK_MS = 15_000;

/** Whether this process writes an index: `ponder serve` only reads one. */
const isWriter = () => ["start", "dev"].includes(shared.PONDER_COMMON?.options.command ?? "");

/**
 * From now on believes no RPC endpoint blindly, and ends this process, with a sentence that says how to go on, when the
 * index could only be wrong or stand still. Does nothing in a process that writes no index, and a second time.
 *
 * @returns What has to be told of every log record.
 */
export function guard(chains: IndexedChain[], env: NodeJS.ProcessEnv): LogListener {
  if (!isWriter() || shared.HOLDFAST_GUARD) return () => {};
  const guarded = chains.map((chain): GuardedChain => {
    const answers = new ChainAnswers(Object.values(chain.addresses));
    const endpoints = endpointsOf(chain)
      .filter(({ url }) => url.startsWith("http"))
      .map((endpoint) => ({ ...endpoint, chainId: chain.id, answers }));
    return { chain, answers, endpoints, isDoubtful: false, isReorganising: false };
  });
  const fetch = guardFetch(
    guarded.flatMap(({ endpoints }) => endpoints),
    { confirms: env.HOLDFAST_CONFIRM_LOGS === "1", onRefusal: countRefusal },
  );
  shared.HOLDFAST_GUARD = { chains: guarded, fetch };
  for (const one of guarded) void requireItsChain(shared.HOLDFAST_GUARD, one);
  watchProgress(shared.HOLDFAST_GUARD, stallMinutes(env));
  return listener(shared.HOLDFAST_GUARD);
}

/** Says which endpoints are left out, and stops if that leaves none: Ponder would ask for a minute, and not say why. */
async function requireItsChain({ fetch }: Guard, { chain, endpoints }: GuardedChain): Promise<void> {
  const { others, isNoneRight } = await identify(endpoints, fetch);
  if (isNoneRight) return stop(reasons.otherChain(chain.name, chain.id, others));
  for (const other of others) {
    const msg = `RPC endpoint ${other}, not of chain ${chain.id}: it is left out. Replace it in PONDER_RPC_URL_${chain.id}.`;
    shared.PONDER_COMMON!.logger.warn({ msg });
  }
}

/**
 * Refuses to go on with an index of a branch that its chain has left, and from now on notes which blocks it takes for
 * final. To be awaited before anything is indexed. Does nothing in a process that writes no index.
 */
export async function requireSameBranch(): Promise<void> {
  const it = shared.HOLDFAST_GUARD;
  const driver = shared.PONDER_DATABASE?.driver;
  if (!isWriter() || !it || !driver) return;
  const asked = driver.dialect === "pglite" ? driver.instance : driver.admin;
  it.finals = new Finals((sql, values) => asked.query(sql, values), shared.PONDER_NAMESPACE_BUILD!.schema);
  const noted = await it.finals.noted();
  for (const guarded of it.chains) {
    guarded.final = noted.find(({ chainId }) => chainId === guarded.chain.id);
    const held = await holdsFinal(it, guarded);
    if (held === "no") throw reasons.branchLeft(guarded.chain.name, guarded.final!.number);
    guarded.isDoubtful = held === "unknown";
    const { finalityBlockCount } = shared.PONDER_INDEXING_BUILD!.chains.find(
      ({ id }) => id === guarded.chain.id,
    )!;
    const final = guarded.answers.knownBelowHead(finalityBlockCount);
    if (final) await note(it, guarded, final.number);
  }
}

/** Whether the chain still has the block that was final last, of which there may be none. */
async function holdsFinal({ fetch }: Guard, { final, endpoints }: GuardedChain) {
  if (final === undefined) return "yes";
  const asks = endpoints.map(
    (endpoint) => (method: string, params: unknown[]) => fetch.ask(endpoint, method, params),
  );
  return await stillHas(final, asks);
}

/** Ends this process if the chain has left the block that was final last. */
async function stopIfLeft(it: Guard, guarded: GuardedChain): Promise<void> {
  const held = await holdsFinal(it, guarded);
  if (held === "no") stop(reasons.branchLeft(guarded.chain.name, guarded.final!.number));
  if (held === "yes") guarded.isDoubtful = false;
}

async function note(it: Guard, guarded: GuardedChain, number: number): Promise<void> {
  if (guarded.isDoubtful) await stopIfLeft(it, guarded);
  if (guarded.isDoubtful) return;
  const { finals } = it;
  const hash = guarded.answers.hashOf(number);
  if (!finals || hash === undefined) return;
  guarded.final = { chainId: guarded.chain.id, number, hash };
  // What is not noted now is noted with the next block that becomes final.
  await finals.note(guarded.final).catch(() => {});
}

/** Counts an answer that was not believed with the endpoint's errors. */
function countRefusal({ chain, label }: GuardedEndpoint): void {
  const errors = shared.PONDER_COMMON!.metrics.registry.getSingleMetric(RPC_ERRORS);
  errors?.inc?.({ chain, endpoint: label, fault: "refused" });
}

/** What Ponder says of reorganisations and of errors without a way out, it says only to its log. */
function listener(it: Guard): LogListener {
  return (level, record) => {
    const guarded = it.chains.find(({ chain }) => chain.id === record.chain_id);
    if (guarded) followChain(it, guarded, record);
    if (level === "error") tellWayOut(record);
  };
}

function followChain(it: Guard, guarded: GuardedChain, record: Parameters<LogListener>[1]): void {
  switch (record.msg) {
    case "Detected reorg in local chain":
      guarded.isReorganising = true;
      return;
    case "Reconciled reorg in local chain":
      guarded.isReorganising = false;
      return;
    case "Encountered unrecoverable reorg":
      // Its list of blocks is whole again. An endpoint that is far behind looks the same: the others know.
      guarded.isReorganising = false;
      void stopIfLeft(it, guarded);
      return;
    case "Failed to fetch latest block":
      // It has dropped blocks from its list without undoing what they did, and would do that once more.
      if (guarded.isReorganising) stop(reasons.lostInReorg(guarded.chain.name));
      return;
    case "Started live indexing":
      void note(it, guarded, Number(record.finalized_block));
      return;
    case "Removed finalized blocks from local chain":
      void note(it, guarded, (JSON.parse(String(record.block_range)) as number[])[1]!);
  }
}

const told = new Set<string>();

function tellWayOut(record: Parameters<LogListener>[1]): void {
  const { error } = record as { error?: Error };
  const cause = error?.cause instanceof Error ? error.cause.message : "";
  const text = [record.msg, error?.message, cause].join(" ");
  for (const [problem, hint] of hints) {
    if (!problem.test(text) || told.has(hint)) continue;
    told.add(hint);
    shared.PONDER_COMMON!.logger.error({ msg: hint });
  }
}

function watchProgress(it: Guard, minutes: number): void {
  const watches = it.chains.map((guarded) => ({ guarded, progress: new Progress(minutes * 60_000) }));
  setInterval(() => {
    for (const { guarded, progress } of watches) {
      void standingOf(it, guarded).then(({ block, ...standing }) => {
        if (!progress.isStalled({ block, ...standing })) return;
        stop(reasons.stalled(guarded.chain.name, block, standing.head!, minutes));
      });
    }
  }, LOOK_MS).unref();
}

async function standingOf({ fetch }: Guard, { chain, endpoints }: GuardedChain) {
  const asked = await Promise.allSettled(
    endpoints.map(async (endpoint) => {
      const [chainId, head] = await Promise.all([
        fetch.ask(endpoint, "eth_chainId", []),
        fetch.ask(endpoint, "eth_blockNumber", []),
      ]);
      return Number(chainId) === chain.id ? Number(head) : 0;
    }),
  );
  const heads = asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const head = heads.length > 0 ? Math.max(...heads) : undefined;
  const block = await sumOf("ponder_sync_block", chain.name);
  const isLive = (await sumOf("ponder_sync_is_realtime", chain.name)) > 0;
  // A backfill moves in many ways before it is at its first live block, and other chains may hold it up.
  const history = ["ponder_historical_completed_blocks", "ponder_indexing_completed_events"];
  const moved = isLive ? [block] : [block, ...(await Promise.all(history.map((name) => sumOf(name))))];
  return { mark: moved.join("/"), block, head };
}

/** A metric's value, of one chain or of all. */
async function sumOf(name: string, chain?: string): Promise<number> {
  const metric = await shared.PONDER_COMMON!.metrics.registry.getSingleMetric(name)?.get();
  const values = (metric?.values ?? []).filter(({ labels }) => chain === undefined || labels.chain === chain);
  return values.reduce((sum, { value }) => sum + value, 0);
}
