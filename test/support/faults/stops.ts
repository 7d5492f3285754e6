import { expect } from "chai";

import type { Fault } from "./faults.js";
import type { Session } from "./session.js";

/** What no indexer can get over: it ends, says how to go on, and that way leads on. */
export const stopping: readonly Fault[] = [
  {
    name: "a reorg deeper than finality",
    isQuick: "PGlite",
    outcome: "stops",
    cause: async (session) => {
      await session.chain.reorganise(await tooDeep(session));
      await stopped(session, /ended with code 1\b.*reorganised deeper than finality.*indexer:reindex/s);
      expect(await session.reindex()).to.match(/forgot what was kept after block \d+[^]*Dropped the index/);
      await session.start();
    },
  },
  {
    name: "a reorg deeper than finality while it was stopped",
    outcome: "stops",
    cause: async (session) => {
      await session.indexer.stop();
      const depth = await tooDeep(session);
      await session.chain.reorganise(depth);
      await session.start();
      // Ponder looks first whether what is final now lies below what was.
      await stopped(
        session,
        /ended with code 1\b.*(?:reorganised deeper than finality|a chain that was set back).*indexer:reindex/s,
      );
      await session.reindex();
      await session.start();
    },
  },
  {
    name: "an RPC that leaves out logs for longer than is waited",
    outcome: "stops",
    cause: async (session) => {
      await session.indexer.stop();
      session.env = { HOLDFAST_STALL_MINUTES: "0.3" };
      await session.start();
      session.env = {};
      await session.untilCaughtUp();
      session.rpc.behave(({ method }) =>
        method === "eth_getLogs" ? { as: "lie", about: () => [] } : undefined,
      );
      // One of them is bound to have events.
      await session.chain.grow(10);
      const growing = setInterval(() => void session.chain.grow(1), 5_000);
      try {
        await stopped(session, /ended with code 75\b.*has not moved from block \d+/s);
      } finally {
        clearInterval(growing);
      }
      session.rpc.behave();
      await session.start();
    },
  },
  {
    name: "a database that refuses to undo what was not final",
    outcome: "stops",
    only: "Postgres",
    cause: async (session) => {
      await session.kill();
      await session.database.query!("drop table holdfast._reorg__payment");
      await session.start();
      await stopped(session, /ended with code \d+\b.*indexer:reindex/s);
      await session.reindex();
      await session.start();
    },
  },
];

/** Deep enough to take back a block that was final. */
async function tooDeep(session: Session): Promise<number> {
  return (await session.chain.height()) - session.finalBlock + session.chance.between(1, 5);
}

/** How often it may end with a code that asks for another start before it says what it cannot get over. */
const MOST_RESTARTS = 3;

/**
 * Waits until it has ended by itself, in a way. As long as it ends with a code that says that starting again may help, it
 * is started again, as a process manager does: a request may have failed on the way.
 */
export async function stopped(session: Session, how: RegExp): Promise<void> {
  let said = await session.untilItStops();
  for (let i = 0; i < MOST_RESTARTS && !how.test(said) && said.includes("ended with code 75"); i++) {
    await session.start();
    said = await session.untilItStops();
  }
  if (!how.test(said)) throw new Error(`It did not end with ${how}: ${said}`);
  session.faultIsOver();
}
