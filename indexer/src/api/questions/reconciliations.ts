import { readReconciliations, type ReconciliationRecord } from "../../../../deploy/reconciliations.js";
import { page, pageSize, position } from "./inputs.js";

const OUTCOMES = { clean: "CLEAN", differences: "DIFFERENCES", "could not tell": "COULD_NOT_TELL" } as const;

/** Runs of `npx hardhat reconcile`, newest first. They are records of operators beside the index, so no SQL. */
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
    items: items.map(({ run }) => told(run!)),
    unreadable: lines.filter(({ run }) => run === undefined).length,
    pageInfo,
  };
}

const told = ({ at, outcome, counts, ...run }: ReconciliationRecord) => ({
  ...run,
  at: Math.floor(Date.parse(at) / 1_000),
  outcome: OUTCOMES[outcome],
  counts: Object.entries(counts).map(([name, count]) => ({ outcome: name, count })),
});
