/** One server-sent event, as its consumer sees it. */
export interface ServerSentEvent {
  event: string;
  id: string;
  data: Record<string, unknown>;
}

/** Follows `/changes` of the indexer at `url` until `isEnough`, then hangs up. */
export async function follow(
  url: string,
  parameters: { chainId: number; after?: string; lastEventId?: string },
  isEnough: (events: ServerSentEvent[]) => boolean | Promise<boolean>,
  seconds = 30,
): Promise<ServerSentEvent[]> {
  const hangUp = AbortSignal.timeout(seconds * 1000);
  const { chainId, after, lastEventId } = parameters;
  const query = new URLSearchParams({ chainId: String(chainId), ...(after === undefined ? {} : { after }) });
  const response = await fetch(`${url}/changes?${query.toString()}`, {
    headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
    signal: hangUp,
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const events: ServerSentEvent[] = [];
  let rest = "";
  // Ends the connection when it is left.
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    const parts = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n\n");
    rest = parts.pop()!;
    events.push(...parts.flatMap(parse));
    if (await isEnough(events)) break;
  }
  return events;
}

function parse(text: string): ServerSentEvent[] {
  const fields = new Map(text.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  const data = fields.get("data");
  if (data === undefined) return [];
  const event = fields.get("event") ?? "message";
  return [{ event, id: fields.get("id") ?? "", data: JSON.parse(data) as Record<string, unknown> }];
}
