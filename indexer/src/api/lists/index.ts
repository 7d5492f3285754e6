import {
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  getTableName,
  is,
  Many,
  normalizeRelation,
  type Column,
} from "drizzle-orm";
import type { GraphQLFieldResolver, GraphQLObjectType, GraphQLSchema } from "graphql";

import type { Ask, Row } from "../batch.js";
import { askedOf, type Arguments, type Condition } from "./asked.js";
import { fieldsOf, plainly } from "./fields.js";
import { pageOf } from "./page.js";
import { refuseKey } from "./refused.js";
import { statementOf } from "./statement.js";
import { quickTable, type QuickTable } from "./table.js";

type Resolver = GraphQLFieldResolver<Row, { ask: Ask }>;

/**
 * Answers what people ask for most in statements that are put together from ready pieces: one row by its key, and lists by
 * columns that are equal, less or more, in the order of a column, page after page. Whatever else a list can be asked for
 * is answered as Ponder generates it, which builds each statement anew, reads whole rows and turns every value of them; what both can
 * answer they answer alike, cursors included. What makes no sense is refused before either.
 */
export function withQuickLists(generated: GraphQLSchema, schema: Record<string, unknown>): GraphQLSchema {
  const { tables, tableNamesMap } = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  const quickTables = Object.values(tables).map(quickTable);
  const ownerOf = ({ table }: Column) =>
    quickTables.find(({ config }) => config.dbName === getTableName(table))!;

  for (const table of quickTables) {
    const { tsName, relations } = table.config;
    const name = tsName.charAt(0).toLowerCase() + tsName.slice(1);
    const questions = generated.getQueryType()!;
    replace(questions, name, () => byKey(table));
    replace(questions, `${name}s`, (slow) => list(table, () => [], slow));
    for (const [field, relation] of Object.entries(relations)) {
      const { fields, references } = normalizeRelation(tables, tableNamesMap, relation);
      table.relations.set(field, fields.map(table.of));
      if (!is(relation, Many)) continue;
      const related = ownerOf(references[0]!);
      const pairs = references.map((column, i) => [related.of(column), table.of(fields[i]!).name] as const);
      const conditions = (row: Row) => pairs.map(([column, name]): Condition => [column, "=", row[name]]);
      const type = generated.getType(tsName) as GraphQLObjectType;
      replace(type, field, (slow) => list(related, conditions, slow));
    }
  }
  return generated;
}

function replace(type: GraphQLObjectType, field: string, by: (slow: Resolver) => Resolver): void {
  const definition = type.getFields()[field]!;
  definition.resolve = by(definition.resolve as Resolver) as GraphQLFieldResolver<unknown, unknown>;
}

const byKey =
  (table: QuickTable): Resolver =>
  async (_parent, args: Record<string, unknown>, { ask }, info) => {
    refuseKey(table, args);
    const conditions = table.key.map((column): Condition => [column, "=", args[column.name]]);
    const one = { fields: fieldsOf(info), conditions, order: [], descending: false, rows: 1 };
    const [row] = await ask(statementOf(table, one));
    return row;
  };

const list =
  (table: QuickTable, conditionsOf: (parent: Row) => Condition[], slow: Resolver): Resolver =>
  async (parent, args: Arguments, context, info) => {
    const asked = askedOf(table, args, info);
    if (!asked) return slow(parent, args, context, plainly(info));
    const conditions = [...asked.conditions, ...conditionsOf(parent)];
    // One more to see whether there are more, and with a cursor also the row that it stands at.
    const rows = asked.limit + (asked.after ? 2 : 1);
    const wanted = { ...asked, fields: fieldsOf(info, "items"), conditions, rows };
    return pageOf(asked, await context.ask(statementOf(table, wanted)));
  };
