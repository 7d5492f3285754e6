import { Hono } from "hono";
import { client, graphql } from "ponder";
import { db } from "ponder:api";
import schema from "ponder:schema";

import { requireSameBranch } from "../../guard/index.js";
import { changes } from "./changes/index.js";
import { incidents } from "./incident/index.js";
import { addPaymentMetrics } from "./metrics/index.js";
import { post, type Bindings } from "./post.js";
import { askedAnew } from "./sql.js";

await requireSameBranch();

const app = new Hono<Bindings>();
/** Opened in a browser: Ponder's editor. */
const editor = graphql({ db, schema });

for (const path of ["/", "/graphql"]) {
  app.get(path, editor);
  app.post(path, post);
}
app.get("/changes", changes);
app.route("/", incidents());
app.use("/sql/*", askedAnew, client({ db, schema }));

addPaymentMetrics();

export default app;
