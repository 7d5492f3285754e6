import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { id, toQuantity } from "ethers";

import { judgeEndpoints, lookAt } from "../../../scripts/lib/triage/endpoints.js";
import { findIndexLag } from "../../../scripts/lib/triage/index-lag.js";
import { LIMITS } from "../../../scripts/lib/triage/site.js";
import { RpcError, serveJsonRpc, type Answers } from "../../support/json-rpc-server.js";

const CHAIN = 11155111;
const NOW = 1_800_000_000;
/** A port on which nobody listens, and which fetch does not refuse by itself. */
const NOBODY = "http://127.0.0.1:59999";

describe("triage of endpoints", () => {
  const cleanup: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of cleanup.splice(0)) await stop();
  });

  interface Saying {
    readonly chainId?: number;
    readonly block?: number;
    readonly time?: number;
    /** Which branch of the chain it follows. */
    readonly branch?: string;
    readonly answers?: Answers;
  }
  /** An endpoint that says something, under a label of its own. */
  const endpoint = async (label: string, saying: Saying = {}) => {
    const { chainId = CHAIN, block = 100, time = NOW, branch = "main", answers = {} } = saying;
    const server = await serveJsonRpc({
      eth_chainId: () => toQuantity(chainId),
      eth_getBlockByNumber: ([tag]) => {
        const number = tag === "latest" ? block : Number(tag);
        return { number: toQuantity(number), hash: id(`${branch} ${number}`), timestamp: toQuantity(time) };
      },
      ...answers,
    });
    cleanup.push(() => server.stop());
    return { url: server.url, label };
  };
  const judge = async (...endpoints: { url: string; label: string }[]) =>
    await judgeEndpoints(await lookAt(endpoints), {
      network: "sepolia",
      chainId: CHAIN,
      limits: LIMITS,
      now: NOW,
    });
  const reasons = async (...endpoints: { url: string; label: string }[]) =>
    (await judge(...endpoints)).findings.map(({ reason, subject }) => [reason, subject]);

  it("finds nothing where all agree, a few blocks apart", async () => {
    const outcome = await judge(await endpoint("a"), await endpoint("b", { block: 80 }));
    expect([outcome.findings, outcome.unknown]).to.deep.equal([[], []]);
  });

  it("finds one that does not answer, one that answers an error, and one that answers nonsense", async () => {
    const refusing = { eth_chainId: () => Promise.reject(new RpcError(-32_005, "daily limit reached")) };
    const senseless = { eth_getBlockByNumber: () => ({ number: "seven" }) };
    const outcome = await judge(
      { url: NOBODY, label: "down" },
      await endpoint("limited", { answers: refusing }),
      await endpoint("senseless", { answers: senseless }),
    );
    expect(outcome.findings.map(({ reason, subject }) => [reason, subject])).to.deep.equal([
      ["endpoint_down", "down"],
      ["endpoint_down", "limited"],
      ["endpoint_down", "senseless"],
    ]);
    const sentences = outcome.findings.map(({ sentence }) => sentence);
    expect(sentences[0]).to.include("ECONNREFUSED");
    expect(sentences[1]).to.include("daily limit reached");
    expect(sentences[2]).to.include("nonsense");
    expect(outcome.findings[0]!.command).to.equal(
      `PONDER_RPC_URL_${CHAIN}=<another endpoint> npm run indexer:start`,
    );
  });

  it("shows an endpoint's label and never its URL, which may be a key", async () => {
    const server = createServer((_, response) => {
      response.statusCode = 429;
      response.end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    cleanup.push(() => new Promise((closed) => server.close(closed)));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/secret-key`;
    const told = JSON.stringify([
      await judge({ url, label: "host" }),
      await judge({ url: `${NOBODY}/secret-key`, label: "host" }),
    ]);
    expect(told).to.include("HTTP 429").and.not.include("secret-key");
  });

  it("finds one of another chain, one that is behind, and one whose head is old", async () => {
    expect(
      await reasons(
        await endpoint("other", { chainId: 1 }),
        await endpoint("ahead", { block: 121 }),
        await endpoint("behind", { block: 100 }),
        await endpoint("old", { block: 121, time: NOW - LIMITS.headAge - 1 }),
      ),
    ).to.deep.equal([
      ["wrong_chain", "other"],
      ["endpoint_behind", "behind"],
      ["head_old", "old"],
    ]);
    expect(await reasons(await endpoint("just", { time: NOW - LIMITS.headAge }))).to.deep.equal([]);
  });

  it("finds that two tell different blocks, and what each says", async () => {
    const outcome = await judge(await endpoint("a"), await endpoint("b", { block: 105, branch: "fork" }));
    expect(outcome.findings.map(({ reason }) => reason)).to.deep.equal(["endpoints_disagree"]);
    expect(outcome.findings[0]!.sentence).to.include(`a says ${id("main 100")}, b says ${id("fork 100")}`);
  });

  it("could not tell whether they agree if one does not have the block", async () => {
    const forgetful: Answers = {
      eth_getBlockByNumber: ([tag]) =>
        tag === "latest" ? { number: "0x64", hash: id("main 100"), timestamp: toQuantity(NOW) } : null,
    };
    const outcome = await judge(await endpoint("a"), await endpoint("b", { answers: forgetful }));
    expect(outcome.findings).to.deep.equal([]);
    expect(outcome.unknown).to.deep.equal([{ why: "b does not tell block 100: it does not have it." }]);
  });
});

describe("triage of the index", () => {
  const cleanup: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of cleanup.splice(0)) await stop();
  });
  const indexer = async (body: string, status = 200) => {
    const server = createServer((_, response) => {
      response.statusCode = status;
      response.end(body);
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    cleanup.push(() => new Promise((closed) => server.close(closed)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const at = (block: number) =>
    JSON.stringify({ sepolia: { id: CHAIN, block: { number: block, timestamp: NOW } } });
  const look = async (url: string, head?: number) => {
    const place = { indexer: url, network: "sepolia", chainId: CHAIN, limits: LIMITS };
    const { findings, unknown = [] } = await findIndexLag({ ...place, ...(head !== undefined && { head }) });
    return [...findings.map(({ reason }) => reason), ...unknown.map(({ why }) => why)];
  };

  it("finds one that is more than 20 blocks behind", async () => {
    const url = await indexer(at(100));
    expect(await look(url, 120)).to.deep.equal([]);
    expect(await look(url, 121)).to.deep.equal(["index_behind"]);
  });

  it("finds one that is more than 20 blocks ahead, and says what that means and what to type", async () => {
    const url = await indexer(at(121));
    expect(await look(url, 101)).to.deep.equal([]);
    expect(await look(url, 100)).to.deep.equal(["index_ahead"]);
    const place = { indexer: url, network: "sepolia", chainId: CHAIN, limits: LIMITS, head: 100 };
    const [finding] = (await findIndexLag(place)).findings;
    expect(finding!.sentence).to.include(
      "block 121, 21 blocks ahead of every endpoint: either they are stale, or",
    );
    expect(finding!.command).to.equal(
      "npx hardhat triage chain --network sepolia --rpc <another provider's endpoint>",
    );
  });

  it("finds one that is down, fails, talks nonsense, or follows other chains", async () => {
    expect(await look(NOBODY, 1)).to.deep.equal(["index_down"]);
    expect(await look(await indexer("", 503), 1)).to.deep.equal(["index_down"]);
    expect(await look(await indexer("<html>"), 1)).to.deep.equal(["index_down"]);
    expect(await look(await indexer("{}"), 1)).to.deep.equal(["chain_not_indexed"]);
  });

  it("could not tell without a head to compare with", async () => {
    expect(await look(await indexer(at(7)))).to.deep.equal([
      "The read model is at block 7, and no endpoint tells how far the chain is.",
    ]);
  });
});
