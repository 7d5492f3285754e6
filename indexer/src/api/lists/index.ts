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
import { askedOf, type Arguments } from "./asked.js";
import { fieldsOf } from "./fields.js";
import { pageOf } from "./page.js";
import { refuseKey } from "./refused.js";
import { countOf, statementOf, type Which } from "./statement.js";
import { quickTable, type QuickTable } from "./table.js";

type Resolver = GraphQLFieldResolver<Row, { ask: Ask }>;

/**
 * Answers one row by its key and lists in statements that are put together from ready pieces. Ponder's own answers build each
 * statement anew, read whole rows and turn every value of them, lose a row when that of the cursor is gone, and find nothing behind
 * an empty value. Cursors are written as Ponder writes them. What makes no sense is refused before the database is asked.
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
    replace(questions, name, byKey(table));
    replace(
      questions,
      `${name}s`,
      list(table, () => []),
    );
    for (const [field, relation] of Object.entries(relations)) {
      const { fields, references } = normalizeRelation(tables, tableNamesMap, relation);
      table.relations.set(field, fields.map(table.of));
      if (!is(relation, Many)) continue;
      const related = ownerOf(references[0]!);
      const pairs = references.map((column, i) => [related.of(column), table.of(fields[i]!).name] as const);
      const type = generated.getType(tsName) as GraphQLObjectType;
      replace(
        type,
        field,
        list(related, (row) => pairs.map(([column, name]) => [column, row[name]])),
      );
    }
  }
  return generated;
}

function replace(type: GraphQLObjectType, field: string, resolver: Resolver): void {
  type.getFields()[field]!.resolve = resolver as GraphQLFieldResolver<unknown, unknown>;
}

const byKey =
  (table: QuickTable): Resolver =>
  async (_parent, args: Record<string, unknown>, { ask }, info) => {
    refuseKey(table, args);
    const given = table.key.map((column) => [column, args[column.name]] as const);
    const one = { where: {}, given, order: [], descending: false, offset: 0, rows: 1 };
    const [row] = await ask(statementOf(table, { ...one, fields: fieldsOf(info) }));
    return row;
  };

const list =
  (table: QuickTable, givenBy: (parent: Row) => Which["given"]): Resolver =>
  async (parent, args: Arguments, { ask }, info) => {
    const asked = askedOf(table, args);
    const which = { where: asked.where, given: givenBy(parent) };
    const fields = fieldsOf(info);
    const readsRows = fields.has("items") || fields.has("pageInfo");
    // One more to see whether there are more, and with a cursor also the row that it stands at.
    const rows = asked.limit + (asked.cursor ? 2 : 1);
    const wanted = { ...asked, ...which, fields: fieldsOf(info, "items"), rows };
    const [found, counted] = await Promise.all([
      readsRows ? ask(statementOf(table, wanted)) : [],
      fields.has("totalCount") ? ask(countOf(table, which)) : [],
    ]);
    return { ...pageOf(asked, found), totalCount: counted[0]?.count };
  };
