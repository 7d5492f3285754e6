import type { ReadModel } from "../../../scripts/lib/read-model.js";
import type { Question, Variables } from "./questions.js";
import type { Sql } from "./sql.js";

interface FirstPage {
  items: Record<string, string>[];
  pageInfo: { endCursor: string };
}

/** What a question is asked with. */
export async function variablesOf(question: Question, sql: Sql): Promise<Variables[]> {
  const rows = (await sql.query(question.variables)) as Variables[];
  if (rows.length === 0) throw new Error(`There is nothing to ask with: ${question.variables}`);
  return rows;
}

/** Adds what only an earlier answer has: where the second page begins. */
export async function withCursors(
  question: Question,
  variables: readonly Variables[],
  readModel: ReadModel,
): Promise<Variables[]> {
  const { before } = question;
  if (before === undefined) return [...variables];
  const found: Variables[] = [];
  for (const known of variables) {
    const page = Object.values(await readModel.ask<Record<string, FirstPage>>(before, known))[0]!;
    if (page.items.length === 0) continue;
    const { createdAt, paymentId } = page.items.at(-1)!;
    found.push({ ...known, after: page.pageInfo.endCursor, createdAt: createdAt!, paymentId: paymentId! });
  }
  return found;
}
