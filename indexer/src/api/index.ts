import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { client, graphql } from "ponder";
import { db } from "ponder:api";
import schema from "ponder:schema";

import { requireSameBranch } from "../../guard/index.js";
import { changes } from "./changes/index.js";
import { yoga } from "./graphql.js";
import { incidents } from "./incident/index.js";
import { addPaymentMetrics } from "./metrics/index.js";
import { askedAnew } from "./sql.js";

await requireSameBranch();

const app = new Hono();
/** Opened in a browser: Ponder's editor. */
const editor = graphql({ db, schema });

/** More than any question within the limits has. */
const MOST_BYTES = 256 * 1024;
const limited = bodyLimit({
  maxSize: MOST_BYTES,
  onError: (c) => {
    const message = `The question is longer than ${MOST_BYTES} bytes: ask in several.`;
    return c.json({ errors: [{ message, extensions: { code: "TOO_LARGE" } }] });
  },
});

for (const path of ["/", "/graphql"]) {
  app.get(path, editor);
  // As Ponder answers: what is wrong with a question is in the answer, not in its status; a failure of ours is in both.
  app.post(path, limited, async (c) => {
    const answer = await yoga.fetch(c.req.raw);
    if (answer.status === 200) return answer;
    return new Response(answer.body, { status: answer.status >= 500 ? 500 : 200, headers: answer.headers });
  });
}
app.get("/changes", changes);
app.route("/", incidents());
app.use("/sql/*", askedAnew, client({ db, schema }));

addPaymentMetrics();

export default app;
