import { expect } from "chai";

import { untilIndexed, type Indexer } from "../../scripts/lib/indexer.js";
import { startEmittedStack, type EmittedStack } from "../support/emitted-stack.js";
import { cast } from "../support/every-event.js";
import { askGraphql } from "../support/read-model.js";
import { follow, type ServerSentEvent } from "../support/server-sent-events.js";
import { hashTerms, termsOf } from "../support/terms.js";

const ANVIL_PORT = 21_548;
const INDEXER_PORT = 21_072;
const CHAIN_ID = 31337;

const EVENT_COLUMNS = `chainId block logIndex blockHash timestamp transactionHash paymentId kind actor account cause
  reason amount fee held released sellerAmount buyerAmount hash note`;

/** One start of the whole stack: some 20 s. */
describe("/changes", function () {
  this.timeout(180_000);

  let stack: EmittedStack;
  let indexer: Indexer;

  before(async () => {
    stack = await startEmittedStack(ANVIL_PORT, CHAIN_ID);
    indexer = await stack.startIndexer(INDEXER_PORT);
  });
  after(() => stack?.dispose());

  /** Pays number `n` and waits until it is indexed. */
  const pay = async (n: number) => {
    const terms = termsOf(n);
    const paymentId = hashTerms(terms, CHAIN_ID, stack.suite.addresses.escrow);
    const { buyer, seller, ...rest } = terms;
    const event = ["PaymentCreated", paymentId, buyer, seller, ...Object.values(rest)] as const;
    await untilIndexed(indexer.url, CHAIN_ID, await stack.suite.emit(["escrow", ...event]));
    return paymentId;
  };
  const payments = (events: ServerSentEvent[]) => events.filter(({ event }) => event === "payment");
  const ids = (events: ServerSentEvent[]) => payments(events).map(({ data }) => data.paymentId);
  const caughtUp = (events: ServerSentEvent[]) => events.at(-1)?.event === "head";
  /** The timeline as GraphQL tells it, in the chain's order. */
  const timeline = async () => {
    const query = `{ paymentEvents(orderBy: "block", orderDirection: "asc", limit: 1000) { items { ${EVENT_COLUMNS} } } }`;
    const { paymentEvents } = (await askGraphql(indexer.url, query)) as {
      paymentEvents: { items: object[] };
    };
    return paymentEvents.items;
  };

  it("tells everything from the first block on, in order, with whom it concerns, and how far that goes", async () => {
    const events = await follow(indexer.url, { chainId: CHAIN_ID, after: "0" }, caughtUp);
    const told = payments(events).map(({ data }) => data);
    const parties = { buyer: cast.buyer, seller: cast.seller, token: cast.token };
    for (const change of told) expect(change).to.include(parties).and.to.have.property("paymentReference");
    const isColumn = ([name]: [string, unknown]) => EVENT_COLUMNS.split(/\s+/).includes(name);
    const columns = told.map((change) => Object.fromEntries(Object.entries(change).filter(isColumn)));
    expect(columns).to.deep.equal(await timeline());
    expect(events.at(-1)!.data.block).to.equal(String(await stack.suite.provider.getBlockNumber()));
  });

  it("begins now unless told otherwise, and says what happens at once", async () => {
    let paid: Promise<string> | undefined;
    const events = await follow(indexer.url, { chainId: CHAIN_ID }, (seen) => {
      if (caughtUp(seen)) paid ??= pay(700);
      return payments(seen).length > 0;
    });
    expect(ids(events)).to.deep.equal([await paid]);
  });

  it("goes on after a disconnect without loss or duplicate", async () => {
    // Hangs up in the middle, as a network does, again and again.
    const whole = payments(await follow(indexer.url, { chainId: CHAIN_ID, after: "0" }, caughtUp));
    const pieces: ServerSentEvent[] = [];
    let lastEventId: string | undefined;
    for (let n = 0; n < 6; n++) {
      const piece = await follow(
        indexer.url,
        { chainId: CHAIN_ID, after: "0", ...(lastEventId === undefined ? {} : { lastEventId }) },
        (seen) => payments(seen).length >= 7,
      );
      // What came after the seventh in the same packet was lost with the connection.
      const received = payments(piece).slice(0, 7);
      pieces.push(...received);
      lastEventId = received.at(-1)!.id;
    }
    const late = [await pay(701), await pay(702), await pay(703)];
    const rest = payments(
      await follow(indexer.url, { chainId: CHAIN_ID, lastEventId: lastEventId! }, caughtUp),
    );
    const all = [...pieces, ...rest].map(({ data }) => data);
    expect(all.slice(0, whole.length)).to.deep.equal(whole.map(({ data }) => data));
    expect(ids(rest).slice(-3)).to.deep.equal(late);
    expect(all).to.have.length(whole.length + 3);
  });

  describe("when blocks are replaced", () => {
    /** Puts the chain back to `snapshot` and mines blocks until the indexer sees that others have won. */
    const replaceSince = async (snapshot: string, ...instead: number[]) => {
      const { provider } = stack.suite;
      const lost = await provider.getBlockNumber();
      await provider.send("evm_revert", [snapshot]);
      // Another time, or the same transactions would be the same blocks.
      await provider.send("evm_increaseTime", [7]);
      const made = [];
      for (const n of instead) made.push(await payUnindexed(n));
      while ((await provider.getBlockNumber()) <= lost) await provider.send("evm_mine", []);
      await untilIndexed(indexer.url, CHAIN_ID, await provider.getBlockNumber());
      return made;
    };
    const payUnindexed = async (n: number) => {
      const terms = termsOf(n);
      const paymentId = hashTerms(terms, CHAIN_ID, stack.suite.addresses.escrow);
      const { buyer, seller, ...rest } = terms;
      await stack.suite.emit(["escrow", "PaymentCreated", paymentId, buyer, seller, ...Object.values(rest)]);
      return paymentId;
    };
    /** What a consumer that does as it is told has in the end. */
    const applied = (events: ServerSentEvent[]) => {
      let kept: Record<string, unknown>[] = [];
      for (const { event, data } of events) {
        if (event === "payment") kept.push(data);
        if (event !== "rewind") continue;
        const isBefore = (change: Record<string, unknown>) =>
          Number(change.block) < Number(data.block) ||
          (change.block === data.block && Number(change.logIndex) <= Number(data.logIndex));
        kept = kept.filter(isBefore);
      }
      return kept;
    };
    const afresh = async () =>
      payments(await follow(indexer.url, { chainId: CHAIN_ID, after: "0" }, caughtUp)).map(
        ({ data }) => data,
      );

    it("says so to a connected consumer, who then has what the chain has", async () => {
      await pay(710);
      const snapshot = (await stack.suite.provider.send("evm_snapshot", [])) as string;
      let lost: Promise<unknown> | undefined;
      let isReplaced = false;
      const events = await follow(indexer.url, { chainId: CHAIN_ID, after: "0" }, (seen) => {
        if (caughtUp(seen)) {
          lost ??= pay(711)
            .then(() => replaceSince(snapshot, 712))
            .then(() => (isReplaced = true));
        }
        return isReplaced && caughtUp(seen) && seen.some(({ event }) => event === "rewind");
      });
      await lost;
      expect(applied(events)).to.deep.equal(await afresh());
      expect(events.filter(({ event }) => event === "rewind")).to.have.length(1);
    });

    it("says so to one who was away, and goes back no further than it must", async () => {
      await pay(720);
      const snapshot = (await stack.suite.provider.send("evm_snapshot", [])) as string;
      await pay(721);
      await pay(722);
      const before = await follow(indexer.url, { chainId: CHAIN_ID, after: "0" }, caughtUp);
      const lastEventId = payments(before).at(-1)!.id;
      const [instead] = await replaceSince(snapshot, 723);

      const after = await follow(indexer.url, { chainId: CHAIN_ID, lastEventId }, caughtUp);
      expect(after[0]!.event).to.equal("rewind");
      expect(applied([...before, ...after])).to.deep.equal(await afresh());
      expect(ids(after)).to.include(instead);
      // Of the some fifty events, those of the last blocks are told again, not all.
      expect(payments(after)).to.have.length.below(8);
    });

    it("says nothing to one whose events all stand", async () => {
      const before = await follow(indexer.url, { chainId: CHAIN_ID, after: "0" }, caughtUp);
      const { provider } = stack.suite;
      const snapshot = (await provider.send("evm_snapshot", [])) as string;
      await provider.send("evm_mine", []);
      await untilIndexed(indexer.url, CHAIN_ID, await provider.getBlockNumber());
      await replaceSince(snapshot);
      const lastEventId = payments(before).at(-1)!.id;
      const after = await follow(indexer.url, { chainId: CHAIN_ID, lastEventId }, caughtUp);
      expect(after.map(({ event }) => event)).to.deep.equal(["head"]);
    });

    it("tells everything anew to one who knows only what is gone", async () => {
      const lastEventId = "99.0.01234567_98.0.76543210";
      const events = await follow(indexer.url, { chainId: CHAIN_ID, lastEventId }, caughtUp);
      expect(events[0]).to.deep.include({ event: "rewind", data: { block: "-1", logIndex: -1 }, id: "0" });
      expect(payments(events).map(({ data }) => data)).to.deep.equal(await afresh());
    });
  });

  describe("refuses, with what to do instead", () => {
    const cases: [what: string, path: string, status: number, says: string][] = [
      ["no chain", "/changes", 400, "Say of which chain: /changes?chainId=<id>."],
      ["a chain that is not indexed", "/changes?chainId=5", 404, "Chain 5 is not indexed here: see /status."],
      ["a made-up id", `/changes?chainId=${CHAIN_ID}&after=x`, 400, "takes the id of an event"],
      ["SQL", `/changes?chainId=${CHAIN_ID}&after=1.1.0'--`, 400, "takes the id of an event"],
      [
        "a block to come",
        `/changes?chainId=${CHAIN_ID}&after=9999999`,
        400,
        "is block 9999999, and the last",
      ],
    ];
    for (const [what, path, status, says] of cases) {
      it(what, async () => {
        const response = await fetch(`${indexer.url}${path}`);
        expect(response.status).to.equal(status);
        expect(((await response.json()) as { error: string }).error).to.include(says);
      });
    }
  });

  describe("when the indexer is stopped", () => {
    it("does not keep it from ending", async () => {
      const following = follow(indexer.url, { chainId: CHAIN_ID }, () => false).catch(() => []);
      await new Promise((resolve) => setImmediate(resolve));
      const startedAt = Date.now();
      await indexer.stop();
      await following;
      expect(Date.now() - startedAt).to.be.below(6_000);
    });
  });
});
