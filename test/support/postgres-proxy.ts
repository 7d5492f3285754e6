import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A way to a Postgres on which one sees every statement that goes there. */
export interface PostgresProxy {
  /** The same database, by way of the proxy. */
  url: string;
  /** The statements that `work` sends, of those that mention any of `words`. */
  statementsOf(work: () => Promise<unknown>, words: RegExp): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts the proxy before the database at `url`, which must be one without TLS. */
export async function proxyPostgres(url: string): Promise<PostgresProxy> {
  const { hostname, port } = new URL(url);
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = connect(Number(port || 5432), hostname);
    const read = statementReader((text) => statements.push(text));
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy()).on("close", () => other.destroy());
    }
    client.on("data", read).pipe(database).pipe(client);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const proxied = new URL(url);
  proxied.hostname = "127.0.0.1";
  proxied.port = String((server.address() as AddressInfo).port);
  return {
    url: proxied.href,
    statementsOf: async (work, words) => {
      const before = statements.length;
      await work();
      return statements.slice(before).filter((text) => words.test(text));
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

/** Reads what a client sends: `Parse` and `Query` messages carry a statement's text. */
function statementReader(found: (text: string) => void): (chunk: Buffer) => void {
  let pending = Buffer.alloc(0);
  let hasStarted = false;
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      // The first message has no type before its length.
      const header = hasStarted ? 5 : 4;
      if (pending.length < header) return;
      const end = header - 4 + pending.readUInt32BE(header - 4);
      if (pending.length < end) return;
      const body = pending.subarray(header, end).toString();
      const type = hasStarted ? String.fromCharCode(pending[0]!) : "";
      if (type === "Q") found(body.split("\0")[0]!);
      if (type === "P") found(body.split("\0")[1]!);
      hasStarted = true;
      pending = pending.subarray(end);
    }
  };
}
