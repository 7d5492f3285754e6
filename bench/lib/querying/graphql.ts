import { Agent, request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import type { Variables } from "./questions.js";

/** A GraphQL endpoint that is asked directly. */
export interface Graphql extends Disposable {
  ask(query: string, variables: Variables | undefined): Promise<unknown>;
}

/**
 * Opens connections that stay open, as those for SQL by hand do. Not with `fetch`, which would cost this process more than
 * many an answer costs the one that gives it: both share the machine.
 */
export function openGraphql(url: string, connections: number): Graphql {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    ask: async (query, variables) => {
      const response = await post(agent, `${url}/graphql`, JSON.stringify({ query, variables }));
      const answer = await text(response);
      const { data, errors } = JSON.parse(answer) as { data?: unknown; errors?: unknown };
      if (data === undefined || errors !== undefined) throw new Error(`Refused: ${answer}`);
      return data;
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

const post = (agent: Agent, url: string, body: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    request(url, { method: "POST", agent, headers }, resolve).on("error", reject).end(body);
  });
