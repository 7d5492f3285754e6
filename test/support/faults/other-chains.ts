import { startAnvil, type Anvil } from "../../../scripts/lib/anvil.js";
import { freePort } from "../../../scripts/lib/processes.js";
import type { Behaviour } from "../../../scripts/lib/rpc-proxy.js";
import { deployEmittedSuite } from "../emitted-suite.js";
import { everyEvent } from "../every-event.js";
import type { Fault } from "./faults.js";
import type { Session } from "./session.js";
import { stopped } from "./stops.js";

const OTHER_ID = 7;
/** More than the chain itself ever has: whoever believes it has far to go. */
const OTHER_HEIGHT = 5_000;

/** Does something while there is another chain, which has contracts at the same addresses with events of their own. */
async function besideAnother(session: Session, work: (other: Anvil) => Promise<void>): Promise<void> {
  const other = await startAnvil({ port: await freePort(), chainId: OTHER_ID });
  const suite = await deployEmittedSuite(other.url, OTHER_ID);
  try {
    const { escrow } = session.chain.suite.addresses;
    if (suite.addresses.escrow !== escrow) throw new Error("The other chain's escrow stands elsewhere.");
    await suite.emit(...everyEvent(OTHER_ID, suite.addresses).events);
    await suite.provider.send("anvil_mine", [`0x${OTHER_HEIGHT.toString(16)}`]);
    await work(other);
  } finally {
    await suite.dispose();
    await other.stop();
  }
}

/** Answers for another chain, but not when it is asked first: that is whoever starts the indexer, who would refuse to. */
function ofAnother({ url }: Anvil): Behaviour {
  let isFirst = true;
  return () => {
    if (!isFirst) return { as: "other", url };
    isFirst = false;
    return { as: "dead" };
  };
}

/** Starts it with one endpoint of another chain and one of its own: it follows the latter, and says which it leaves out. */
async function besideARightOne(session: Session): Promise<void> {
  const before = session.log.length;
  await besideAnother(session, async (other) => {
    session.rpc.behave(ofAnother(other));
    await session.start(session.rpc.url, session.chain.url);
    await session.untilItSays(/is of chain 7, not of chain 11155111: it is left out/, before);
    await session.chain.grow(session.chance.between(1, 5));
    session.faultIsOver();
    await session.untilCaughtUp();
    await session.indexer.stop();
  });
  session.rpc.behave();
  await session.start();
}

/** Endpoints of another chain from the start on. */
export const otherChains: readonly Fault[] = [
  {
    name: "no RPC but one of another chain",
    isQuick: "PGlite",
    outcome: "stops",
    cause: async (session) => {
      await session.indexer.stop();
      await besideAnother(session, async (other) => {
        session.rpc.behave(ofAnother(other));
        await session.start();
        const wayOut =
          /No RPC endpoint of \w+ is of that chain: \S+ is of chain 7\. Replace .*PONDER_RPC_URL_11155111/s;
        await stopped(session, new RegExp(`ended with code 1\\b.*${wayOut.source}`, "s"));
      });
      session.rpc.behave();
      await session.start();
    },
  },
  {
    name: "an RPC of another chain beside one that is right",
    cause: async (session) => {
      await session.indexer.stop();
      await besideARightOne(session);
    },
  },
  {
    name: "an RPC of another chain beside one that is right, from its backfill on",
    cause: async (session) => {
      await session.forget();
      await besideARightOne(session);
    },
  },
];
