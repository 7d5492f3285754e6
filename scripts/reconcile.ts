import { mkdir, open, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../deploy/fault.js";
import type { DeploymentRecord } from "../deploy/record.js";
import { setting } from "../indexer/settings.js";
import { ask } from "./lib/ask.js";
import { command } from "./lib/command.js";
import type { Rebuild } from "./lib/reconcile/apply.js";
import type { Place } from "./lib/reconcile/open.js";
import type { Filter, Reconciliation } from "./lib/reconcile/request.js";
import type { Format, Tabular } from "./lib/reconcile/report.js";
import type { View } from "./lib/reconcile/views.js";

interface ReconcileArguments {
  database?: string;
  schema: string;
  graphql?: string;
  secondRpc?: string;
  payment?: string;
  token?: string;
  since?: string;
  block?: string;
  report?: string;
  out?: string;
  json: boolean;
  resume: boolean;
  by: string;
  apply: boolean;
  yes?: string;
  port: string;
}

interface Done {
  readonly result: Reconciliation;
  readonly table: Tabular;
}

const REBUILD_SECONDS = 6 * 3_600;

/** `npx hardhat reconcile`, and with a view `npx hardhat reconcile daily` */
export const reconciling = (view?: View) =>
  command(async (given: Partial<ReconcileArguments>, hre: HardhatRuntimeEnvironment) => {
    // Hardhat fills the defaults in.
    const args = given as ReconcileArguments;
    const asked = parse(args);
    const { keepsRecords, mayWrite, requireLive } = await import("./lib/mode.js");
    const { apply } = args;
    if (apply) requireLive("reconcile --apply");
    const keeps = args.out === undefined || mayWrite("reconcile --out");
    if (args.out !== undefined && keeps) await requireWritable(args.out);
    await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
    const { checkLabel, recordReconciliation } = await import("./lib/reconcile/records.js");
    const by = checkLabel(args.by);
    const connection = await hre.network.create();
    const { provider } = connection.ethers;
    const record = await recordOf(Number((await provider.getNetwork()).chainId));

    const run = (onInterrupt: () => void) =>
      once(asked, {
        ...{ args, hre, record, view, onInterrupt },
        ask: (method, params) => provider.send(method, params),
      });
    let done = await run(leave);
    if (keepsRecords()) await recordReconciliation(done.result, { by, at: new Date(), applied: false });
    if (apply && isMendable(done.result)) {
      const rebuild = await rebuildOf(asked, connection, record);
      await confirmed(done.result, rebuild, args);
      done = await rebuilt(rebuild, async () => {
        const again = await run(goOn);
        await recordReconciliation(again.result, { by, at: new Date(), applied: true });
        return again;
      });
    }
    if (!keeps) console.error(`Dry run: nothing is written to ${args.out}.`);
    await tell(done.result, done.table, asked, { ...args, ...(!keeps && { out: undefined }) }, view);
    await propose(done.result, hre, args);
    const { EXIT_CODES } = await import("./lib/reconcile/request.js");
    process.exitCode = EXIT_CODES[done.result.outcome];
  });

export default reconciling();

interface Asked {
  readonly place: Place;
  readonly filter: Filter;
  readonly block?: number;
  readonly format: Format;
  readonly port: number;
}

interface Site {
  readonly args: ReconcileArguments;
  readonly hre: HardhatRuntimeEnvironment;
  readonly record: DeploymentRecord;
}

function leave(): never {
  console.error("Stopped. What was read is kept: go on with --resume.");
  process.exit(130);
}

/** Between two indexes nobody leaves. */
const goOn = () => console.error("This check decides which index stays: it goes on to its end.");

async function once(
  { place, filter, block }: Asked,
  {
    args,
    hre,
    record,
    view,
    ask,
    onInterrupt,
  }: Site & {
    view: View | undefined;
    ask: (method: string, params: unknown[]) => Promise<unknown>;
    onInterrupt: () => void;
  },
): Promise<Done> {
  const { withSource } = await import("./lib/reconcile/open.js");
  const { reconcile } = await import("./lib/reconcile/reconcile.js");
  const { findingsTable } = await import("./lib/reconcile/report.js");
  const { Rpc } = await import("./lib/reconcile/rpc.js");
  const { openSecond } = await import("./lib/reconcile/second.js");
  const { VIEWS } = await import("./lib/reconcile/views.js");
  const { progressBar } = await import("./lib/reconcile/progress.js");

  const other = args.secondRpc === undefined ? undefined : openSecond(args.secondRpc, record.chainId);
  const bar = progressBar();
  const stop = () => {
    bar.stop();
    onInterrupt();
  };
  process.on("SIGINT", stop);
  try {
    return await withSource(place, record.chainId, async (source) => {
      const { result, scratch } = await reconcile({
        record,
        rpc: new Rpc("the network's RPC", ask),
        ...(other && { second: other.rpc }),
        source,
        recorded: await recordedChains(record.chainId),
        scratch: filter.paymentId === undefined ? await scratchPath(hre, record.chainId) : ":memory:",
        resume: args.resume,
        filter,
        ...(block !== undefined && { block }),
        onProgress: bar.onProgress,
      });
      const table =
        view === undefined ? findingsTable(result.findings) : VIEWS[view](scratch, result.block.timestamp);
      scratch.close();
      return { result, table };
    });
  } finally {
    process.off("SIGINT", stop);
    bar.stop();
    other?.close();
  }
}

/** The record that the indexer goes by, too. */
async function recordOf(chainId: number): Promise<DeploymentRecord> {
  const { parseRecord, readRecord } = await import("../deploy/record.js");
  const directory = process.env.HOLDFAST_RECORDS_DIR;
  if (directory === undefined) return await readRecord(chainId);
  const file = path.join(directory, `${chainId}.json`);
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new Fault(
      `There is no deployment record for chain ${chainId} in ${directory}: is it the right chain?`,
      {
        cause,
      },
    );
  });
  return parseRecord(text, file);
}

/** The chains that the indexer can follow: the one that is reconciled, and all that have a deployment record here. */
async function recordedChains(own: number): Promise<number[]> {
  const { recordPath } = await import("../deploy/record.js");
  const files = await readdir(process.env.HOLDFAST_RECORDS_DIR ?? path.dirname(recordPath(0)));
  return [own, ...files.flatMap((file) => (/^\d+\.json$/.test(file) ? [parseInt(file)] : []))];
}

async function scratchPath({ config }: HardhatRuntimeEnvironment, chainId: number): Promise<string> {
  const directory = path.join(config.paths.root, ".holdfast", "reconcile");
  await mkdir(directory, { recursive: true });
  return path.join(directory, `${chainId}.sqlite`);
}

/** Whether an index that is built anew would be better. */
function isMendable({ outcome, mendable, findings }: Reconciliation): boolean {
  if (outcome !== "could not tell") return mendable > 0;
  throw new Fault("Nothing is applied while it could not be told what is right:", {
    details: findings.flatMap((finding) =>
      finding.outcome === "lookup_failed" ? [`${finding.key}: ${finding.found}`] : [],
    ),
  });
}

type Connection = Awaited<ReturnType<HardhatRuntimeEnvironment["network"]["create"]>>;

async function rebuildOf(
  { place, port }: Asked,
  { networkConfig }: Connection,
  { chainId }: DeploymentRecord,
): Promise<Rebuild> {
  if ("graphql" in place) {
    throw new Fault("--apply builds the index anew, for which it needs --database; GraphQL only answers.");
  }
  const { recordPath } = await import("../deploy/record.js");
  return {
    ...place,
    chainId,
    url: networkConfig.type === "http" ? await networkConfig.url.get() : undefined,
    recordsDir: process.env.HOLDFAST_RECORDS_DIR ?? path.dirname(recordPath(chainId)),
    port,
    timeoutSeconds: REBUILD_SECONDS,
  };
}

/** Asks for the number of findings: whoever did not look at them does not know it. */
async function confirmed(
  result: Reconciliation,
  rebuild: Rebuild,
  { yes }: ReconcileArguments,
): Promise<void> {
  const { checkRebuild } = await import("./lib/reconcile/apply.js");
  const { formatForPeople } = await import("./lib/reconcile/report.js");
  await checkRebuild(rebuild);
  if (yes === undefined) console.error(formatForPeople(result));
  const count = result.mendable;
  const typed =
    yes?.trim() ??
    (await ask(
      `Index the chains of the schema ${rebuild.schema} anew? Type the number of findings that this mends: `,
    ));
  if (typed === String(count)) return;
  throw new Fault(
    `Nothing was applied: ${count} findings would be mended, and ${typed || "nothing"} was typed.`,
  );
}

/** Builds the index anew, and says what of the old one is left. */
async function rebuilt(rebuild: Rebuild, check: () => Promise<Done>): Promise<Done> {
  const { rebuildIndex } = await import("./lib/reconcile/apply.js");
  let done: Done;
  const { isNew, left } = await rebuildIndex(rebuild, async () => {
    done = await check();
    return done.result.outcome !== "could not tell" && done.result.mendable === 0;
  });
  if (!isNew) console.error("The index that was built anew is no better: the old one is in its place again.");
  if (left !== undefined) {
    console.error(
      `${left.views.join(", ")} shows the old index, now ${left.aside}: switch to ${rebuild.schema} ` +
        `(docs/production.md), then remove that: psql --set schema=${left.aside} --file indexer/database/drop-index.sql`,
    );
  }
  return done!;
}

async function tell(
  result: Reconciliation,
  table: Tabular,
  { format }: Asked,
  { json, report, out }: ReconcileArguments,
  view: View | undefined,
): Promise<void> {
  const { formatForPeople, formatReport, toTerminalTable } = await import("./lib/reconcile/report.js");
  if (out !== undefined) await writeFile(out, `${formatReport(format, result, table)}\n`);
  if (json) return console.log(JSON.stringify(result, null, 2));
  if (report !== undefined && out === undefined) return console.log(formatReport(format, result, table));
  console.log(formatForPeople(result));
  if (view !== undefined) console.log(toTerminalTable(table));
}

async function propose(
  result: Reconciliation,
  { globalOptions }: HardhatRuntimeEnvironment,
  { json, report, out }: ReconcileArguments,
): Promise<void> {
  const { proposals } = await import("./lib/reconcile/apply.js");
  const commands = proposals(result, globalOptions.network ?? "<name>");
  if (commands.length === 0) return;
  // What a program reads from stdout stays what it asked for.
  const say = json || (report !== undefined && out === undefined) ? console.error : console.log;
  say(
    [
      "This looks like a leak. Nothing was sent; whoever may can plan:",
      ...commands.map((line) => `  ${line}`),
    ].join("\n"),
  );
}

/** A run may take long, and what it found must have where to go. Leaves a file that is there as it is. */
async function requireWritable(file: string): Promise<void> {
  try {
    await (await open(file, "a")).close();
  } catch (cause) {
    throw new Fault(`--out ${file} cannot be written: ${(cause as NodeJS.ErrnoException).code}.`, { cause });
  }
}

function parse(args: ReconcileArguments): Asked {
  const { database, schema, graphql, payment, token, since, block, report = "json", port } = args;
  if (graphql !== undefined && database !== undefined) {
    throw new Fault("Name the index with --database or with --graphql, not with both.");
  }
  const format = (["json", "csv", "markdown"] as const).find((name) => name === report);
  if (format === undefined) throw new Fault(`--report is json, csv or markdown; it was ${report}.`);
  if (args.apply && [payment, token, since].some((filter) => filter !== undefined)) {
    throw new Fault("--apply takes no --payment, --token or --since: it replaces the whole index.");
  }
  return {
    place: graphql === undefined ? { database: database ?? defaultDatabase(), schema } : { graphql },
    filter: {
      ...(payment !== undefined && {
        paymentId: matching(payment, /^0x[0-9a-f]{64}$/i, "--payment is a paymentId"),
      }),
      ...(token !== undefined && { token: matching(token, /^0x[0-9a-f]{40}$/i, "--token is an address") }),
      ...(since !== undefined && { since: parseTime(since) }),
    },
    ...(block !== undefined && {
      block: Number(matching(block, /^\d{1,15}$/, "--block is a block's number")),
    }),
    format,
    port: portOf(port),
  };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new Fault(`--port is a number from 1 to 65535; it was ${text}.`);
}

/** Where `npm run indexer:start` keeps it. */
const defaultDatabase = () =>
  setting(process.env, "DATABASE_URL") ??
  process.env.HOLDFAST_PGLITE_DIR ??
  path.join("indexer", ".ponder", "pglite");

function matching(text: string, pattern: RegExp, what: string): string {
  if (pattern.test(text)) return text.toLowerCase();
  throw new Fault(`${what}; it was ${text}.`);
}

function parseTime(text: string): number {
  const time = /^\d{1,12}$/.test(text) ? Number(text) : Date.parse(text) / 1_000;
  if (Number.isFinite(time)) return time;
  throw new Fault(
    `--since is a time such as 2026-03-01 or 2026-03-01T12:00:00Z, or Unix seconds; it was ${text}.`,
  );
}
