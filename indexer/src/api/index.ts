import { Hono } from "hono";
import { client, graphql } from "ponder";
import { db } from "ponder:api";
import schema from "ponder:schema";

import { incidents } from "./incident/index.js";
import { addPaymentMetrics } from "./metrics/index.js";

/**
 * Bounds on one GraphQL operation. Relations lead back and forth (payment → party → payments → …), so without a depth
 * limit one request could ask for everything; the deepest that is allowed still admits the introspection query.
 */
const limits = { maxOperationTokens: 1000, maxOperationDepth: 24, maxOperationAliases: 30 };

const app = new Hono();
const answer = graphql({ db, schema }, limits);

app.use("/", answer);
app.use("/graphql", answer);
app.route("/", incidents());
app.use("/sql/*", client({ db, schema }));

addPaymentMetrics();

export default app;
