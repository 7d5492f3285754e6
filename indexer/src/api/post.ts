import type { IncomingMessage, ServerResponse } from "node:http";

import type { Context, Handler } from "hono";
import { bodyLimit } from "hono/body-limit";

import { yoga } from "./graphql.js";

/** What Hono's server for Node hands on. */
export interface Bindings {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse };
}

/** More than any question within the limits has. */
const MOST_BYTES = 256 * 1024;

const tooLong = (c: Context) => {
  const message = `The question is longer than ${MOST_BYTES} bytes: ask in several.`;
  return c.json({ errors: [{ message, extensions: { code: "TOO_LARGE" } }] });
};

/** What Yoga refuses without a word. */
const REFUSED = {
  406: "The answer is JSON: accept it, with `accept: application/json`.",
  415: "Send the question as JSON, with `content-type: application/json`.",
} as const;

interface Answer {
  status: 200 | 406 | 415 | 500;
  text: string;
  type: string;
}

/**
 * As Ponder answers: what is wrong with a question is in the answer, not in its status; a failure of ours is in both. What
 * is no question to begin with has its status, too.
 */
async function answered(answer: Response): Promise<Answer> {
  const { status } = answer;
  if (status === 406 || status === 415) {
    const errors = [{ message: REFUSED[status], extensions: { code: "BAD_REQUEST" } }];
    return { status, text: JSON.stringify({ errors }), type: "application/json" };
  }
  return {
    status: status >= 500 ? 500 : 200,
    text: await answer.text(),
    type: answer.headers.get("content-type") ?? "application/json",
  };
}

/**
 * Lets Yoga read Node's own request, and writes Node's response: those of Hono, which turn bodies into streams and back,
 * cost more than most answers.
 */
async function directly({ incoming, outgoing }: Bindings["Bindings"]): Promise<Response> {
  const answer = await yoga.handleNodeRequestAndResponse(incoming, outgoing);
  const { status, text, type } = await answered(answer);
  const length = String(Buffer.byteLength(text));
  if (!outgoing.destroyed) {
    outgoing.writeHead(status, {
      "access-control-allow-origin": "*",
      "content-type": type,
      "content-length": length,
    });
    outgoing.end(text);
  }
  // For Ponder's metrics; sent it is already.
  return new Response(null, { status, headers: { "x-hono-already-sent": "true", "content-length": length } });
}

/** Counts what comes in chunks, without a length. */
const limit = bodyLimit({ maxSize: MOST_BYTES, onError: tooLong });

async function inChunks(c: Context<Bindings, string>): Promise<Response> {
  let answer: Response | undefined;
  const refused = await limit(c, async () => {
    const { status, text, type } = await answered(await yoga.fetch(c.req.raw));
    answer = c.body(text, status, { "content-type": type });
  });
  return refused ?? answer!;
}

/** Answers a question that was posted. One handler: Ponder counts a request once for each that its route has. */
export const post: Handler<Bindings, string> = async (c) => {
  const bytes = Number(c.env.incoming.headers["content-length"]);
  if (bytes > MOST_BYTES) return tooLong(c);
  return bytes >= 0 ? await directly(c.env) : await inChunks(c);
};
