import { expect } from "chai";
import { id } from "ethers";

import { ChainAnswers, type Block } from "../../../indexer/guard/answers.js";
import { bloomOf } from "../../../indexer/guard/bloom.js";
import { guardFetch, type FetchGuard } from "../../../indexer/guard/fetch.js";
import { stillHas } from "../../../indexer/guard/finals.js";
import { identify } from "../../../indexer/guard/identity.js";
import { Progress } from "../../../indexer/guard/progress.js";
import { serveJsonRpc, type Answers } from "../../support/json-rpc-server.js";

type Hex = `0x${string}`;
const hex = (value: number | bigint): Hex => `0x${value.toString(16)}`;
const hashOf = (number: number, branch = "main") => id(`${branch} ${number}`) as Hex;
const address: Hex = `0x${"a1".repeat(20)}`;
const log = (logIndex: number) => ({
  address,
  topics: [id("Event") as Hex, id(`payment ${logIndex}`) as Hex],
  logIndex: hex(logIndex),
});

/** A block whose bloom filter is of so many logs. */
const block = (number: number, { branch = "main", parent = "main", logs = 0 } = {}): Block => ({
  number: hex(number),
  hash: hashOf(number, branch),
  parentHash: hashOf(number - 1, parent),
  logsBloom: hex(bloomOf(Array.from({ length: logs }, (_, i) => log(i)))),
});

const latest = { method: "eth_getBlockByNumber", params: ["latest", true] };
const nobody = () => Promise.resolve(undefined);

describe("what an indexer believes of its RPC endpoints", () => {
  describe("of the logs of a block", () => {
    const answers = new ChainAnswers([address]);
    before(() => answers.judge(latest, block(7, { logs: 3 }), nobody));
    const judged = async (indexes: number[]) => {
      const call = { method: "eth_getLogs", params: [{ blockHash: hashOf(7) }] };
      const verdict = await answers.judge(call, indexes.map(log), nobody);
      return verdict && "refuse" in verdict ? verdict.refuse.replace(hashOf(7), "7") : undefined;
    };

    it("is all of them", async () => expect(await judged([0, 1, 2])).to.equal(undefined));

    it("is not a part that lacks one in the middle", async () => {
      expect(await judged([0, 2])).to.equal(
        "leaves out logs of block 7: it has 2, but they are numbered up to 2",
      );
    });

    it("is not a part that the block's bloom filter has more than", async () => {
      expect(await judged([0, 1])).to.match(/it has 2, but the block's bloom filter has more/);
      expect(await judged([])).to.match(/it has 0, but the block's bloom filter has more/);
    });

    it("is not a part that lacks the last of several that look the same, if the endpoint has receipts", async () => {
      const call = { method: "eth_getLogs", params: [{ blockHash: hashOf(7) }] };
      const logs = [0, 1, 2].map(log);
      const receipts = (counts: number[]) => () =>
        Promise.resolve(counts.map((length) => ({ logs: Array.from({ length }) })));
      expect(await answers.judge(call, logs, receipts([2, 1]))).to.equal(undefined);
      expect(await answers.judge(call, logs, receipts([2, 2]))).to.deep.equal({
        refuse: `leaves out logs of block ${hashOf(7)}: it has 3, but the block's receipts have 4`,
      });
    });

    it("is anything where the chain leaves the filter empty", async () => {
      const empty = new ChainAnswers([address]);
      await empty.judge(latest, block(7), nobody);
      const call = { method: "eth_getLogs", params: [{ blockHash: hashOf(7) }] };
      expect(await empty.judge(call, [log(0)], nobody)).to.equal(undefined);
    });
  });

  describe("of the head", () => {
    let now = 0;
    let answers: ChainAnswers;
    beforeEach(async () => {
      answers = new ChainAnswers([address], () => now);
      for (const number of [5, 6, 7]) await answers.judge(latest, block(number), nobody);
    });

    it("is not that it went back along its own branch, for half a minute", async () => {
      expect(await answers.judge(latest, block(5), nobody)).to.deep.equal({ instead: block(7) });
      now += 31_000;
      expect(await answers.judge(latest, block(5), nobody)).to.equal(undefined);
    });

    it("is that it went to another branch, if the endpoint has it", async () => {
      const other = block(7, { branch: "other", parent: "other" });
      const parent = () => Promise.resolve(block(6, { branch: "other" }));
      expect(await answers.judge(latest, other, parent)).to.equal(undefined);
      expect(answers.hashOf(7)).to.equal(other.hash);
    });

    it("is not that it went to a branch that the endpoint itself does not have", async () => {
      const invented = block(8, { branch: "invented", parent: "invented" });
      expect(await answers.judge(latest, invented, nobody)).to.deep.equal({
        refuse: `shows the head ${invented.hash}, but has no parent of it`,
      });
    });

    it("leaves open what lies far below it: a backfill is not slowed down", () => {
      const call = (number: number) => ({ method: "eth_getBlockByNumber", params: [hex(number), true] });
      const far = new ChainAnswers([address]);
      return far.judge(latest, block(5_000), nobody).then(() => {
        expect(far.concerns(call(4_900))).to.equal(true);
        expect(far.concerns(call(100))).to.equal(false);
        expect(
          far.concerns({ method: "eth_getLogs", params: [{ fromBlock: "0x1", toBlock: "0x2" }] }),
        ).to.equal(false);
      });
    });
  });

  describe("by HTTP", () => {
    const served: { stop(): Promise<void> }[] = [];
    const refusals: string[] = [];
    let guard: FetchGuard | undefined;
    beforeEach(() => void refusals.splice(0));
    afterEach(async () => {
      guard?.stop();
      await Promise.all(served.splice(0).map((server) => server.stop()));
    });

    const serve = async (answers: Answers) => {
      const server = await serveJsonRpc({ eth_chainId: () => "0x7", ...answers });
      served.push(server);
      return `${server.url}/v2/secret-key`;
    };
    const guardOver = (urls: string[], confirms = false) => {
      const answers = new ChainAnswers([address]);
      const endpoints = urls.map((url, i) => ({
        chain: "test",
        chainId: 7,
        url,
        label: `host#${i + 1}`,
        answers,
      }));
      guard = guardFetch(endpoints, { confirms, onRefusal: ({ label }) => refusals.push(label) });
      return endpoints;
    };
    const ask = async (url: string, method: string, params: unknown[]) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 3, method, params });
      return (await (await fetch(new Request(url, { method: "POST", body }))).json()) as unknown;
    };
    const refused = (message: string) => ({ jsonrpc: "2.0", id: 3, error: { code: -32_000, message } });

    it("what is true is passed on, and nothing after it ends", async () => {
      const url = await serve({ eth_getBlockByNumber: () => block(7), eth_call: () => "0x01" });
      guardOver([url]);
      expect(await ask(url, "eth_call", [])).to.deep.equal({ jsonrpc: "2.0", id: 3, result: "0x01" });
      expect(await ask(url, "eth_getBlockByNumber", ["latest", true])).to.deep.equal({
        jsonrpc: "2.0",
        id: 3,
        result: block(7),
      });
    });

    it("an endpoint of another chain is refused by its host, whatever it answers", async () => {
      const url = await serve({ eth_chainId: () => "0x9", eth_call: () => "0x01" });
      guardOver([url]);
      expect(await ask(url, "eth_call", [])).to.deep.equal(
        refused("RPC endpoint host#1 is of chain 9, not of chain 7"),
      );
      expect(refusals).to.deep.equal(["host#1"]);
    });

    it("no endpoint of another chain is needed as long as one is right, or silent and so may be", async () => {
      const right = await serve({});
      const wrong = await serve({ eth_chainId: () => "0x9" });
      const nobodyHome = "http://127.0.0.1:1/";
      const identified = async (...urls: string[]) => {
        guard?.stop();
        const endpoints = guardOver(urls);
        return await identify(endpoints, guard!);
      };
      const others = ["host#2 is of chain 9"];
      expect(await identified(right, wrong)).to.deep.equal({ others, isNoneRight: false });
      expect(await identified(nobodyHome, wrong)).to.deep.equal({ others, isNoneRight: false });
      expect(await identified(right)).to.deep.equal({ others: [], isNoneRight: false });
      expect(await identified(wrong)).to.deep.equal({ others: ["host#1 is of chain 9"], isNoneRight: true });
    });

    it("a list of logs that is too short is refused", async () => {
      const url = await serve({
        eth_getBlockByNumber: () => block(7, { logs: 2 }),
        eth_getLogs: () => [log(0)],
      });
      guardOver([url]);
      await ask(url, "eth_getBlockByNumber", ["latest", true]);
      expect(await ask(url, "eth_getLogs", [{ blockHash: hashOf(7) }])).to.deep.equal(
        refused(
          `RPC endpoint host#1 leaves out logs of block ${hashOf(7)}: it has 1, but the block's bloom filter has more`,
        ),
      );
    });

    it("a head that went back is answered with the one seen before", async () => {
      let number = 6;
      const url = await serve({ eth_getBlockByNumber: () => block(number) });
      guardOver([url]);
      for (number of [6, 7]) await ask(url, "eth_getBlockByNumber", ["latest", true]);
      number = 6;
      expect(await ask(url, "eth_getBlockByNumber", ["latest", true])).to.deep.include({ result: block(7) });
    });

    it("ranges of logs are confirmed by a second endpoint if that is wanted", async () => {
      const placed = (indexes: number[]) => () =>
        indexes.map((i) => ({ ...log(i), blockHash: hashOf(7), data: "0x" }));
      const full = await serve({ eth_getLogs: placed([0, 1]) });
      const short = await serve({ eth_getLogs: placed([0]) });
      const range = [{ fromBlock: "0x1", toBlock: "0x7" }];
      guardOver([short, full]);
      expect(await ask(short, "eth_getLogs", range)).to.have.property("result");
      guard!.stop();
      guardOver([short, full], true);
      expect(await ask(short, "eth_getLogs", range)).to.deep.equal(
        refused("RPC endpoint host#1 returned other logs than host#2 for the same blocks"),
      );
    });
  });

  it("is that a chain has left a branch when those who know the height say so, and nobody has it", async () => {
    const final = { chainId: 7, number: 5, hash: hashOf(5) };
    const has = (branch: string) => () => Promise.resolve(block(5, { branch }));
    const isBehind = () => Promise.resolve(null);
    const isDown = () => Promise.reject(new Error("down"));
    expect(await stillHas(final, [has("other"), isBehind])).to.equal("no");
    expect(await stillHas(final, [has("other"), has("main")])).to.equal("yes");
    expect(await stillHas(final, [isBehind, isDown])).to.equal("unknown");
  });
});

describe("an index that stands still", () => {
  let now = 0;
  const standing = (mark: string, head: number | undefined) => ({ mark, block: 0, head });

  it("is stalled once its chain has gone on for longer than is waited", () => {
    const progress = new Progress(1_000, () => now);
    expect(progress.isStalled(standing("a", 10))).to.equal(false);
    now += 600;
    expect(progress.isStalled(standing("a", 11))).to.equal(false);
    now += 600;
    expect(progress.isStalled(standing("a", 12))).to.equal(true);
    expect(progress.isStalled(standing("b", 12))).to.equal(false);
  });

  it("is not while its chain stands still too, or nobody tells", () => {
    const progress = new Progress(1_000, () => now);
    for (const head of [10, 10, undefined, 10]) {
      now += 2_000;
      expect(progress.isStalled(standing("a", head))).to.equal(false);
    }
  });
});
