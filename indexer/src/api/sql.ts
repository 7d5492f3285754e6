import type { MiddlewareHandler } from "hono";

let asked = 0;

/**
 * Keeps answers of SQL over HTTP from coming out of Ponder's memory. It forgets what it answered when a table is
 * written, but not when a reorg takes rows back, nor for writes while its connection to the database was cut; so it
 * would go on answering with rows that the tables no longer have. It remembers by the text of the question, which
 * this makes another one each time.
 */
export const askedAnew: MiddlewareHandler = async (context, next) => {
  const url = new URL(context.req.url);
  const question = url.searchParams.get("sql");
  // The question is a JSON object; one more member that nobody reads changes its text and not its meaning.
  if (question?.startsWith("{")) {
    const rest = question.slice(1).trimStart();
    url.searchParams.set("sql", `{"asked":${++asked}${rest.startsWith("}") ? "" : ","}${rest}`);
    context.req.raw = new Request(url, context.req.raw);
  }
  await next();
};
