import type { Hono } from "hono";
import { sql } from "ponder";
import { db } from "ponder:api";

import { setting } from "../../../settings.js";
import { answerOf, QUESTIONS, statementOf, type QuestionName } from "./questions.js";
import { incidentRoutes } from "./routes.js";

/** `GET /internal/incident/*`, if HOLDFAST_INCIDENT_TOKEN is set. */
export const incidents = (): Hono =>
  incidentRoutes({
    token: setting(process.env, "HOLDFAST_INCIDENT_TOKEN"),
    questions: Object.fromEntries(Object.entries(QUESTIONS).map(([name, { tells }]) => [name, tells])),
    answer: async (question) => {
      const name = question as QuestionName;
      const { rows } = (await db.execute(sql.raw(statementOf(name)))) as unknown as { rows: unknown[] };
      return answerOf(name, rows);
    },
  });
