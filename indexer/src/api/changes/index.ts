import type { Context } from "hono";
import { streamSSE, type SSEStreamingApi } from "hono/streaming";

import { ponderLogger, ponderShutdown } from "../../../watch/index.js";
import { advanced, parseCursor, written, type Cursor } from "./cursor.js";
import { anchorOf, eventsAfter, newestEvent } from "./events.js";
import { Progress } from "./progress.js";

/** Consumers that one process follows the chain for. */
const MOST_CONSUMERS = 200;
/** A comment is sent so often, so that nobody between takes a silent connection for a dead one. */
const SILENCE_MS = 15_000;
/** How long a consumer that lost its connection waits before it comes back. */
const RETRY_MS = 1_000;

const progress = new Progress();
let consumers = 0;

/**
 * Server-sent events: everything that happens to payments of one chain, in the order of the chain, from a place that
 * the consumer names. What it may rely on is written in docs/guarantees.md.
 */
export async function changes(c: Context): Promise<Response> {
  const refuse = (status: 400 | 404 | 503, error: string) => c.json({ error }, status);
  const chainId = Number(c.req.query("chainId"));
  if (!Number.isSafeInteger(chainId) || chainId <= 0) {
    return refuse(400, "Say of which chain: /changes?chainId=<id>.");
  }
  const after = c.req.header("last-event-id") ?? c.req.query("after") ?? "";
  const from = await beginning(chainId, after);
  if (from === undefined) {
    return refuse(
      400,
      "`after` (or Last-Event-ID) takes the id of an event that this endpoint gave, the number of a block, or " +
        "nothing for what happens from now on.",
    );
  }
  const head = (await eventsAfter(chainId, from))?.head;
  if (!head) return refuse(404, `Chain ${chainId} is not indexed here: see /status.`);
  if (isBlock(after) && BigInt(after) > BigInt(head.block)) {
    return refuse(400, `\`after\` is block ${after}, and the last that is indexed is ${head.block}.`);
  }
  if (consumers >= MOST_CONSUMERS) {
    c.header("retry-after", "5");
    return refuse(503, `${MOST_CONSUMERS} consumers are connected here: come back, or ask another replica.`);
  }
  consumers += 1;
  return streamSSE(c, async (stream) => {
    try {
      await tell(stream, chainId, from);
    } catch (error) {
      // The consumer comes back to where it was.
      ponderLogger()?.warn({ msg: "A stream of changes ended", error });
    } finally {
      consumers -= 1;
    }
  });
}

/** Where to begin: a cursor, a block up to which the consumer wants nothing, or now. */
async function beginning(chainId: number, after: string): Promise<Cursor | undefined> {
  if (isBlock(after)) return just(await newestEvent(chainId, BigInt(after)));
  return after === "" ? just(await newestEvent(chainId)) : parseCursor(after);
}

const isBlock = (after: string) => /^\d{1,15}$/.test(after);
const just = <Item>(item: Item | undefined): Item[] => (item === undefined ? [] : [item]);

/** Tells a consumer what follows its cursor, until it goes or this process ends. */
async function tell(stream: SSEStreamingApi, chainId: number, from: Cursor): Promise<void> {
  const gone = new AbortController();
  const end = () => gone.abort();
  stream.onAbort(end);
  ponderShutdown()?.addEventListener("abort", end);
  try {
    await stream.write(`retry: ${RETRY_MS}\n\n`);
    let cursor = from;
    let head: string | undefined;
    while (!gone.signal.aborted) {
      const seen = progress.at(chainId);
      const following = await eventsAfter(chainId, cursor);
      if (!following) return;
      if (cursor.length > 0 && following.standing !== 0) {
        cursor = following.standing === null ? [] : cursor.slice(following.standing);
        const [last] = cursor;
        const data = { block: String(last?.block ?? -1), logIndex: last?.logIndex ?? -1 };
        await stream.writeSSE({ event: "rewind", id: written(cursor), data: JSON.stringify(data) });
      }
      for (const event of following.events) {
        cursor = advanced(cursor, anchorOf(event));
        await stream.writeSSE({ event: "payment", id: written(cursor), data: JSON.stringify(event) });
      }
      if (following.hasMore) continue;
      const told = JSON.stringify(following.head);
      if (told !== head) await stream.writeSSE({ event: "head", data: (head = told) });
      else await stream.write(": still here\n\n");
      await progress.since(chainId, seen, SILENCE_MS, gone.signal);
    }
  } finally {
    ponderShutdown()?.removeEventListener("abort", end);
  }
}
