import {
  isFull,
  readReconciliations,
  type ReconciliationRecord,
  type RunScope,
} from "../../../../deploy/reconciliations.js";
import { readIdentity } from "../metrics/reading.js";
import { page, pageSize, position } from "./inputs.js";

const SOURCES = { database: "DATABASE", graphql: "GRAPHQL" } as const;
const OUTCOMES = { clean: "CLEAN", differences: "DIFFERENCES", "could not tell": "COULD_NOT_TELL" } as const;

/** Runs of `npx hardhat reconcile`, newest first: records of operators beside the index, which has only its own name. */
export async function reconciliationRuns(args: {
  chainId: number;
  first?: number | null;
  after?: string | null;
}) {
  const size = pageSize(args.first);
  const [before = Infinity] = (position(args.after, "line") ?? []).map(Number);
  const lines = await readReconciliations(args.chainId);
  // Lines are only ever appended, so a line's number stays its place.
  const rows = lines
    .filter(({ n, run }) => n < before && run !== undefined)
    .reverse()
    .slice(0, size + 1);
  const { items, pageInfo } = page(rows, size, ({ n }) => String(n));
  return {
    index: async () => (await readIdentity()).index,
    items: items.map(({ run }) => told(run!)),
    unreadable: lines.filter(({ run }) => run === undefined).length,
    pageInfo,
  };
}

const told = ({ scope, ...run }: ReconciliationRecord) => ({
  ...toldRun(run),
  isFull: isFull({ ...run, scope }),
  scope: scope && toldScope(scope),
});

const toldScope = ({ source, ...scope }: RunScope) => ({ ...scope, source: SOURCES[source] });

const toldRun = ({ at, outcome, counts, ...run }: Omit<ReconciliationRecord, "scope">) => ({
  ...run,
  at: Math.floor(Date.parse(at) / 1_000),
  outcome: OUTCOMES[outcome],
  counts: Object.entries(counts).map(([name, count]) => ({ outcome: name, count })),
});
