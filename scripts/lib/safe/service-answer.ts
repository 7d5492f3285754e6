import http from "node:http";
import https from "node:https";

import { Fault } from "../../../deploy/fault.js";
import { plain } from "../plain.js";

interface Asked {
  /** Of the service. Only its host is ever shown: a path or a user name may be somebody's key. */
  readonly url: string;
  readonly timeoutMs: number;
}

/** That nothing came from the service now, whatever it would be asked. */
export class ServiceDown extends Fault {}

/**
 * What the service answers, or a {@link Fault} in words when it refuses, fails, or says nothing in time.
 *
 * @param question Asks it, by way of `@safe-global/api-kit`, which has no timeout of its own.
 */
export async function answerOf<Answer>(question: () => Promise<Answer>, asked: Asked): Promise<Answer> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new ServiceDown(`${nameOf(asked)} did not answer within ${asked.timeoutMs / 1000} s.${OTHERWISE}`),
    );
    hangUp(asked);
  }, asked.timeoutMs);
  try {
    return await Promise.race([question(), tooLate]);
  } catch (error) {
    throw error instanceof Fault ? error : inWords(error, asked);
  } finally {
    clearTimeout(timer);
  }
}

const OTHERWISE = " Signatures can go around as files instead.";

const nameOf = ({ url }: Asked) => `The transaction service at ${new URL(url).host}`;

/** Otherwise a request that nobody waits for any more would keep the process alive. */
function hangUp({ url }: Asked): void {
  const { protocol, hostname, port } = new URL(url);
  const [agent, usual] = protocol === "https:" ? [https.globalAgent, "443"] : [http.globalAgent, "80"];
  for (const [name, sockets] of Object.entries(agent.sockets)) {
    if (name.startsWith(`${hostname}:${port || usual}:`)) sockets?.forEach((socket) => socket.destroy());
  }
}

function inWords(cause: unknown, asked: Asked): Fault {
  const name = nameOf(asked);
  if (isHttpError(cause)) {
    const isDown = cause.statusCode === 429 || cause.statusCode >= 500;
    return new (isDown ? ServiceDown : Fault)(`${name} ${ofStatus(cause)}`, { cause });
  }
  if (cause instanceof SyntaxError) {
    return new ServiceDown(`${name} did not answer in JSON; is its URL right, with the /api at its end?`, {
      cause,
    });
  }
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== undefined)
    return new ServiceDown(`${name} cannot be reached (${code}).${OTHERWISE}`, { cause });
  return new Fault(`${name} was not asked: ${plain((cause as Error).message)}.`, { cause });
}

function ofStatus({ statusCode, message, data }: HttpError): string {
  const said = plain([...stringsIn(data)].join(" ") || message);
  if (statusCode === 401 || statusCode === 403) return `wants another API key (${statusCode}: ${said}).`;
  if (statusCode === 404) {
    return `does not know that (404: ${said}); propose the transaction first, and check that it is the service of this chain and its URL ends in /api.`;
  }
  if (statusCode === 429) return `has had too many questions (429: ${said}); ask again in a minute.`;
  if (statusCode >= 500) return `is out of order (${statusCode}: ${said}).${OTHERWISE}`;
  return `refuses (${statusCode}: ${said}).`;
}

/** As api-kit throws it. Its message leaves out most of what the service said, which is in `data`. */
interface HttpError extends Error {
  readonly statusCode: number;
  readonly data: unknown;
}

const isHttpError = (error: unknown): error is HttpError =>
  error instanceof Error && error.name === "HttpError" && "statusCode" in error;

function* stringsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) yield* stringsIn(inner);
  }
}
