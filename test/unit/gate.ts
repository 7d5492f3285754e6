import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { Fault } from "../../deploy/fault.js";
import { compareAll, type Row } from "../../scripts/lib/gate/comparison.js";
import { judgeByChain, requireOpenGate } from "../../scripts/lib/gate/gate.js";
import { judge } from "../../scripts/lib/gate/judge.js";
import { requireGateForPolicy, requireGateForSteps } from "../../scripts/lib/gate/policy.js";
import { sample } from "../../scripts/lib/gate/sampler.js";
import { samplesOf, type Sample } from "../../scripts/lib/gate/samples.js";
import { decodeCall, targetsOf } from "../../scripts/lib/operations/calls.js";
import type { Step } from "../../scripts/lib/operations/manifest.js";
import { ReadModel } from "../../scripts/lib/read-model.js";
import { faultIn } from "../support/fault.js";
import { deployedSuite, localParameters } from "../support/suite.js";
import { town, type Town } from "./triage/fixture.js";

const NOW = 1_800_000_000;
const HOUR = 3_600;
const DAY = 24 * HOUR;

/** Samples that come evenly until now, oldest first. */
const every = (seconds: number, count: number, now = NOW): Sample[] =>
  Array.from({ length: count }, (_, i) => ({
    at: now - (count - 1 - i) * seconds,
    block: i + 1,
    paymentId: id(String(i)),
    matched: true,
  }));
/** The same with some that did not match, by their places from the oldest. */
const spoiled = (samples: readonly Sample[], ...places: number[]) =>
  samples.map((sample, i) => (places.includes(i) ? { ...sample, matched: false } : sample));
const reasons = (samples: readonly Sample[], now = NOW) => judge(samples, now).reasons.join(" ");
/** 1,000 samples in 50 hours: of the first 500 none is of the last 24. */
const usual = every(180, 1_000);
const first = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("the gate between observing and enforcing", () => {
  it("is open after 1,000 samples that match and a day without a gap", () => {
    expect(judge(usual, NOW)).to.deep.equal({ open: true, reasons: [], samples: 1_000, mismatches: 0 });
  });

  it("is shut by 5 mismatches of 1,000, which is 0.5 %, and open with 4", () => {
    expect(judge(spoiled(usual, ...first(4)), NOW)).to.include({ open: true, mismatches: 4 });
    const five = judge(spoiled(usual, ...first(5)), NOW);
    expect(five).to.include({ open: false, mismatches: 5 });
    expect(five.reasons).to.deep.equal([
      "5 of the last 1000 samples did not match: 0.5 %, and it takes less than 0.5 %.",
    ]);
  });

  it("counts the last 1,000 and no more", () => {
    const more = every(180, 1_010);
    expect(judge(spoiled(more, ...first(10)), NOW)).to.include({ open: true, samples: 1_000, mismatches: 0 });
    // The tenth from the beginning is the first that counts.
    expect(judge(spoiled(more, 10), NOW)).to.include({ open: true, mismatches: 1 });
  });

  it("is shut before there are 1,000 samples, and without any", () => {
    expect(reasons(every(180, 999))).to.equal("There are 999 of the 1000 samples that it takes.");
    expect(judge([], NOW).open).to.equal(false);
    expect(reasons([])).to.include("There are 0 of the 1000").and.include("not covered");
  });

  it("is shut by one mismatch in the last 24 hours, to the second", () => {
    // Every 180 s: the 480th before the last is exactly 24 hours old.
    const [inside, outside] = [999 - 480, 999 - 481];
    expect(usual[inside]!.at).to.equal(NOW - DAY);
    expect(reasons(spoiled(usual, inside))).to.match(/^1 samples of the last 24 hours did not match/);
    expect(reasons(spoiled(usual, outside))).to.equal("");
  });

  it("is shut by more than an hour without a sample in the last 24 hours", () => {
    const without = (from: number, to: number) => usual.filter(({ at }) => at <= from || at >= to);
    const padded = (samples: readonly Sample[]) => [...every(180, 1_000, NOW - 3 * DAY), ...samples];
    const middle = NOW - 12 * HOUR;
    expect(reasons(padded(without(middle, middle + HOUR)))).to.equal("");
    expect(reasons(padded(without(middle, middle + HOUR + 180)))).to.match(
      /^Up to .* went by without a sample/,
    );
    // Before the day it may have been quiet for as long as it liked.
    expect(reasons(padded(without(NOW - 40 * HOUR, NOW - DAY - HOUR / 2)))).to.equal("");
  });

  it("is shut when the gap is at the beginning of the day, or until now", () => {
    const late = NOW + HOUR;
    expect(reasons(usual, late)).to.equal("");
    expect(reasons(usual, late + 1)).to.match(/^Up to .* went by without a sample/);
    const short = every(60, 1_000);
    expect(reasons(short)).to.equal("The last 24 hours are not covered: the samples begin later.");
  });

  it("is shut by samples of the future, and by times that run backwards", () => {
    const future = [...usual, { ...usual[0]!, at: NOW + 61 }];
    expect(reasons(future)).to.include("1 samples are of the future");
    const backwards = [...usual, { ...usual[0]!, at: NOW - DAY }];
    expect(reasons(backwards)).to.include("1 samples are older than the one before them");
  });

  it("sees a payment at one block once, however often it is written down, and every mismatch", () => {
    const one = every(180, 1_000).map((sample) => ({ ...sample, block: 7, paymentId: id("one") }));
    expect(judge(one, NOW)).to.include({ open: false, samples: 1 });
    expect(judge(spoiled([...usual, ...one], 10, 11, 1_001, 1_002), NOW)).to.include({ mismatches: 4 });
  });

  describe("and the screening policy", () => {
    const deployed = async (enforced: boolean) => {
      const connection = await network.create();
      const local = await localParameters();
      const parameters = { ...local, policy: { ...local.policy, enforced } };
      return { connection, ...(await deployedSuite(connection, parameters)) };
    };
    const ended = (work: Promise<void>) =>
      work.then(
        () => "passed",
        (problem: Error) => problem.message.split(",")[0],
      );

    it("stops one that begins to enforce, when it is planned and when it is carried out", async () => {
      const { connection, record, parameters, complianceRegistry, accessManager } = await deployed(false);
      const wanting = (enforced: boolean) =>
        requireGateForPolicy({
          connection,
          record,
          parameters: { ...parameters, policy: { ...parameters.policy, enforced } },
        });
      expect(await ended(wanting(true))).to.equal("The gate is shut");
      expect(await ended(wanting(false))).to.equal("passed");

      /** The policy as it is carried out, scheduled, executed, and among other calls; whatever the verb is called. */
      const carrying = (enforced: boolean) => {
        const policy = { enforced, listMode: 0, maxRiskScore: 70, sanctionsOracle: ZeroAddress };
        const call = complianceRegistry.interface.encodeFunctionData("setPolicy", [policy]);
        const { accessManager: manager, complianceRegistry: registry } = targetsOf(record);
        const abi = accessManager.interface;
        const harmless = abi.encodeFunctionData("labelRole", [4, `setPolicy ${call.slice(2, 10)}`]);
        const scheduled = abi.encodeFunctionData("schedule", [registry, call, 0]);
        const executed = abi.encodeFunctionData("execute", [registry, call]);
        const among = abi.encodeFunctionData("multicall", [[harmless, scheduled]]);
        const vocabulary = { names: {}, tokens: [], targets: targetsOf(record) };
        return [
          decodeCall(registry, call, vocabulary),
          ...[scheduled, executed, among].map((data) => decodeCall(manager, data, vocabulary)),
        ] as Step["call"][];
      };
      const suite = { connection, record, parameters };
      for (const call of carrying(true))
        expect(await ended(requireGateForSteps(suite, [{ call }]))).to.equal("The gate is shut");
      for (const call of carrying(false))
        expect(await ended(requireGateForSteps(suite, [{ call }]))).to.equal("passed");
    });

    it("does not stop one that goes on enforcing", async () => {
      const { connection, record, parameters } = await deployed(true);
      expect(await ended(requireGateForPolicy({ connection, record, parameters }))).to.equal("passed");
    });
  });

  describe("and its file", () => {
    let folder: string;
    beforeEach(async () => (folder = await mkdtemp(path.join(tmpdir(), "holdfast-gate-"))));
    afterEach(() => rm(folder, { recursive: true }));
    const now = Math.floor(Date.now() / 1000);
    let at: Town;
    let payment: { paymentId: string; block: number };
    before(async () => {
      at = await town();
      const { paymentId } = await at.deposit();
      payment = { paymentId, block: await at.ethers.provider.getBlockNumber() };
      await at.networkHelpers.mine(1_000);
    });
    /** What honest samples of a chain with one payment look like. */
    const honest = (): Sample[] =>
      every(180, 1_000, now).map((sample, i) => ({
        ...sample,
        paymentId: payment.paymentId,
        block: payment.block + 1 + i,
      }));
    const faultOf = async (chainId?: number) => {
      const { provider } = at.ethers;
      const chain = { provider, record: { ...at.suite.record, ...(chainId !== undefined && { chainId }) } };
      const fault = await requireOpenGate(chain, "it", folder).catch((problem: unknown) => problem);
      return fault instanceof Fault ? fault.message : fault;
    };

    it("lets through what has every sample, and nothing without", async () => {
      expect(await faultOf())
        .to.include("The gate is shut, so it has to wait")
        .and.include("There are 0 of");
      await samplesOf(31337, folder).addAll(honest());
      expect(await faultOf()).to.equal(undefined);
    });

    it("is compared with the chain before the gate opens", async () => {
      const spoil = async (change: (sample: Sample, i: number) => Partial<Sample>, chainId = 31337) => {
        await rm(samplesOf(chainId, folder).path, { force: true });
        const samples = honest().map((sample, i) => ({ ...sample, ...change(sample, i) }));
        await samplesOf(chainId, folder).addAll(samples);
        return await faultOf(chainId);
      };
      expect(await spoil((_, i) => (i === 500 ? { paymentId: id("invented") } : {}))).to.include(
        `1 of the sampled payments were never made, such as ${id("invented")}`,
      );
      const head = await at.ethers.provider.getBlockNumber();
      expect(await spoil((_, i) => (i === 500 ? { block: head + 1 } : {}))).to.include(
        `1 samples are of blocks that the chain or the escrow did not have, such as ${head + 1}`,
      );
      expect(await spoil((_, i) => (i === 999 ? { block: payment.block - 1 } : {}))).to.include(
        `was not made yet at block ${payment.block - 1}`,
      );
      // Where time is not a local chain's own: these blocks are of another day than their samples.
      expect(await spoil(() => ({}), 1)).to.include("has another time than the block");
    });

    it("is compared as far as it counts, whatever is written behind it", async () => {
      const invent = (sample: Sample, i: number) => ({ ...sample, paymentId: id(`invented ${i % 20}`) });
      const genuine = Array<Sample>(1_000).fill({ ...honest().at(-1)!, block: payment.block });
      const file = samplesOf(31337, folder);
      await file.addAll([...honest().map(invent), ...genuine]);
      expect(await faultOf()).to.include("20 of the sampled payments were never made");

      // Those of the last hour suffice for the rate, and say nothing of the day.
      await rm(file.path);
      const lastHour = honest().map((sample, i) => ({ ...sample, at: now - 999 + i }));
      await file.addAll([...every(1_800, 50, now - 1_800).map(invent), ...lastHour]);
      expect(await faultOf()).to.include("20 of the sampled payments were never made");
    });

    it("is of a day that the chain had, too", async () => {
      const short = await town();
      const { paymentId } = await short.deposit();
      const { provider } = short.ethers;
      const block = await provider.getBlockNumber();
      const begin = (await provider.getBlock(block))!.timestamp;
      const snapshot = await short.networkHelpers.takeSnapshot();
      const judgedAfter = async (interval: number) => {
        await short.networkHelpers.mine(1_000, { interval });
        const head = await provider.getBlockNumber();
        const samples = every(87, 1_000, begin + 87_000).map((sample, i) => ({
          ...sample,
          paymentId,
          block: head - 999 + i,
        }));
        const chain = { provider, record: { ...short.suite.record, chainId: 1 } };
        return await judgeByChain(chain, samples, begin + 87_000);
      };
      expect((await judgedAfter(1)).reasons.join()).to.include("has another time than the block");
      await snapshot.restore();
      expect(await judgedAfter(87)).to.include({ open: true });
    });

    it("has no lines for payments or blocks that cannot be", async () => {
      const [line] = honest();
      for (const change of [{ paymentId: ZeroHash }, { block: 0 }, { block: -1 }, { at: 1.5 }, { more: 1 }]) {
        const file = samplesOf(31337, folder);
        await rm(file.path, { force: true });
        await appendFile(file.path, `${JSON.stringify({ ...line, ...change })}\n`);
        expect(await faultOf(), JSON.stringify(change)).to.include("is not what this program wrote");
      }
    });

    it("is only ever appended to, and survives a writer that died", async () => {
      const file = samplesOf(31337, folder);
      await file.addAll(every(180, 2));
      const before = await readFile(file.path, "utf8");
      await appendFile(file.path, '{"at":18000');
      await file.addAll(every(180, 1));
      expect((await readFile(file.path, "utf8")).startsWith(before)).to.equal(true);
      expect(await file.read()).to.have.lengthOf(3);
    });

    it("that somebody has written in shuts the gate, with the line", async () => {
      const file = samplesOf(31337, folder);
      await file.addAll(honest());
      await appendFile(file.path, '{"at":1,"matched":true}\n');
      expect(await faultOf()).to.include("31337.jsonl:1001 is not what this program wrote");
    });
  });

  describe("and what a sample is", () => {
    let at: Town;
    before(async () => (at = await town()));
    afterEach(() => at.reset());

    const made = async () => {
      const { paymentId, terms } = await at.deposit();
      const block = await at.ethers.provider.getBlockNumber();
      const row = {
        ...Object.fromEntries(Object.entries(terms).map(([name, value]) => [name, String(value)])),
        ...{ onDeadline: "Release", paymentId, status: "Funded", onHold: false },
        ...{ held: String(terms.amount), released: "0", updatedBlock: String(block) },
      } as Row;
      return { paymentId, terms, block, row };
    };
    const compare = (row: Row, block: number) =>
      compareAll(
        {
          ...{ provider: at.ethers.provider, record: at.suite.record, block, patience: 0 },
          rows: new Map([[row.paymentId, row]]),
        },
        [row.paymentId],
      );

    it("is a row that changed after the read model's block, as of the block that it changed in", async () => {
      const { paymentId, terms, block, row } = await made();
      await at.suite.escrow.connect(at.buyer).release(terms, 1n);
      const after = {
        ...row,
        held: String(terms.amount - 1n),
        released: "1",
        updatedBlock: String(block + 1),
      };
      expect(await compare(row, block)).to.deep.equal([{ paymentId, block, matched: true }]);
      expect(await compare(after, block)).to.deep.equal([{ paymentId, block: block + 1, matched: true }]);
      const stale = { ...row, updatedBlock: String(block + 1) };
      expect(await compare(stale, block)).to.deep.equal([{ paymentId, block: block + 1, matched: false }]);
    });

    it("does not match if its row has terms or amounts that cannot be", async () => {
      const { paymentId, block, row } = await made();
      const changes = [
        { amount: "-1" },
        { amount: "much" },
        { feeBps: "70000" },
        { buyer: "0x12" },
        { onDeadline: "Burn" },
        { paymentReference: "" },
        { held: "NaN" },
        { released: null },
      ];
      for (const change of changes) {
        const compared = await compare({ ...row, ...change } as Row, block);
        expect(compared, JSON.stringify(change)).to.deep.equal([{ paymentId, block, matched: false }]);
      }
    });

    it("does not match if the read model is minutes behind, and is none if the chain is", async () => {
      const { paymentId, block, row } = await made();
      const { provider } = at.ethers;
      const record = { ...at.suite.record, chainId: 1 };
      const begin = (await provider.getBlock(block))!.timestamp;
      const status = createServer((_, response) =>
        response.end(JSON.stringify({ mainnet: { id: 1, block: { number: block } } })),
      ).listen(0, "127.0.0.1");
      await once(status, "listening");
      const indexer = `http://127.0.0.1:${(status.address() as AddressInfo).port}`;
      const readModel = new ReadModel(indexer);
      readModel.ask = <Data>(query: string) =>
        Promise.resolve(
          (query.includes("first:")
            ? { first: { items: [{ createdAt: "1" }] }, last: { items: [{ createdAt: "1" }] } }
            : { p0: { items: [row] }, payments: { items: [row] } }) as Data,
        );
      const matched = async (now: number) => {
        const samples = await sample({ readModel, indexer, provider, record, count: 1, now, patience: 0 });
        expect(samples.map((found) => found.paymentId)).to.deep.equal([paymentId]);
        return samples[0]!.matched;
      };
      try {
        expect(await matched(begin + 600)).to.equal(true);
        expect(await faultIn(matched(begin + 601))).to.match(
          /^The chain's last block is 10 minutes 1 second old/,
        );
        await at.networkHelpers.mine(2, { interval: 601 });
        expect(await matched(begin + 601)).to.equal(false);
      } finally {
        status.close();
      }
    });

    it("does not match if its row is of a block that is not there, or of none", async () => {
      const { paymentId, block, row } = await made();
      for (const updatedBlock of [String(block + 1), "999999999", "-1", "1e3", "", "soon"]) {
        const compared = await compare({ ...row, updatedBlock }, block);
        expect(compared, updatedBlock).to.deep.equal([{ paymentId, block, matched: false }]);
      }
    });
  });
});
