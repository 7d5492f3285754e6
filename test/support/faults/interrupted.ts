import { setTimeout as sleep } from "node:timers/promises";

import pg from "pg";

import type { Fault } from "./faults.js";
import type { Session } from "./session.js";

const PATIENCE_MS = 60_000;
/** One of the tables that every payment writes to, and not the first. */
const TABLE = "holdfast.ledger_entry";

/** Keeps everybody from writing a table: whoever has begun to write has to wait in the middle. */
class Barrier {
  private constructor(
    private readonly client: pg.Client,
    private readonly session: Session,
  ) {}

  static async raise(session: Session): Promise<Barrier> {
    const { options } = session.database;
    if (!("databaseUrl" in options)) throw new Error("Only a Postgres lets others in.");
    const client = new pg.Client(options.databaseUrl);
    await client.connect();
    const barrier = new Barrier(client, session);
    await barrier.#until(`select to_regclass('${TABLE}') is not null as holds`);
    await client.query("begin");
    await client.query(`lock table ${TABLE} in share mode`);
    return barrier;
  }

  /** Lets the chain grow until somebody stands before it, or the indexer has ended. */
  async untilSomebodyWaits(): Promise<void> {
    const waits = `select count(*) > 0 as holds from pg_locks where relation = '${TABLE}'::regclass and not granted`;
    const { chain, indexer } = this.session;
    // Not every block has a payment that moves.
    await Promise.race([this.#until(waits, () => chain.grow(1)), indexer.ended]);
  }

  /** Cancels the statements that stand before it; those after them in the same transaction fail for that. */
  async cancel(): Promise<void> {
    await this.client.query(
      `select pg_cancel_backend(pid) from pg_locks where relation = '${TABLE}'::regclass and not granted`,
    );
  }

  async fall(): Promise<void> {
    await this.client.end();
  }

  async #until(sql: string, meanwhile?: () => Promise<unknown>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const { rows } = await this.client.query<{ holds: boolean }>(sql);
      if (rows[0]!.holds) return;
      if (Date.now() > deadline)
        throw new Error(`It never was so: ${sql}\n${this.session.log.slice(-20).join("\n")}`);
      await meanwhile?.();
      await sleep(100);
    }
  }
}

/** Lets it write up to the barrier, does something to it there, and starts it again. */
async function endedInTheMiddle(session: Session, act: (barrier: Barrier) => Promise<void>): Promise<void> {
  const barrier = await Barrier.raise(session);
  try {
    await barrier.untilSomebodyWaits();
    await act(barrier);
    await session.kill();
  } finally {
    await barrier.fall();
  }
  await session.start();
}

/** What the log says while the backfill goes from one phase to the next, and what is killed there. */
const PHASES = [
  /Started backfill indexing/,
  /Indexed block range|Completed backfill indexing/,
  /Started live indexing/,
];

const wayOutOf = ({ message }: Error) => message;

/** What it cannot undo itself it must say how to be rid of. Whoever does not, has not got over it. */
async function doAsItSays(session: Session, said: string): Promise<void> {
  if (!said.includes("npm run indexer:reindex")) throw new Error(said);
  await session.reindex();
}

/** Ends in the middle of what it writes, where nothing but the database keeps half of it from staying. */
export const interrupted: readonly Fault[] = [
  {
    // https://github.com/ponder-sh/ponder/issues/2296: each start after a crash failed, with "current transaction is aborted".
    name: "its writes cancelled and killed in the middle, start after start",
    only: "Postgres",
    isQuick: true,
    cause: async (session) => {
      for (let i = 0; i < 2; i++) {
        await endedInTheMiddle(session, async (barrier) => {
          if (i === 0) return;
          await barrier.cancel();
          await barrier.untilSomebodyWaits();
        });
        await session.untilCaughtUp();
      }
    },
  },
  {
    name: "kill -9 in the middle of what its backfill writes",
    only: "Postgres",
    cause: async (session) => {
      await session.forget();
      await session.start();
      await endedInTheMiddle(session, () => Promise.resolve());
    },
  },
  {
    name: "kill -9 in each phase of its backfill",
    isQuick: "PGlite",
    cause: async (session) => {
      await session.forget();
      for (const phase of PHASES) {
        const before = session.log.length;
        await session.start();
        const said = await Promise.race([session.untilItSays(phase, before), session.indexer.ended]);
        if (said !== undefined) {
          await doAsItSays(session, said);
          break;
        }
        await sleep(session.chance.between(0, 150));
        await session.kill();
      }
      await session.start();
      const said = await Promise.race([
        session.untilCaughtUp().then(() => undefined, wayOutOf),
        session.indexer.ended,
      ]);
      if (said === undefined) return;
      await doAsItSays(session, said);
      await session.start();
    },
  },
];
