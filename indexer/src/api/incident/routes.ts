import { createHash, timingSafeEqual } from "node:crypto";

import { Hono } from "hono";

/** Characters that a token has at least: as many as 16 random bytes have in hexadecimal. */
const SHORTEST_TOKEN = 32;
/** Questions a minute, of all who ask together: a person with a runbook asks some ten. */
const PER_MINUTE = 120;
const MINUTE_MS = 60_000;

export interface IncidentOptions {
  /** Nothing answers without one. */
  readonly token: string | undefined;
  /** Names of what can be asked, with a sentence about each. */
  readonly questions: Readonly<Record<string, string>>;
  readonly answer: (question: string) => Promise<unknown>;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

/**
 * What people on duty ask over HTTP, read-only, for whoever has the token. Without a token in the settings there is nothing
 * here: every path is not found.
 *
 * @throws Error if the token is too short to be one.
 */
export function incidentRoutes({ token, questions, answer, now = Date.now }: IncidentOptions): Hono {
  const app = new Hono();
  if (token === undefined || token === "") return app;
  if (token.length < SHORTEST_TOKEN) {
    throw new Error(
      `HOLDFAST_INCIDENT_TOKEN has at least ${SHORTEST_TOKEN} characters, for instance of: openssl rand -hex 32.`,
    );
  }
  const expected = digest(token);
  const admits = limiter(PER_MINUTE, now);

  app.use("/internal/incident/*", async (c, next) => {
    c.header("cache-control", "no-store");
    const [, given = ""] = /^Bearer (.+)$/.exec(c.req.header("authorization") ?? "") ?? [];
    // Digests are of one length, and tell nothing of how much of the token was right.
    if (!timingSafeEqual(digest(given), expected)) {
      c.header("www-authenticate", "Bearer");
      return c.json({ error: "This needs the incident token as a bearer." }, 401);
    }
    // After the token, so that nobody without it can use up what others may ask.
    if (!admits()) {
      c.header("retry-after", "60");
      return c.json({ error: `No more than ${PER_MINUTE} questions a minute.` }, 429);
    }
    return await next();
  });
  app.get("/internal/incident/", (c) => c.json({ questions }));
  app.get("/internal/incident/:question", async (c) => {
    const question = c.req.param("question");
    if (!Object.hasOwn(questions, question))
      return c.json({ error: "There is no such question.", questions }, 404);
    try {
      return c.json(await answer(question));
    } catch {
      // What a database says of itself is not for a response.
      return c.json({ error: "The database does not answer." }, 503);
    }
  });
  return app;
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Admits so many in each minute. */
function limiter(perMinute: number, now: () => number): () => boolean {
  let [since, count] = [-Infinity, 0];
  return () => {
    if (now() - since >= MINUTE_MS) [since, count] = [now(), 0];
    count += 1;
    return count <= perMinute;
  };
}
