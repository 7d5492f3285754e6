import { Fault } from "../../../deploy/fault.js";
import { indexedBlock, indexedChainIds } from "../indexer.js";
import { ReadModel } from "../read-model.js";
import { KINDS, textOf, type Kind, type Plain } from "./kinds.js";
import type { Table } from "./model.js";
import type { IndexSource, IndexedRow } from "./source.js";

/** The index as its GraphQL endpoint at `url` answers. It cannot be asked as of a block. */
export function graphqlSource(url: string, chainId: number): IndexSource {
  const readModel = new ReadModel(url);
  const columns = (table: Table) => table.columns.map(({ name }) => name);
  return {
    kind: "graphql",
    identity: async () => {
      // An older indexer does not know the question; then nobody knows which index it answers from.
      const question = `{ reconciliationRuns(chainId: ${chainId}, first: 1) { index } }`;
      const answer = await readModel
        .ask<{ reconciliationRuns: { index: string | null } }>(question)
        .catch(() => undefined);
      const index = answer?.reconciliationRuns.index;
      return typeof index === "string" && /^[0-9a-f]{16}$/.test(index) ? { index } : {};
    },
    block: () =>
      indexedBlock(url, chainId).catch((cause: Error) => {
        throw new Fault(`The indexer at ${url} does not tell how far it is: ${cause.message}.`, { cause });
      }),
    count: (table) => readModel.count(`${table.name}s`, chainId),
    strays: async (table, recorded) => {
      const told = await indexedChainIds(url);
      const followed = told.filter((id) => recorded?.includes(id) ?? true);
      const strays = new Map<number, number>();
      // One row tells of its chain; then that is left out of the question, too.
      for (;;) {
        const known = [...followed, ...strays.keys()];
        const chainId = await readModel.otherChain(`${table.name}s`, known);
        if (chainId === undefined || known.includes(chainId)) break;
        strays.set(chainId, await readModel.count(`${table.name}s`, chainId));
      }
      return [...strays].map(([chainId, rows]) => ({ chainId, rows }));
    },
    row: async (table, key) => {
      const where = Object.fromEntries(
        table.key.map(({ name, kind }, i) => [name, literal(kind.answered(key[i]), kind)]),
      );
      for await (const row of readModel.rows(`${table.name}s`, chainId, columns(table), where)) {
        return answered(table, row);
      }
      return undefined;
    },
    rows: async function* (table, paymentId) {
      const where: Record<string, string> = paymentId === undefined ? {} : { paymentId: literal(paymentId) };
      for await (const row of readModel.rows(`${table.name}s`, chainId, columns(table), where)) {
        yield answered(table, row);
      }
    },
    // GraphQL follows keys, so two rows with one key are beyond it; the database tells.
    duplicates: () => Promise.resolve([]),
  };
}

const answered = ({ columns }: Table, row: Record<string, unknown>): IndexedRow =>
  Object.fromEntries(columns.map(({ name, kind }): [string, Plain] => [name, kind.answered(row[name])]));

/** Names of enums stand in GraphQL without quotes. */
const literal = (value: Plain, kind?: Kind) =>
  kind === KINDS.PgEnumColumn ? textOf(value) : JSON.stringify(value);
