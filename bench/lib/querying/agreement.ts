import type { ReadModel } from "../../../scripts/lib/read-model.js";
import type { Question, Variables } from "./questions.js";
import { askByHand, type Sql } from "./sql.js";

const PAGE = 50;

/**
 * Throws unless GraphQL answers with as many rows as the SQL by hand: a comparison of two different questions would
 * say nothing.
 */
export async function requireAgreement(
  question: Question,
  variables: readonly Variables[],
  readModel: ReadModel,
  sql: Sql,
): Promise<void> {
  for (const some of variables) {
    const answer = await readModel.ask<Record<string, unknown>>(question.graphql, some);
    const byHand = await askByHand(sql, question, some);
    const expected = byHand.map((rows) => Math.min(rows.length, PAGE));
    const found = Object.values(answer).flatMap(rowCounts);
    if (found.join() !== expected.join()) {
      throw new Error(
        `${question.title}: GraphQL answers with ${found.join(" and ")} rows, SQL with ${expected.join(" and ")}.`,
      );
    }
  }
}

/** How many rows an answer and the lists in it have. */
function rowCounts(answer: unknown): number[] {
  if (answer === null || typeof answer !== "object") return [0];
  if ("items" in answer) return [(answer.items as unknown[]).length];
  const lists = Object.values(answer).filter((value) => typeof value === "object" && value !== null);
  return [1, ...lists.flatMap(rowCounts)];
}
