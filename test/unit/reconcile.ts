import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { Interface, type JsonFragment } from "ethers";

import { readReconciliations } from "../../deploy/reconciliations.js";
import { Events } from "../../scripts/lib/reconcile/events.js";
import { Findings, type Finding } from "../../scripts/lib/reconcile/findings.js";
import { logWindows, type RawLog } from "../../scripts/lib/reconcile/logs.js";
import {
  checkLabel,
  lastReconciliations,
  recordReconciliation,
  recordsPath,
} from "../../scripts/lib/reconcile/records.js";
import { findingsTable, formatReport, headline } from "../../scripts/lib/reconcile/report.js";
import type { Reconciliation } from "../../scripts/lib/reconcile/request.js";
import { loadModel } from "../../scripts/lib/reconcile/model.js";
import { Scratch } from "../../scripts/lib/reconcile/scratch.js";
import { Rpc } from "../../scripts/lib/reconcile/rpc.js";
import { StateCheck, type Contradiction } from "../../scripts/lib/reconcile/state.js";
import { timesOf } from "../../scripts/lib/reconcile/times.js";
import { isDisputed } from "../../scripts/lib/reconcile/verdict.js";
import { Witnesses, type Suspect } from "../../scripts/lib/reconcile/witnesses.js";
import { faultIn } from "../support/fault.js";
import { recordAt } from "../support/record.js";

const finding: Finding = {
  outcome: "state_mismatch",
  table: "payment",
  key: "0xab",
  paymentId: "0xab",
  field: "held",
  found: "=1+1",
  expected: 'a "7" | 8',
  advice: "look",
};
const result: Reconciliation = {
  chainId: 5,
  block: { number: 12, hash: "0xcd", timestamp: 99 },
  outcome: "differences",
  scope: { source: "database", schema: "holdfast_1", index: "0123456789abcdef", behind: 0 },
  findings: [finding],
  counts: { matched: 3, state_mismatch: 1 },
  mendable: 0,
  rows: { payment: 4 },
  payments: 4,
  rpcCalls: 2,
  stateCalls: 1,
  seconds: { logs: 1, state: 0.25, rows: 0.5 },
  tokens: [],
};

describe("reports of a reconciliation", () => {
  it("say it all in one sentence", () => {
    expect(headline(result)).to.equal(
      "Chain 5 at block 12 (0xcd): 4 payments, differences: 1 state_mismatch.",
    );
    expect(headline({ ...result, outcome: "clean", findings: [], counts: { matched: 4 } })).to.equal(
      "Chain 5 at block 12 (0xcd): 4 payments, no differences.",
    );
  });

  it("say of what they are no full reconciliation", () => {
    const clean: Reconciliation = { ...result, outcome: "clean", findings: [], counts: { matched: 4 } };
    const sentence = (scope: Partial<Reconciliation["scope"]>) =>
      headline({ ...clean, scope: { ...clean.scope, ...scope } }).replace(/^.*: 4 payments, /, "");
    const partial = (what: string) =>
      `no differences in what was looked at. Not a full reconciliation: ${what}.`;
    expect(sentence({ behind: 20 })).to.equal("no differences.");
    expect(sentence({ behind: 21 })).to.equal(partial("an index 21 blocks behind the chain"));
    expect(sentence({ payment: "0x01", since: 0 })).to.equal(
      partial("only payment 0x01; only what changed since 1970-01-01T00:00:00.000Z"),
    );
    expect(sentence({ token: "0x02", block: 7 })).to.equal(
      partial("only token 0x02; the contracts only as of block 7"),
    );
    expect(headline({ ...clean, scope: { source: "graphql", behind: 0 } })).to.include(
      partial("an index that does not tell which it is"),
    );
  });

  it("in CSV keep quotes, and give a spreadsheet no formula", () => {
    expect(formatReport("csv", result, findingsTable([finding])).split("\r\n")[1]).to.equal(
      '"state_mismatch","payment","0xab","0xab","held","\'=1+1","a ""7"" | 8","look"',
    );
  });

  it("in Markdown stay one row a finding", () => {
    const lines = formatReport("markdown", result, findingsTable([finding])).split("\n");
    expect(lines.at(-1)).to.equal(
      '| state_mismatch | payment | 0xab | 0xab | held | =1+1 | a "7" \\| 8 | look |',
    );
  });

  it("in JSON have the whole result", () => {
    expect(JSON.parse(formatReport("json", result, findingsTable([finding])))).to.deep.include({
      payments: 4,
    });
  });
});

describe("records of reconciliations", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-runs-"))));
  afterEach(() => rm(folder, { recursive: true }));

  const record = (by: string, applied: boolean) =>
    recordReconciliation(result, { by, at: new Date("2026-03-01T12:00:00Z"), applied, folder });

  it("tell of the last run, of a chain that has one", async () => {
    expect(await lastReconciliations(5, folder)).to.deep.equal({ full: undefined, partial: [] });
    await record("night-shift", false);
    await record("day-shift", true);
    const { full, partial } = await lastReconciliations(5, folder);
    expect(partial).to.deep.equal([]);
    expect(full).to.deep.equal({
      at: "2026-03-01T12:00:00.000Z",
      by: "day-shift",
      block: 12,
      blockHash: "0xcd",
      outcome: "differences",
      payments: 4,
      counts: { matched: 3, state_mismatch: 1 },
      rpcCalls: 2,
      seconds: 1.8,
      applied: true,
      scope: result.scope,
    });
    expect((await lastReconciliations(6, folder)).full).to.equal(undefined);
  });

  it("say so if the last line is damaged", async () => {
    await record("night-shift", false);
    await appendFile(recordsPath(5, folder), '{"at":');
    expect(await faultIn(lastReconciliations(5, folder))).to.match(/^The last line of .* is damaged/);
  });

  it("keep the next run apart from what a killed one was writing", async () => {
    await record("night-shift", false);
    await appendFile(recordsPath(5, folder), '{"at":');
    await record("day-shift", false);
    await record("night-shift", true);
    const lines = await readReconciliations(5, folder);
    expect(lines.map(({ run }) => run?.by)).to.deep.equal([
      "night-shift",
      undefined,
      "day-shift",
      "night-shift",
    ]);
    expect((await lastReconciliations(5, folder)).full).to.include({ by: "night-shift", applied: true });
  });

  it("take labels and no names", () => {
    expect(checkLabel("on-call-2")).to.equal("on-call-2");
    for (const label of ["", "Alice", "alice@example.com", "a b"]) {
      expect(() => checkLabel(label)).to.throw("--by is a label of lower case letters, digits and dashes");
    }
  });
});

describe("the file of what was read", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "holdfast-scratch-"))));
  afterEach(() => rm(folder, { recursive: true }));

  it("belongs to one run at a time", async () => {
    const model = await loadModel();
    const file = join(folder, "5.sqlite");
    const scratch = new Scratch(file, model);
    expect(() => new Scratch(file, model)).to.throw("Another reconciliation of this chain is running");
    scratch.close();
    new Scratch(file, model).close();
  });

  it("is not guessed at if it is damaged", async () => {
    const model = await loadModel();
    const file = join(folder, "5.sqlite");
    await writeFile(file, "half a page of something else");
    expect(() => new Scratch(file, model)).to.throw(`: remove ${file}, and run again.`);
  });
});

describe("reading logs", () => {
  /** Answers for at most so many blocks, one log a block. */
  const limited = (most: number, asked: [number, number][]) =>
    new Rpc("limited", (_, [filter]) => {
      const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };
      const [from, to] = [Number(fromBlock), Number(toBlock)];
      if (to - from + 1 > most) return Promise.reject(new Error("block range too large"));
      asked.push([from, to]);
      return Promise.resolve(
        Array.from({ length: to - from + 1 }, (_, i) => ({ blockNumber: from + i, logIndex: 0, topics: [] })),
      );
    });

  it("asks for no more blocks than the endpoint allows, and for each block once", async () => {
    const asked: [number, number][] = [];
    let count = 0;
    for await (const { logs } of logWindows(limited(100, asked), [{ address: [], topics: [] }], 7, 1_000)) {
      count += logs.length;
    }
    expect(count).to.equal(994);
    expect(asked[0]![0]).to.equal(7);
    expect(asked.at(-1)![1]).to.equal(1_000);
    for (const [i, [from]] of asked.entries()) if (i > 0) expect(from).to.equal(asked[i - 1]![1] + 1);
    expect(Math.max(...asked.map(([from, to]) => to - from + 1))).to.be.within(50, 100);
  });

  it("gives up on an endpoint that does not answer for a single block", async () => {
    const windows = logWindows(limited(0, []), [{ address: [], topics: [] }], 7, 9);
    const complaint = await windows.next().catch((error: Error) => error.message);
    expect(complaint).to.equal("block range too large");
  });
});

describe("when logs were", () => {
  const log = (block: number, blockTimestamp?: string | null) =>
    ({ blockNumber: `0x${block.toString(16)}`, blockTimestamp }) as RawLog;
  const asked: unknown[] = [];
  const rpc = new Rpc("the RPC", (_, [number]) => {
    asked.push(number);
    return Promise.resolve(number === "0x9" ? null : { number, hash: "0xcd", timestamp: "0x64" });
  });

  it("is what stands beside them, and is asked of the block where nothing sensible does", async () => {
    const logs = [
      log(1, "0x7"),
      log(2, null),
      log(3),
      log(4, "soon"),
      log(5, ""),
      log(2, null),
      log(3, "0x8"),
    ];
    expect([...(await timesOf(rpc, logs))].sort()).to.deep.equal([
      [1, 7n],
      [2, 100n],
      [3, 8n],
      [4, 100n],
      [5, 100n],
    ]);
    expect(asked).to.deep.equal(["0x2", "0x4", "0x5"]);
  });

  it("is not made up if the endpoint does not know", async () => {
    expect(await faultIn(timesOf(rpc, [log(9)]))).to.equal(
      "the RPC gives logs of block 9, and does not tell when that was.",
    );
  });
});

describe("two endpoints", () => {
  const differing = (key: string, state: string): Contradiction => ({
    ...{ table: "payment", key, field: "held", state, events: "7" },
  });
  const check = (name: string, found: Contradiction[], silentAbout: string[] = [], balance?: bigint) =>
    ({
      ...{ name, found, balance: () => Promise.resolve(balance) },
      isSilentAbout: ({ key }: Contradiction) => silentAbout.includes(key),
    }) as unknown as StateCheck;
  const ask = async function* (asked: StateCheck) {
    yield* await Promise.resolve((asked as unknown as { found: Contradiction[] }).found);
  };
  const suspects = async (first: StateCheck, second?: StateCheck, findings = new Findings()) => {
    const found: Suspect[] = [];
    for await (const suspect of new Witnesses(findings, first, second).contradictions(ask))
      found.push(suspect);
    return found;
  };

  it("are believed where they say the same, in whatever order, and else neither", async () => {
    const one = check("one", [differing("a", "1"), differing("b", "2"), differing("c", "3")]);
    const other = check("other", [differing("b", "2"), differing("a", "9"), differing("d", "4")]);
    const found = await suspects(one, other);
    const told = found.map((suspect) => [
      suspect.contradiction.key,
      `${suspect.rpc} ${suspect.contradiction.state}`,
      `${suspect.second?.name} ${suspect.second?.state}`,
      isDisputed(suspect),
    ]);
    expect(told.sort()).to.deep.equal([
      ["a", "one 1", "other 9", true],
      ["b", "one 2", "other 2", false],
      ["c", "one 3", "other 7", true],
      ["d", "other 4", "one 7", true],
    ]);
  });

  it("of which one is silent about something are one there, and two elsewhere", async () => {
    const [found, other] = await suspects(
      check("one", [differing("a", "1"), differing("b", "1")]),
      check("other", [], ["a"]),
    );
    expect(found).to.deep.equal({ contradiction: differing("a", "1"), rpc: "one" });
    expect(other).to.have.deep.property("second", { name: "other", state: "7" });
  });

  it("that do not answer are silent about all that they were asked, and about nothing else", async () => {
    const rpc = { name: "one", call: () => Promise.reject(new Error("timeout")) };
    const rows: Record<string, object[]> = { payment: [{ paymentId: "0xa1" }, { paymentId: "0xa2" }] };
    const silent = new StateCheck(
      {
        ...{ rpc, pinned: { number: 1 } },
        record: { contracts: { escrowLens: { address: `0x${"a1".repeat(20)}` } } },
      } as never,
      { rows: (table: string) => rows[table] ?? [] } as never,
      new Findings(),
    );
    expect((await silent.payments(() => true).next()).done).to.equal(true);
    const about = (table: string, key: string) => silent.isSilentAbout({ table, key });
    expect([about("payment", "0xa1"), about("payment", "0xa2")]).to.deep.equal([true, true]);
    expect([about("payment", "0xa3"), about("token", "0xa1")]).to.deep.equal([false, false]);
  });

  it("that disagree about everything are told of once", async () => {
    const findings = new Findings();
    const many = Array.from({ length: 5_000 }, (_, i) => differing(String(i), "1"));
    expect(await suspects(check("one", many), check("other", []), findings)).to.deep.equal([]);
    expect(findings.list.map(({ outcome, found }) => [outcome, found])).to.deep.equal([
      ["lookup_failed", "one and other disagree more than 1000 times"],
    ]);
    // Where they agree, nothing piles up.
    expect(await suspects(check("one", many), check("other", many))).to.have.length(5_000);
  });

  it("have one balance, or none", async () => {
    const findings = new Findings();
    const balance = (one?: bigint, other?: bigint) =>
      new Witnesses(findings, check("one", [], [], one), check("other", [], [], other)).balance("0xaa");
    expect([await balance(3n, 3n), await balance(3n), await balance(undefined, 3n)]).to.deep.equal([
      3n,
      3n,
      3n,
    ]);
    expect(findings.list).to.deep.equal([]);
    expect(await balance(3n, 4n)).to.equal(undefined);
    expect(findings.list.map(({ outcome, found }) => [outcome, found])).to.deep.equal([
      ["lookup_failed", "one answers 3, other 4"],
    ]);
  });
});

describe("the events that are replayed", () => {
  it("are those of earlier versions, too", () => {
    const a = (digits: string) => `0x${digits.repeat(20)}`;
    const [accessManager, upgradeController] = [a("a1"), a("a2")];
    const addresses = { accessManager, upgradeController, complianceRegistry: a("a3"), escrow: a("a4") };
    const handlers = new Map(
      ["Escrow:Parked", "Escrow:PaymentCreated"].map((name) => [name, () => Promise.resolve()]),
    );
    const parked = new Interface(["event Parked(bytes32 indexed paymentId, uint256 amount)"]);
    const escrowAbi = JSON.parse(parked.formatJson()) as JsonFragment[];
    const events = new Events(recordAt(5, "sepolia", 7, addresses), { handlers }, { escrowAbi });
    const { topics, data } = parked.encodeEventLog("Parked", [`0x${"01".repeat(32)}`, 7n]);
    const log = { address: a("A4"), topics, data } as unknown as RawLog;
    expect(events.decode(log)).to.deep.equal({
      name: "Escrow:Parked",
      args: { paymentId: `0x${"01".repeat(32)}`, amount: 7n },
    });
    expect(events.filters[0]!.topics[0]).to.have.length(2).and.include(topics[0]);
    expect(new Events(recordAt(5, "sepolia", 7, addresses), { handlers }, {}).decode(log)).to.equal(
      undefined,
    );
  });
});
