import { setTimeout as sleep } from "node:timers/promises";

import { startAnvil } from "../../../scripts/lib/anvil.js";
import { freePort } from "../../../scripts/lib/processes.js";
import type { Behaviour, Misanswer } from "../../../scripts/lib/rpc-proxy.js";
import { FINALITY } from "./chain.js";
import type { DatabaseKind } from "./databases.js";
import { interrupted } from "./interrupted.js";
import { otherChains } from "./other-chains.js";
import { stopping } from "./stops.js";
import type { Session } from "./session.js";

/** Something that happens to an indexer that is at the head of its chain. Afterwards it must be right again. */
export interface Fault {
  name: string;
  /** The only kind of database it can happen to; default every kind. */
  only?: DatabaseKind["name"];
  /** Whether it is tried with every run of the tests, which has no time for all; on one kind of database or on each. */
  isQuick?: boolean | DatabaseKind["name"];
  /** Whether the indexer goes on, if need be when it is started again, or ends and says how to go on. Default `survives`. */
  outcome?: "survives" | "stops";
  /** It can only happen on a disk that may be filled. */
  needsSmallDisk?: boolean;
  /** Makes it happen and undoes what only a person could; the indexer is left running. */
  cause: (session: Session) => Promise<void>;
}

const draws = {
  depth: ({ chance }: Session) => chance.between(1, FINALITY - 1),
  few: ({ chance }: Session) => chance.between(1, 5),
};

const reorgs: Fault[] = [
  { name: "a reorg of one block", cause: (session) => reorganised(session, 1) },
  {
    name: "a reorg of 1 to 64 blocks",
    isQuick: true,
    cause: (session) => reorganised(session, draws.depth(session)),
  },
  {
    name: "a reorg of 64 blocks, one short of finality",
    cause: (session) => reorganised(session, FINALITY - 1),
  },
  {
    name: "three reorgs in a row, none waited for",
    cause: async (session) => {
      for (let i = 0; i < 3; i++) {
        await session.chain.reorganise(session.chance.between(1, 20));
        await sleep(session.chance.between(0, 1_500));
      }
    },
  },
  {
    name: "a reorg while it was stopped",
    cause: async (session) => {
      await session.indexer.stop();
      await reorganised(session, draws.depth(session));
      await session.start();
    },
  },
  {
    name: "a reorg during its backfill",
    cause: async (session) => {
      await session.forget();
      const asking = session.untilItAsks(session.chance.between(1, 6), "eth_getLogs");
      await session.start();
      await asking;
      await reorganised(session, draws.depth(session));
    },
  },
];

const deaths: Fault[] = [
  {
    name: "kill -9 while it follows the chain",
    isQuick: true,
    cause: async (session) => {
      const asking = session.untilItAsks(session.chance.between(1, 12));
      await session.chain.grow(session.chance.between(5, 20));
      await asking;
      await sleep(session.chance.between(0, 300));
      await session.kill();
      await session.chain.grow(draws.few(session));
      await session.start();
    },
  },
  {
    name: "kill -9 during its backfill",
    cause: async (session) => {
      await session.forget();
      const asking = session.untilItAsks(session.chance.between(1, 80));
      await session.start();
      await asking;
      await sleep(session.chance.between(0, 1_000));
      await session.kill();
      await session.start();
    },
  },
  {
    name: "kill -9 during its shutdown",
    cause: async (session) => {
      await session.chain.grow(draws.few(session));
      session.indexer.signal("SIGTERM");
      await sleep(session.chance.between(0, 40));
      await session.kill();
      await session.start();
    },
  },
  {
    name: "kill -9, and a reorg before it is started again",
    cause: async (session) => {
      await session.kill();
      await reorganised(session, draws.depth(session));
      await session.start();
    },
  },
  {
    name: "SIGTERM while it follows the chain",
    cause: async (session) => {
      await session.chain.grow(session.chance.between(5, 20));
      await sleep(session.chance.between(0, 1_500));
      session.indexer.signal("SIGTERM");
      await session.indexer.ended;
      await session.start();
    },
  },
];

const error = (code: number, message: string): Misanswer => ({ as: "error", code, message });
const sometimes =
  (misanswer: Misanswer) =>
  (session: Session): Behaviour => {
    return () => (session.chance.percent(40) ? misanswer : undefined);
  };
const always = (misanswer: Misanswer) => (): Behaviour => () => misanswer;

/** What the endpoint does while blocks go on arriving. */
interface Misbehaviour {
  name: string;
  isQuick?: boolean;
  /** Default 4. */
  seconds?: number;
  behaviour: (session: Session) => Behaviour;
}

const misbehaviours: Misbehaviour[] = [
  { name: "an RPC that is down for seconds", isQuick: true, behaviour: always({ as: "dead" }) },
  { name: "an RPC that is down for a minute", seconds: 60, behaviour: always({ as: "dead" }) },
  {
    name: "an RPC that does not answer for half a minute",
    seconds: 30,
    behaviour: always({ as: "silence" }),
  },
  { name: "an RPC that answers 503 often", behaviour: sometimes({ as: "status", status: 503 }) },
  { name: "an RPC that limits the rate with 429", behaviour: sometimes({ as: "status", status: 429 }) },
  {
    name: "an RPC that answers with errors often",
    behaviour: sometimes(error(-32_603, "Internal error")),
  },
  { name: "an RPC whose limit is exceeded", behaviour: always(error(-32_005, "limit exceeded")) },
  { name: "an RPC that breaks off in the middle of its answers", behaviour: sometimes({ as: "half" }) },
  { name: "an RPC that takes its time", behaviour: sometimes({ as: "slow", ms: 700 }) },
  {
    name: "an RPC that goes back to a block of before",
    behaviour: (session) => behindBy(session.chance.between(1, 30)),
  },
  {
    name: "an RPC that falls behind further than finality, for longer than it is not believed",
    seconds: 45,
    behaviour: (session) => behindBy(session.chance.between(FINALITY + 5, FINALITY + 10)),
  },
  { name: "an RPC that leaves out all logs of a block", behaviour: () => withoutLogs },
  { name: "an RPC that leaves out the last log of a block", isQuick: true, behaviour: () => withoutLastLog },
  { name: "an RPC that shows a head of another branch", behaviour: () => ofAnotherBranch },
];

async function misbehaving(session: Session, { behaviour, seconds = 4 }: Omit<Misbehaviour, "name">) {
  session.rpc.behave(behaviour(session));
  for (let i = 0; i < seconds; i++) {
    await session.chain.grow(seconds > 10 ? session.chance.between(0, 1) : draws.few(session));
    await sleep(1_000);
  }
  session.rpc.behave();
  session.faultIsOver();
  // What it refused while it was lied to it looks at again when the next block comes.
  await session.chain.grow(1);
}

const rpcs: Fault[] = misbehaviours.map(({ name, isQuick, ...misbehaviour }) => ({
  name,
  isQuick,
  cause: (session) => misbehaving(session, misbehaviour),
}));

/** Two endpoints, of which the first misbehaves and goes on to. */
const oneOfTwo: { name: string; behaviour: (session: Session) => Behaviour }[] = [
  { name: "dies", behaviour: always({ as: "dead" }) },
  { name: "leaves out all logs of a block", behaviour: () => withoutLogs },
  { name: "falls behind", behaviour: (session) => behindBy(session.chance.between(5, 80)) },
];

rpcs.push(
  ...oneOfTwo.map(({ name, behaviour }): Fault => ({
    name: `an RPC that ${name}, with a second one beside it`,
    cause: async (session) => {
      await session.indexer.stop();
      await session.start(session.rpc.url, session.chain.url);
      await session.untilCaughtUp();
      session.rpc.behave(behaviour(session));
      await session.chain.grow(draws.few(session));
      session.faultIsOver();
      await session.untilCaughtUp();
      session.rpc.behave();
    },
  })),
  {
    name: "an RPC that becomes one of another chain",
    cause: async (session) => {
      const other = await startAnvil({ port: await freePort(), chainId: 7 });
      try {
        await misbehaving(session, { behaviour: always({ as: "other", url: other.url }) });
      } finally {
        await other.stop();
      }
    },
  },
  {
    name: "an RPC that dies for seconds during the backfill",
    cause: async (session) => {
      await session.forget();
      const asking = session.untilItAsks(session.chance.between(1, 40));
      await session.start();
      await asking;
      session.rpc.behave(() => ({ as: "dead" }));
      await sleep(session.chance.between(1_000, 4_000));
      session.rpc.behave();
      session.faultIsOver();
      await stillRunning(session);
    },
  },
  {
    name: "an RPC that leaves out logs during the backfill, which a second one does not confirm",
    cause: async (session) => {
      await session.forget();
      session.rpc.behave(withoutLastLog);
      session.env = { HOLDFAST_CONFIRM_LOGS: "1" };
      const before = session.log.length;
      await session.start(session.rpc.url, session.chain.url);
      session.env = {};
      // Nobody can tell which of two is right: it takes in neither until they agree.
      await session.untilItSays(/returned other logs than .* for the same blocks/, before);
      session.rpc.behave();
      session.faultIsOver();
      await stillRunning(session);
    },
  },
);

const databases: Fault[] = [
  {
    name: "every connection to its database cut",
    only: "Postgres",
    cause: async (session) => {
      await session.chain.grow(session.chance.between(3, 10));
      await sleep(session.chance.between(0, 1_500));
      await session.database.cut!();
      session.faultIsOver();
      await session.chain.grow(draws.few(session));
      await stillRunning(session);
    },
  },
  {
    name: "the database restarted under it",
    only: "Postgres",
    isQuick: true,
    cause: async (session) => {
      await session.chain.grow(session.chance.between(3, 10));
      await sleep(session.chance.between(0, 1_500));
      await session.database.restart!(session.chance.between(0, 3_000));
      session.faultIsOver();
      await session.chain.grow(draws.few(session));
      await stillRunning(session);
    },
  },
  {
    name: "a full disk under its database",
    needsSmallDisk: true,
    isQuick: "Postgres",
    cause: async (session) => {
      const { disk, revive } = session.database;
      await disk!.fill();
      for (let i = 0; i < 10; i++) {
        await session.chain.grow(5);
        await sleep(500);
      }
      await disk!.makeRoom();
      await revive?.();
      session.faultIsOver();
      await session.chain.grow(1);
      await stillRunning(session);
    },
  },
];

/** Every fault, in an order in which each finds the indexer at the head of its chain. */
export const faults: readonly Fault[] = [
  ...reorgs,
  ...deaths,
  ...interrupted,
  ...rpcs,
  ...otherChains,
  ...databases,
  ...stopping,
];

async function reorganised(session: Session, depth: number): Promise<void> {
  await session.chain.reorganise(depth);
}

/** As a process manager does: whoever ended by itself is started again. */
async function stillRunning(session: Session): Promise<void> {
  const outcome = await Promise.race([session.indexer.ended, session.untilCaughtUp().then(() => undefined)]);
  if (outcome !== undefined) await session.start();
}

/** Answers for the latest block with one that far below it. */
function behindBy(blocks: number): Behaviour {
  return ({ method, params }) =>
    method === "eth_getBlockByNumber" && params[0] === "latest" ? { as: "earlier", blocks } : undefined;
}

const withoutLogs: Behaviour = ({ method }) =>
  method === "eth_getLogs" ? { as: "lie", about: () => [] } : undefined;

const withoutLastLog: Behaviour = ({ method }) =>
  method === "eth_getLogs" ? { as: "lie", about: (logs) => (logs as unknown[]).slice(0, -1) } : undefined;

const ofAnotherBranch: Behaviour = ({ method, params }) =>
  method === "eth_getBlockByNumber" && params[0] === "latest"
    ? {
        as: "lie",
        about: (block) => ({ ...(block as object), ...inventedHashes(block as { number: string }) }),
      }
    : undefined;

const inventedHashes = ({ number }: { number: string }) => ({
  hash: `0x${number.slice(2).padStart(64, "e")}`,
  parentHash: `0x${number.slice(2).padStart(64, "f")}`,
  transactions: [],
});
