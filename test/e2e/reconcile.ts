import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import Table from "cli-table3";
import {
  concat,
  id,
  JsonRpcProvider,
  type Interface,
  keccak256,
  MaxUint256,
  toBeHex,
  zeroPadValue,
  type Result,
  ZeroAddress,
  ZeroHash,
} from "ethers";
import hre, { network } from "hardhat";

import { isFull, partsOf, readReconciliations } from "../../deploy/reconciliations.js";
import { startAnvil } from "../../scripts/lib/anvil.js";
import { startIndexer } from "../../scripts/lib/indexer.js";
import {
  databaseSource,
  inSnapshot,
  openPglite,
  openPostgres,
  type Connection,
} from "../../scripts/lib/reconcile/database.js";
import { proposals } from "../../scripts/lib/reconcile/apply.js";
import type { Finding } from "../../scripts/lib/reconcile/findings.js";
import type { RawLog } from "../../scripts/lib/reconcile/logs.js";
import { loadModel, type Table as ModelTable } from "../../scripts/lib/reconcile/model.js";
import { reconcile } from "../../scripts/lib/reconcile/reconcile.js";
import type { Filter, Request, Reconciliation } from "../../scripts/lib/reconcile/request.js";
import { graphqlSource } from "../../scripts/lib/reconcile/graphql.js";
import { Rpc } from "../../scripts/lib/reconcile/rpc.js";
import type { Tabular } from "../../scripts/lib/reconcile/report.js";
import { VIEWS } from "../../scripts/lib/reconcile/views.js";
import { Escrow__factory } from "../../types/ethers-contracts/index.js";
import { databaseUrl as databaseUrlOf } from "../../scripts/lib/production.js";
import { RpcProxy } from "../../scripts/lib/rpc-proxy.js";
import { hardhatWith } from "../support/command-line.js";
import { Damage, type Row } from "../support/damage.js";
import { live } from "../support/life.js";
import { makeMany } from "../support/many-payments.js";
import { askGraphql } from "../support/read-model.js";
import { deployedSuite } from "../support/suite.js";

const ANVIL_PORT = 21_566;
const OTHER_PORT = 21_567;
const INDEXER_PORT = 21_086;
const CHAIN_ID = 31337;
const PAYMENTS = 2_000;
const SCHEMA = "reconciled";
const HARDHAT = fileURLToPath(new URL("../../node_modules/.bin/hardhat", import.meta.url));
/** Where the escrow keeps its payments (ERC-7201). */
const ESCROW_STORAGE = "0xe7177b0be19837cad17681e74a35643480f4cefe0bd3bae887488fcb74784300";

async function emptyDatabase(server: string, name: string): Promise<void> {
  const connection = await openPostgres(server);
  await connection.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.close();
}

type Name = Pick<Finding, "outcome" | "table" | "key" | "field" | "paymentId">;

const TERMS =
  "escrow buyer seller token amount deadline onDeadline arbiter disputeWindow feeBps feeRecipient paymentReference".split(
    " ",
  );
/** What a changed column is called. */
const outcomeOf = (table: string, column: string): Finding["outcome"] =>
  table === "payment" && TERMS.includes(column)
    ? "terms_mismatch"
    : ["token", "party", "credit", "ledgerEntry"].includes(table)
      ? "total_mismatch"
      : "state_mismatch";

describe("reconciliation", function () {
  this.timeout(600_000);

  const cleanup = new AsyncDisposableStack();
  let suite: Awaited<ReturnType<typeof deployedSuite>>;
  let database: Connection;
  let send: (method: string, params: unknown[]) => Promise<unknown>;
  let directory: string;
  let anvilUrl: string;
  let byGraphql: Reconciliation;
  const server = process.env.HOLDFAST_TEST_DATABASE_URL;
  // Of its own: the RPC answers that Ponder keeps would be those of other tests' chains.
  const databaseUrl = server && databaseUrlOf(server, "holdfast_reconciliation");

  before(async () => {
    const anvil = await startAnvil({
      port: ANVIL_PORT,
      args: ["--accounts", "16", "--gas-limit", "1000000000"],
    });
    cleanup.defer(() => anvil.stop());
    anvilUrl = anvil.url;
    const connection = await network.create({ network: "local", override: { url: anvil.url } });
    suite = await deployedSuite(connection);
    const { usdc, users } = suite;
    const now = await connection.networkHelpers.time.latest();
    const [buyer, seller] = users;
    await usdc.mint(buyer!.address, 10n ** 12n);
    await usdc.connect(buyer).approve(suite.escrow, MaxUint256);
    await makeMany(suite, {
      buyer: buyer!,
      seller: seller!,
      token: await usdc.getAddress(),
      deadline: BigInt(now + 90 * 86_400),
      count: PAYMENTS,
    });
    // Last, because it ends with a pause.
    await live(suite, connection);
    // What is final is indexed many blocks at a time.
    await connection.networkHelpers.mine(64);
    directory = await mkdtemp(join(tmpdir(), "holdfast-reconciled-"));
    cleanup.defer(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, `${CHAIN_ID}.json`), JSON.stringify(suite.record));
    const provider = new JsonRpcProvider(anvil.url, CHAIN_ID, { staticNetwork: true, cacheTimeout: -1 });
    cleanup.defer(() => provider.destroy());
    send = (method, params) => provider.send(method, params) as Promise<unknown>;
    if (server) await emptyDatabase(server, "holdfast_reconciliation");
    const databaseDir = join(directory, "pglite");
    const indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls: { [CHAIN_ID]: Array<string>(4).fill(anvil.url) },
      port: INDEXER_PORT,
      timeoutSeconds: 500,
      schema: SCHEMA,
      ...(databaseUrl ? { databaseUrl } : { databaseDir }),
    });
    cleanup.defer(() => indexer.stop());
    byGraphql = await check({ source: graphqlSource(indexer.url, CHAIN_ID), resume: false });
    await indexer.stop();
    database = databaseUrl ? await openPostgres(databaseUrl) : await openPglite(databaseDir);
  });
  after(() => cleanup.disposeAsync());

  const check = async (change: Partial<Request> = {}): Promise<Reconciliation> => {
    const { result, scratch } = await reconcile({
      record: suite.record,
      rpc: new Rpc("the RPC", send),
      scratch: join(directory, "scratch.sqlite"),
      resume: true,
      recorded: [CHAIN_ID],
      ...change,
      source: change.source ?? databaseSource(database.query, SCHEMA, CHAIN_ID),
    });
    scratch.close();
    return result;
  };

  it("finds as little by GraphQL as in the database", () => {
    expect(byGraphql.findings).to.deep.equal([]);
    expect(byGraphql.outcome).to.equal("clean");
    expect(byGraphql.payments).to.be.greaterThan(PAYMENTS);
  });

  it("finds nothing in a healthy stack, with few calls", async () => {
    const result = await inSnapshot(database, () => check());
    expect(result.findings).to.deep.equal([]);
    expect(result.outcome).to.equal("clean");
    expect(partsOf(result.scope)).to.deep.equal([]);
    // By GraphQL and in the database it is the same index.
    expect(byGraphql.scope.index).to.equal(result.scope.index);
    expect(result.payments).to.be.greaterThan(PAYMENTS);
    // One for all payments; the others are as many however many payments there are.
    expect(result.stateCalls).to.be.within(10, 40);
  });

  it("says of an index that lags behind the chain, as either RPC tells of it, that it does", async () => {
    const ahead = new Rpc("an RPC that is ahead", async (method, params) => {
      const answer = (await send(method, params)) as { number: string };
      if (method !== "eth_getBlockByNumber" || params[0] !== "latest") return answer;
      return { ...answer, number: toBeHex(Number(answer.number) + 21) };
    });
    for (const change of [{ rpc: ahead }, { second: ahead }]) {
      const result = await check({ ...change, scratch: ":memory:" });
      expect(result.outcome).to.equal("clean");
      expect(partsOf(result.scope)).to.deep.equal(["an index 21 blocks behind the chain"]);
    }
  });

  it("asks for fewer payments in a call of an endpoint that refuses many", async () => {
    const { interface: lens } = suite.escrowLens;
    const rpc = new Rpc("a narrow RPC", async (method, params) => {
      const data = method === "eth_call" ? (params[0] as { data: string }).data : "";
      if (data.startsWith(lens.getFunction("snapshot").selector)) {
        const paymentIds = lens.decodeFunctionData("snapshot", data)[1] as string[];
        if (paymentIds.length > 700) throw new Error("out of gas");
      }
      return await send(method, params);
    });
    const result = await check({ rpc });
    expect(result.findings).to.deep.equal([]);
    expect(result.payments).to.be.greaterThan(PAYMENTS);
  });

  it("goes on from where an interrupted run got", async () => {
    const scratch = join(directory, "interrupted.sqlite");
    let answers = 0;
    const dying = new Rpc("a dying RPC", async (method, params) => {
      if (method === "eth_getLogs" && ++answers > 3) throw new Error("connection lost");
      return await send(method, params);
    });
    const complaint = await check({ scratch, rpc: dying }).catch((error: Error) => error.message);
    expect(complaint).to.equal("connection lost");

    const asked: number[] = [];
    const counting = new Rpc("the RPC", (method, params) => {
      if (method === "eth_getLogs") asked.push(Number((params[0] as { fromBlock: string }).fromBlock));
      return send(method, params);
    });
    const result = await check({ scratch, rpc: counting });
    expect(result.outcome).to.equal("clean");
    expect(Math.min(...asked)).to.be.greaterThan(suite.record.startBlock + 8);
  });

  it("tells days and ages of what the tokens hold", async () => {
    const { result, scratch } = await reconcile({
      record: suite.record,
      rpc: new Rpc("the RPC", send),
      source: databaseSource(database.query, SCHEMA, CHAIN_ID),
      scratch: join(directory, "scratch.sqlite"),
      resume: true,
    });
    const [daily, aging] = [VIEWS.daily(scratch), VIEWS.aging(scratch, result.block.timestamp)];
    scratch.close();
    const column = ({ head, rows }: Tabular, name: string) => rows.map((row) => row[head.indexOf(name)]!);
    for (const { token, held } of result.tokens.filter((found) => found.held !== "0")) {
      expect(daily.rows.findLast((row) => row[1] === token)!.at(-1)).to.equal(held);
      const ages = aging.rows.filter(([of]) => of === token).map((row) => BigInt(row.at(-1)!));
      expect(ages.reduce((sum, amount) => sum + amount, 0n)).to.equal(BigInt(held));
    }
    const deposits = column(daily, "deposits").reduce((sum, n) => sum + Number(n), 0);
    expect(deposits).to.equal(result.payments);
    expect(column(aging, "hold")).to.include("on hold");
  });

  /** What was planted, for the table that the test prints. */
  const table: { planted: string; count: number; found: number; falsely: number }[] = [];
  after(() => {
    const printed = new Table({
      head: ["planted", "how many", "found", "falsely reported"],
      style: { head: [], border: [] },
    });
    printed.push(...table.map(({ planted, count, found, falsely }) => [planted, count, found, falsely]));
    console.log(printed.toString());
  });

  /** All that a finding has to say rightly: outcome, table, row, column, payment. */
  const nameOf = ({ outcome, table, key, field, paymentId }: Name) =>
    `${[outcome, table, key, field].filter((part) => part !== undefined).join(" ")}, of ${paymentId ?? "no payment"}`;

  function expectExactly(planted: string, result: Reconciliation, expected: string[]): void {
    const found = result.findings.map(nameOf);
    const missed = expected.filter((name) => !found.includes(name));
    const falsely = found.filter((name) => !expected.includes(name));
    table.push({
      planted,
      count: expected.length,
      found: expected.length - missed.length,
      falsely: falsely.length,
    });
    expect({ missed, falsely }).to.deep.equal({ missed: [], falsely: [] });
    expect(found).to.have.length(expected.length);
  }

  interface Plants {
    readonly damage: Damage;
    /** Remembers what has to be found. */
    readonly expecting: (outcome: Finding["outcome"], model: ModelTable, row: Row, field?: string) => void;
    /** As {@link expecting}, of a chain that the index does not follow. */
    readonly expectingStray: (model: ModelTable, chainId: string) => void;
  }

  /** Plants in the database, looks, and takes it back. */
  async function planting(
    planted: string,
    plant: (plants: Plants, tables: readonly ModelTable[]) => Promise<void>,
  ): Promise<void> {
    const { tables } = await loadModel();
    await database.query("BEGIN");
    try {
      const expected: string[] = [];
      const damage = await Damage.in(database.query, SCHEMA, tables);
      const expecting: Plants["expecting"] = (outcome, model, row, field) => {
        const paymentId = damage.payment(model, row);
        const key = damage.key(model, row);
        expected.push(
          nameOf({
            outcome,
            table: model.name,
            key,
            ...(field && { field }),
            ...(paymentId && { paymentId }),
          }),
        );
      };
      const expectingStray: Plants["expectingStray"] = ({ name: table }, chainId) =>
        expected.push(nameOf({ outcome: "missing_on_chain", table, key: `of chain ${chainId}` }));
      await plant({ damage, expecting, expectingStray }, tables);
      const result = await check();
      expectExactly(planted, result, expected);
      expect(result.outcome).to.equal("differences");
    } finally {
      await database.query("ROLLBACK");
    }
  }

  describe("finds in the index, names rightly, and reports nothing else", () => {
    it("every column of every table, changed", async () => {
      let planted = 0;
      await planting("a column changed", async ({ damage, expecting }, tables) => {
        for (const model of tables) {
          const columns = model.columns.filter(
            (column) => column.name !== "chainId" && !model.key.includes(column),
          );
          planted += columns.length;
          // Read before any is changed: one row may be damaged in several columns, and its payment stays the chain's.
          const rows: Row[] = [];
          for (const n of columns.keys()) rows.push(await damage.row(model, n * 3));
          for (const [n, { name, sqlName }] of columns.entries()) {
            await damage.change(model, rows[n]!, sqlName);
            expecting(outcomeOf(model.name, name), model, rows[n]!, name);
          }
        }
      });
      expect(planted).to.be.greaterThan(130);
    });

    it("every part of every key, changed: a row that is missing and one that nothing made", async () => {
      for (const part of [0, 1, 2]) {
        await planting(`part ${part + 1} of the key changed`, async ({ damage, expecting }, tables) => {
          for (const model of tables.filter(({ key }) => key.length > part)) {
            const row = await damage.row(model, 1);
            const after = await damage.change(model, row, model.key[part]!.sqlName);
            expecting("missing_in_index", model, row);
            expecting("missing_on_chain", model, after);
          }
        });
      }
    });

    it("rows given to another chain, or deleted", async () => {
      await planting("rows of another chain", async ({ damage, expecting, expectingStray }, tables) => {
        for (const model of tables) {
          const row = await damage.row(model, 2);
          const { chain_id } = await damage.change(model, row, "chain_id");
          expecting("missing_in_index", model, row);
          expectingStray(model, String(chain_id));
        }
      });
      await planting("rows of a chain that only the index says it follows", async (plants, tables) => {
        const { damage, expecting, expectingStray } = plants;
        const [model] = tables.filter(({ name }) => name === "payment");
        const row = await damage.row(model!, 2);
        const { chain_id } = await damage.change(model!, row, "chain_id");
        expecting("missing_in_index", model!, row);
        expectingStray(model!, String(chain_id));
        await database.query(
          `INSERT INTO "${SCHEMA}"._ponder_checkpoint SELECT 'forged', $1, safe_checkpoint, latest_checkpoint, ` +
            `finalized_checkpoint FROM "${SCHEMA}"._ponder_checkpoint WHERE chain_id = $2`,
          [chain_id, CHAIN_ID],
        );
      });
      await planting("rows deleted", async ({ damage, expecting }, tables) => {
        for (const model of tables) {
          const row = await damage.row(model, 3);
          await damage.delete(model, row);
          expecting("missing_in_index", model, row);
        }
      });
    });

    it("rows invented, or there twice", async () => {
      await planting("rows invented", async ({ damage, expecting }, tables) => {
        for (const model of tables) {
          const invented = await damage.invent(model, await damage.row(model, 4));
          expecting("missing_on_chain", model, invented);
        }
      });
      await planting("rows there twice", async ({ damage, expecting }, tables) => {
        for (const model of tables) {
          // The last of a page too, where reading from key to key does not see its twin.
          const row = await damage.row(model, 999);
          await damage.duplicate(model, row);
          expecting("missing_on_chain", model, row);
        }
      });
    });

    it("names the payment of every row that is about one", async () => {
      await database.query("BEGIN");
      try {
        const { tables } = await loadModel();
        const damage = await Damage.in(database.query, SCHEMA, tables);
        const entries = tables.find(({ name }) => name === "ledgerEntry")!;
        const row = await damage.row(entries, 5);
        await database.query(
          `UPDATE "${SCHEMA}".ledger_entry SET debit = debit + 1 WHERE block = $1 AND log_index = $2 AND n = $3`,
          [row.block, row.log_index, row.n],
        );
        const { findings } = await check();
        expect(findings).to.have.length(1);
        expect(findings[0]).to.include({
          outcome: "total_mismatch",
          paymentId: row.payment_id,
          field: "debit",
          found: String(BigInt(row.debit as string) + 1n),
          expected: String(row.debit),
          advice: `Build the index anew: npx hardhat reconcile --network local --schema ${SCHEMA} --apply`,
        });
        table.push({ planted: "a ledger entry off by one unit", count: 1, found: 1, falsely: 0 });
      } finally {
        await database.query("ROLLBACK");
      }
    });
  });

  it("looks only at one payment, one token, or what changed since, when asked", async () => {
    await database.query("BEGIN");
    try {
      const { tables } = await loadModel();
      const damage = await Damage.in(database.query, SCHEMA, tables);
      const payments = tables.find(({ name }) => name === "payment")!;
      const [damaged, other] = [await damage.row(payments, 10), await damage.row(payments, 11)];
      await damage.change(payments, damaged, "held");
      const found = async (filter: Filter) =>
        (await check({ filter, scratch: ":memory:" })).findings.map(({ paymentId }) => paymentId);
      const paymentId = damaged.payment_id as string;
      const token = damaged.token as string;
      expect(await found({ paymentId })).to.deep.equal([paymentId]);
      expect(await found({ paymentId: other.payment_id as string })).to.deep.equal([]);
      expect(await found({ token })).to.deep.equal([paymentId]);
      expect(await found({ token: (await suite.usdt.getAddress()).toLowerCase() })).to.deep.equal([]);
      expect(await found({ since: Number(damaged.updated_at) })).to.deep.equal([paymentId]);
      expect(await found({ since: Number(damaged.updated_at) + 1 })).to.deep.equal([]);
      // Two rows with one key are found apart from all others.
      await damage.duplicate(payments, await damage.row(payments, 999));
      expect(await found({ token: (await suite.usdt.getAddress()).toLowerCase() })).to.deep.equal([]);
    } finally {
      await database.query("ROLLBACK");
    }
  });

  /** Changes a storage slot of the latest block, looks, and puts it back. */
  async function tampering<Found>(
    address: string,
    slot: string,
    value: (before: bigint) => bigint,
    look: () => Promise<Found>,
  ) {
    const before = (await send("eth_getStorageAt", [address, slot, "latest"])) as string;
    await send("anvil_setStorageAt", [address, slot, toBeHex(value(BigInt(before)), 32)]);
    try {
      return await look();
    } finally {
      await send("anvil_setStorageAt", [address, slot, before]);
    }
  }
  const mapped = (key: string, slot: string | bigint) =>
    keccak256(concat([zeroPadValue(key, 32), toBeHex(slot, 32)]));

  describe("finds on the chain", () => {
    it("an escrow that owns less of a token than it owes, and proposes to stop payouts", async () => {
      const usdc = (await suite.usdc.getAddress()).toLowerCase();
      const slot = mapped(await suite.escrow.getAddress(), 0n);
      const result = await tampering(usdc, slot, (balance) => balance - 1_000n, check);
      expectExactly("a balance below what is owed", result, [
        nameOf({ outcome: "total_mismatch", table: "token", key: usdc, field: "balance" }),
      ]);
      expect(proposals(result, "local")).to.have.length(1);
      expect(proposals(result, "local")[0]).to.match(
        /^npx hardhat ops plan pause --network local --bits payouts,exits /,
      );
    });

    it("a payment whose slot no event accounts for, and proposes to hold it", async () => {
      const [row] = await database.query(
        `SELECT payment_id FROM "${SCHEMA}".payment WHERE status = 'Funded' LIMIT 1`,
      );
      const paymentId = row!.payment_id as string;
      // One unit less held.
      const result = await tampering(
        await suite.escrow.getAddress(),
        mapped(paymentId, ESCROW_STORAGE),
        (slot) => slot - (1n << 48n),
        check,
      );
      expectExactly("a slot that no event accounts for", result, [
        nameOf({ outcome: "state_mismatch", table: "payment", key: paymentId, field: "held", paymentId }),
      ]);
      expect(proposals(result, "local")).to.deep.equal([
        `npx hardhat ops plan hold --network local --payment ${paymentId} --reason "its slot is not what its events say"`,
      ]);
    });
  });

  describe("never takes for matched what a lying RPC says", () => {
    const honest = () => new Rpc("another RPC", send);
    const released = Escrow__factory.createInterface().getEvent("PaymentReleased").topicHash;
    const created = Escrow__factory.createInterface().getEvent("PaymentCreated").topicHash;
    /** An RPC that changes what logs it gives. */
    const lying = (change: (logs: RawLog[]) => RawLog[]) =>
      new Rpc("a lying RPC", async (method, params) => {
        const answer = await send(method, params);
        return method === "eth_getLogs" ? change(answer as RawLog[]) : answer;
      });
    const lookup = async (planted: string, change: Partial<Request>, paymentId?: string) => {
      const result = await check({ scratch: ":memory:", ...change });
      expect(result.outcome).to.equal("could not tell");
      expect(new Set(result.findings.map(({ outcome }) => outcome))).to.deep.equal(
        new Set(["lookup_failed"]),
      );
      if (paymentId !== undefined) {
        const named = result.findings.map((finding) => finding.paymentId).filter((id) => id !== undefined);
        expect(new Set(named)).to.deep.equal(new Set([paymentId]));
      }
      expect(proposals(result, "local")).to.deep.equal([]);
      table.push({ planted, count: 1, found: 1, falsely: 0 });
      return result;
    };
    /** An RPC that answers some questions by itself. */
    const answering = (answer: (method: string, params: unknown[]) => unknown) =>
      new Rpc(
        "a lying RPC",
        async (method, params) => answer(method, params) ?? (await send(method, params)),
      );
    const to = (call: unknown) => (call as { to: string }).to.toLowerCase();
    const dataOf = (call: unknown) => (call as { data: string }).data;
    const balanceOf = id("balanceOf(address)").slice(0, 10);
    const payment = async (where: string) => {
      const rows = await database.query(`SELECT payment_id FROM "${SCHEMA}".payment WHERE ${where} LIMIT 1`);
      return rows[0]!.payment_id as string;
    };

    it("that hides a deposit", async () => {
      const paymentId = await payment("status = 'Closed' AND released > 0");
      const hiding = lying((logs) =>
        logs.filter(({ topics }) => topics[0] !== created || topics[1] !== paymentId),
      );
      await lookup("a deposit hidden by the RPC", { rpc: hiding }, paymentId);
    });

    it("that hides a release", async () => {
      const paymentId = await payment("status = 'Closed' AND released = amount ORDER BY created_block DESC");
      const hiding = lying((logs) =>
        logs.filter(({ topics }) => topics[0] !== released || topics[1] !== paymentId),
      );
      await lookup("a release hidden by the RPC", { rpc: hiding }, paymentId);
    });

    it("that changes the terms in a deposit", async () => {
      const paymentId = await payment("status = 'Funded'");
      const changing = lying((logs) =>
        logs.map((log) =>
          log.topics[0] === created && log.topics[1] === paymentId
            ? { ...log, data: `${log.data.slice(0, -1)}${log.data.endsWith("0") ? "1" : "0"}` }
            : log,
        ),
      );
      await lookup("terms changed by the RPC", { rpc: changing }, paymentId);
    });

    it("whose logs another RPC does not have", async () => {
      const paymentId = await payment("status = 'Funded'");
      const hiding = lying((logs) => logs.filter(({ topics }) => topics[1] !== paymentId));
      await lookup("logs that only the second RPC has", { rpc: hiding, second: honest() }, paymentId);
    });

    it("whose slots another RPC does not have", async () => {
      const paymentId = await payment("status = 'Funded'");
      const lens: Interface = suite.escrowLens.interface;
      // In the order of Solidity's `PaymentState`.
      const HELD = 3;
      const rpc = new Rpc("a lying RPC", async (method, params) => {
        const answer = (await send(method, params)) as string;
        const data = method === "eth_call" ? (params[0] as { data: string }).data : "";
        if (!data.startsWith(lens.getFunction("snapshot")!.selector)) return answer;
        const ids = lens.decodeFunctionData("snapshot", data)[1] as string[];
        const [snapshot] = lens.decodeFunctionResult("snapshot", answer) as unknown as [Result];
        const taken = snapshot.toArray(true) as [bigint, bigint, string, unknown[], bigint[][]];
        const state = taken[4][ids.indexOf(paymentId)];
        if (state !== undefined) state[HELD]! -= 1n;
        return lens.encodeFunctionResult("snapshot", [taken]);
      });
      await lookup("a slot that only the lying RPC has", { rpc, second: honest() }, paymentId);
    });

    it("of what the escrow owns, and proposes no pause", async () => {
      const usdc = (await suite.usdc.getAddress()).toLowerCase();
      const rpc = answering((method, [call]) =>
        method === "eth_call" && to(call) === usdc && dataOf(call).startsWith(balanceOf)
          ? toBeHex(0, 32)
          : undefined,
      );
      const { findings } = await lookup("a balance that only the lying RPC has", { rpc, second: honest() });
      expect(findings.map(nameOf)).to.deep.equal([
        nameOf({ outcome: "lookup_failed", table: "token", key: usdc, field: "balance" }),
      ]);
      expect(findings[0]!.found).to.match(/^a lying RPC answers 0, another RPC \d+$/);
    });

    it("of the code behind a proxy, and of who has a role", async () => {
      const { escrow, accessManager } = suite.record.contracts;
      const code = answering((method, [address]) =>
        method === "eth_getCode" && address === escrow.implementation.toLowerCase() ? "0x6001" : undefined,
      );
      const { findings } = await lookup("code that only the lying RPC has", { rpc: code, second: honest() });
      expect(findings.map(({ table, field }) => [table, field])).to.deep.equal([["proxy", "codehash"]]);

      // One by one, without the multicall: nobody has any role.
      const { interface: manager } = suite.accessManager;
      const roles = answering((method, [call]) => {
        if (method !== "eth_call" || to(call) !== accessManager.address.toLowerCase()) return undefined;
        if (dataOf(call).startsWith(manager.getFunction("multicall").selector)) throw new Error("refused");
        if (!dataOf(call).startsWith(manager.getFunction("getAccess").selector)) return undefined;
        return manager.encodeFunctionResult("getAccess", [0, 0, 0, 0]);
      });
      const denied = await lookup("roles that only the second RPC has", { rpc: roles, second: honest() });
      expect(new Set(denied.findings.map(({ table }) => table))).to.deep.equal(new Set(["roleMember"]));
    });

    it("that hides a slot that no event accounts for, or that the escrow owns too little", async () => {
      const paymentId = await payment("status = 'Funded'");
      const answers = new Map<string, unknown>();
      const remembering = new Rpc("the RPC", async (method, params) => {
        const answer = await send(method, params);
        answers.set(JSON.stringify([method, params]), answer);
        return answer;
      });
      expect(await check({ rpc: remembering, scratch: ":memory:" })).to.include({ outcome: "clean" });
      const rpc = answering((method, params) => answers.get(JSON.stringify([method, params])));

      const slot = mapped(paymentId, ESCROW_STORAGE);
      const less = (held: bigint) => held - (1n << 48n);
      await tampering(await suite.escrow.getAddress(), slot, less, () =>
        lookup("a slot that the RPC hides", { rpc, second: honest() }, paymentId),
      );
      const usdc = await suite.usdc.getAddress();
      const owned = mapped(await suite.escrow.getAddress(), 0n);
      await tampering(
        usdc,
        owned,
        (balance) => balance - 1_000n,
        () => lookup("a balance that the RPC hides", { rpc, second: honest() }),
      );
    });

    it("of when its logs were", async () => {
      const early = lying((logs) => logs.map((log) => ({ ...log, blockTimestamp: "0x1" })));
      const { findings } = await lookup("times that only the lying RPC has", {
        rpc: early,
        second: honest(),
      });
      expect(findings[0]!.found).to.match(/^its block is of 1 at a lying RPC, and of \d+ at another RPC$/);
      // Or are told by the block alone.
      const silent = lying((logs) => logs.map((log) => ({ ...log, blockTimestamp: null })));
      const told = await check({ rpc: honest(), second: silent, scratch: ":memory:" });
      expect(told.findings).to.deep.equal([]);
      expect(await check({ rpc: silent, scratch: ":memory:" })).to.include({ outcome: "clean" });
    });

    it("and believes two that say the same", async () => {
      const usdc = (await suite.usdc.getAddress()).toLowerCase();
      const owned = mapped(await suite.escrow.getAddress(), 0n);
      const result = await tampering(
        usdc,
        owned,
        (balance) => balance - 1_000n,
        () => check({ second: honest(), scratch: ":memory:" }),
      );
      expectExactly("a balance below what is owed, at both RPCs", result, [
        nameOf({ outcome: "total_mismatch", table: "token", key: usdc, field: "balance" }),
      ]);
      const paymentId = await payment("status = 'Funded'");
      const slotted = await tampering(
        await suite.escrow.getAddress(),
        mapped(paymentId, ESCROW_STORAGE),
        (slot) => slot - (1n << 48n),
        () => check({ second: honest(), scratch: ":memory:" }),
      );
      expectExactly("a slot that no event accounts for, at both RPCs", slotted, [
        nameOf({ outcome: "state_mismatch", table: "payment", key: paymentId, field: "held", paymentId }),
      ]);
      expect(proposals(slotted, "local")).to.have.length(1);
    });

    it("and says so when it does not answer", async () => {
      const rpc = new Rpc("a broken RPC", async (method, params) => {
        if (method === "eth_call") throw new Error("503 Service Unavailable");
        return await send(method, params);
      });
      const result = await check({ rpc });
      expect(result.outcome).to.equal("could not tell");
      expect(result.findings[0]!.found).to.equal("a broken RPC does not tell: 503 Service Unavailable");
      table.push({ planted: "an RPC that does not answer calls", count: 1, found: 1, falsely: 0 });
    });
  });

  describe("npx hardhat reconcile", () => {
    interface Run {
      readonly typed?: string;
      readonly env?: Readonly<Record<string, string>>;
      readonly report?: "daily" | "aging";
      /** Is told of the process once it runs. */
      readonly meanwhile?: (child: ChildProcess) => void;
    }
    /** Types the command, and then `typed`; without, its input ends at once. */
    const run = async (args: string[], { typed = "", env = {}, report, meanwhile }: Run = {}) => {
      const schema = args.includes("--schema") ? [] : ["--schema", SCHEMA];
      const words = ["reconcile", ...(report ? [report] : []), "--network", "local", ...schema, ...args];
      const child = spawn(process.execPath, [HARDHAT, ...words], {
        cwd: hre.config.paths.root,
        env: { ...process.env, ...variables(), ...env },
        stdio: "pipe",
      });
      meanwhile?.(child);
      child.stdin.end(typed);
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
      child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
      const [code] = (await once(child, "close")) as [number];
      return { code, stdout, stderr };
    };
    const variables = () => ({
      NODE_OPTIONS: "",
      LOCAL_RPC_URL: anvilUrl,
      HOLDFAST_DEPLOY_DIR: directory,
      HOLDFAST_RECORDS_DIR: directory,
      ...(databaseUrl ? { DATABASE_URL: databaseUrl } : { HOLDFAST_PGLITE_DIR: join(directory, "pglite") }),
    });
    /** As soon as the old index stands aside. */
    const interruptRebuild = async (url: string, child: ChildProcess) => {
      const watch = await openPostgres(url);
      const isAside = async () =>
        (await watch.query(`SELECT to_regclass('${SCHEMA}_before._ponder_meta') IS NOT NULL AS it`))[0]!.it;
      while (child.exitCode === null && !(await isAside())) await new Promise(setImmediate);
      child.kill("SIGINT");
      await watch.close();
    };
    const last = async () =>
      (await readReconciliations(CHAIN_ID, join(directory, "reconciliations"))).at(-1)?.run;

    it("finds what is wrong, mends it when the number of findings is typed, and keeps a record", async () => {
      const { tables } = await loadModel();
      const damage = await Damage.in(database.query, SCHEMA, tables);
      for (const model of tables) {
        const row = await damage.row(model, 0);
        await damage.invent(model, row);
        const column = model.columns.findLast(
          (found) => !model.key.includes(found) && found.name !== "chainId",
        )!;
        await damage.change(model, row, column.sqlName);
      }
      const events = tables.find(({ name }) => name === "paymentEvent")!;
      await damage.delete(events, await damage.row(events, 99));
      await database.close();
      const planted = 2 * tables.length + 1;

      const dry = await run([]);
      expect(dry.stderr).to.equal("");
      expect(dry.stdout).to.include("differences: ");
      expect(dry.stdout).to.include(`--apply mends ${planted} of them.`);
      expect(dry.code).to.equal(1);

      const refused = await run(["--resume", "--apply"]);
      expect(refused.stderr).to.include("Type the number of findings that this mends: ");
      expect(refused.stderr).to.match(
        new RegExp(`Nothing was applied: ${planted} findings would be mended, and nothing was typed\\.\n$`),
      );
      expect(refused.code).to.equal(2);

      const apply = ["--resume", "--apply", "--yes", String(planted)];
      expect(await run([...apply, "--port", "banana"])).to.include({
        stderr: "--port is a number from 1 to 65535; it was banana.\n",
        code: 2,
      });
      const busy = await run([...apply, "--port", new URL(anvilUrl).port]);
      expect(busy.stderr).to.match(/^Port \d+ on 127\.0\.0\.1 is taken/);
      if (databaseUrl) {
        const interrupted = await run(apply, {
          meanwhile: (child) => void interruptRebuild(databaseUrl, child),
        });
        expect(interrupted.stderr).to.match(/^The index is what it was, .* It was interrupted\.\n$/);
        expect(interrupted.code).to.equal(2);
      }
      expect((await run(["--resume"])).stdout).to.include(`--apply mends ${planted} of them.`);

      // The settings name another endpoint, and files as production has them.
      const file = join(directory, "url");
      await writeFile(file, databaseUrl ?? "");
      const env = {
        PONDER_RPC_URL_31337_FILE: "/nowhere",
        ...(databaseUrl && { DATABASE_URL: "", DATABASE_URL_FILE: file }),
      };
      const mended = await run(["--resume", "--apply", "--by", "test"], { env, typed: `${planted}\n` });
      expect(mended.stdout).to.match(/2012 payments, no differences\.\n$/);
      expect(mended.code).to.equal(0);
      expect(await last()).to.include({ by: "test", outcome: "clean", applied: true });
      table.push({ planted: "by the command, then --apply", count: planted, found: planted, falsely: 0 });
    });

    it("writes what it found, and what `daily` and `aging` tell, in every form", async () => {
      const out = (name: string) => join(directory, name);
      const text = (name: string) => readFile(out(name), "utf8");
      const json = await run(["--report", "json", "--out", out("found.json"), "--resume"]);
      expect(json.stdout).to.match(/2012 payments, no differences\.\n$/);
      expect(json.code).to.equal(0);
      const nowhere = await run(["--out", join(directory, "none", "found.csv")]);
      expect(nowhere.stderr).to.match(/^--out .*found\.csv cannot be written: ENOENT\.\n$/);
      expect(nowhere.code).to.equal(2);
      const found = JSON.parse(await text("found.json")) as Reconciliation & { table: Tabular };
      expect(found).to.include({ outcome: "clean", payments: 2_012 });
      expect(found.table.rows).to.deep.equal([]);

      const options = (form: string, name: string) => ["--report", form, "--out", out(name), "--resume"];
      const daily = await run(options("csv", "daily.csv"), { report: "daily" });
      expect(daily.code).to.equal(0);
      expect(await text("daily.csv")).to.match(/^"day","token","deposits",.*\r\n"\d{4}-\d\d-\d\d","0x/);
      const aging = await run(options("markdown", "aging.md"), { report: "aging" });
      expect(aging.code).to.equal(0);
      expect(await text("aging.md")).to.match(
        /^# Chain 31337 at block .*\n\n\| token \| status \| hold \| overdue \|/,
      );
    });

    it("keeps stdout to the report that was asked for, also when it proposes to stop payouts", async () => {
      const usdc = await suite.usdc.getAddress();
      const slot = mapped(await suite.escrow.getAddress(), 0n);
      const { stdout, stderr, code } = await tampering(
        usdc,
        slot,
        (balance) => balance - 1_000n,
        () => run(["--report", "json", "--resume"]),
      );
      expect(JSON.parse(stdout)).to.include({ outcome: "differences" });
      expect(stderr).to.match(/^This looks like a leak\..*\n {2}npx hardhat ops plan pause /);
      expect(code).to.equal(1);
    });

    it("looks at one payment, one token, what changed since and at an earlier block", async () => {
      const [created] = await suite.escrow.queryFilter(suite.escrow.filters.PaymentCreated());
      const { paymentId, token } = created!.args;
      const { stdout, code } = await run([
        ...[
          "--payment",
          paymentId,
          "--token",
          token,
          "--since",
          "2000-01-01",
          "--block",
          String(created!.blockNumber),
        ],
        "--json",
      ]);
      const result = JSON.parse(stdout) as Reconciliation;
      expect(code).to.equal(0);
      expect(result.block).to.include({ number: created!.blockNumber, hash: created!.blockHash });
      expect(result).to.include({ outcome: "clean", payments: 1 });
      const kept = (await last())!;
      expect(isFull(kept)).to.equal(false);
      expect(kept.scope).to.deep.include({
        source: "database",
        schema: SCHEMA,
        payment: paymentId,
        token: token.toLowerCase(),
        since: Date.parse("2000-01-01") / 1_000,
        block: created!.blockNumber,
      });

      const mistaken = await run(["--payment", "0x12"]);
      expect(mistaken.stderr).to.equal("--payment is a paymentId; it was 0x12.\n");
      expect(mistaken.code).to.equal(2);
    });

    describe("says that it could not tell, with 2 and without a secret,", () => {
      const SECRET = "a-key-that-nobody-may-see";
      const couldNot = async (args: string[], env: Record<string, string> = {}) => {
        const before = await last();
        const { code, stdout, stderr } = await run(["--resume", ...args], { env });
        expect(code).to.equal(2);
        expect(stdout + stderr).to.not.include(SECRET);
        // A sentence and no stack.
        expect(stderr).to.not.match(/^ +at /m);
        expect(await last()).to.deep.equal(before);
        return stderr;
      };

      it("when the RPC is dead", async () => {
        const LOCAL_RPC_URL = `http://127.0.0.1:9/${SECRET}`;
        expect(await couldNot([], { LOCAL_RPC_URL })).to.match(/connect/i);
      });

      it("when the RPC dies on the way", async () => {
        const proxy = await RpcProxy.start(anvilUrl);
        proxy.behave(({ method }) => (method === "eth_call" ? { as: "dead" } : undefined));
        const { code, stdout } = await run(["--resume"], {
          env: { LOCAL_RPC_URL: `${proxy.url}/${SECRET}` },
        });
        await proxy.stop();
        expect(stdout).to.include("could not tell: ").and.to.not.include(SECRET);
        expect(code).to.equal(2);
        expect((await last())?.outcome).to.equal("could not tell");
      });

      it("when --apply is to mend a part, for it replaces the whole index", async () => {
        for (const filter of [
          ["--payment", ZeroHash],
          ["--token", ZeroAddress],
          ["--since", "2020-01-01"],
        ]) {
          expect(await couldNot(["--apply", "--yes", "1", ...filter])).to.equal(
            "--apply takes no --payment, --token or --since: it replaces the whole index.\n",
          );
        }
      });

      it("when neither the chain nor the index has what a filter names", async () => {
        for (const [option, value] of [
          ["--payment", `0x${"01".padStart(64, "0")}`],
          ["--token", `0x${"02".padStart(40, "0")}`],
          ["--since", "2099-01-01"],
        ] as const) {
          expect(await couldNot([option, value])).to.match(
            /^Neither the chain nor the index has anything of .*: nothing was compared\.\n$/,
          );
        }
      });

      it("when the second RPC is dead", async () => {
        const complaint = await couldNot(["--second-rpc", `http://127.0.0.1:9/${SECRET}`]);
        expect(complaint).to.match(/^The second RPC does not answer: /);
      });

      it("when an RPC is of another chain", async () => {
        const other = await startAnvil({ port: OTHER_PORT, chainId: 5 });
        try {
          expect(await couldNot([], { LOCAL_RPC_URL: other.url })).to.match(/chain/);
          const second = await couldNot(["--second-rpc", other.url]);
          expect(second).to.match(/one of them is behind, on a fork, of another chain, or lies/);
        } finally {
          await other.stop();
        }
      });

      it("when the RPC is of a chain that only looks the same", async () => {
        const other = await startAnvil({ port: OTHER_PORT });
        try {
          expect(await couldNot([], { LOCAL_RPC_URL: other.url })).to.match(
            /it is behind, or of another chain\.\n$/,
          );
          const provider = new JsonRpcProvider(other.url);
          await provider.send("anvil_mine", [toBeHex(await suite.escrow.runner!.provider!.getBlockNumber())]);
          provider.destroy();
          expect(await couldNot([], { LOCAL_RPC_URL: other.url })).to.match(
            /it is of another chain than the record\.\n$/,
          );
        } finally {
          await other.stop();
        }
      });

      it("when the database is away, or has no such index", async () => {
        const away = await couldNot(["--database", `postgres://somebody:${SECRET}@127.0.0.1:9/holdfast`]);
        expect(away).to.match(/^The database does not let anybody in: /);
        expect(await couldNot(["--schema", "elsewhere"])).to.include("has no index in a schema elsewhere");
      });
    });

    it("ends with 130 at Ctrl-C, and goes on from there", async () => {
      const proxy = await RpcProxy.start(anvilUrl);
      const env = { LOCAL_RPC_URL: proxy.url };
      const asked: number[] = [];
      proxy.watch(({ method, params }) => {
        if (method === "eth_getLogs") asked.push(Number((params[0] as { fromBlock: string }).fromBlock));
      });
      const read = 4;
      const meanwhile = (child: ChildProcess) =>
        proxy.behave(({ method }) => {
          if (method !== "eth_getLogs" || asked.length <= read) return undefined;
          child.kill("SIGINT");
          return { as: "silence" };
        });
      const stopped = await run([], { env, meanwhile });
      expect(stopped.stderr).to.equal("Stopped. What was read is kept: go on with --resume.\n");
      expect(stopped.code).to.equal(130);
      expect(Math.min(...asked)).to.equal(suite.record.startBlock);

      const [reached] = asked.splice(0).slice(-1);
      proxy.behave();
      const resumed = await run(["--resume"], { env });
      await proxy.stop();
      expect(resumed.stdout).to.match(/2012 payments, no differences\.\n$/);
      expect(resumed.code).to.equal(0);
      // It goes on after the last block with a log, whose hash it knows.
      expect(Math.min(...asked)).to.be.within(suite.record.startBlock + 8, reached!);
    });

    it("is told of by GraphQL and by `ops status`, and asks GraphQL as well", async () => {
      const indexer = await startIndexer({
        recordsDir: directory,
        rpcUrls: { [CHAIN_ID]: anvilUrl },
        port: INDEXER_PORT,
        timeoutSeconds: 500,
        schema: SCHEMA,
        env: { HOLDFAST_DEPLOY_DIR: directory },
        ...(databaseUrl ? { databaseUrl } : { databaseDir: join(directory, "pglite") }),
      });
      try {
        const asked = await run(["--graphql", indexer.url, "--second-rpc", anvilUrl, "--by", "by-graphql"]);
        expect(asked.stdout).to.match(/2012 payments, no differences\.\n$/);
        expect(asked.code).to.equal(0);

        const answer = await askGraphql(
          indexer.url,
          `{ reconciliationRuns(chainId: ${CHAIN_ID}, first: 1) { unreadable items {
            at by block blockHash outcome payments isFull scope { source index behind }
            counts { outcome count } rpcCalls seconds applied } index } }`,
        );
        const { at, counts, blockHash, block, scope, ...told } = (await last())!;
        expect(answer.reconciliationRuns).to.deep.equal({
          unreadable: 0,
          index: scope!.index,
          items: [
            {
              ...told,
              at: String(Math.floor(Date.parse(at) / 1_000)),
              block: String(block),
              blockHash,
              outcome: "CLEAN",
              isFull: true,
              scope: { source: "GRAPHQL", index: scope!.index, behind: 0 },
              counts: Object.entries(counts).map(([outcome, count]) => ({ outcome, count })),
            },
          ],
        });
        expect(told.by).to.equal("by-graphql");

        if (databaseUrl) {
          const strays = await openPostgres(databaseUrl);
          await strays.query("SET session_replication_role = replica");
          const party = `"${SCHEMA}".party`;
          await strays.query(`CREATE TEMPORARY TABLE stray AS SELECT * FROM ${party} LIMIT 1`);
          await strays.query("UPDATE stray SET chain_id = 5");
          await strays.query(`INSERT INTO ${party} SELECT * FROM stray`);
          const { findings } = await check({ source: graphqlSource(indexer.url, CHAIN_ID) });
          await strays.query(`DELETE FROM ${party} WHERE chain_id = 5`);
          await strays.close();
          expect(findings.map(({ table, key, found }) => [table, key, found])).to.deep.equal([
            ["party", "of chain 5", "a row in the index"],
          ]);
        }
      } finally {
        await indexer.stop();
      }
      await cp("deploy/parameters", join(directory, "parameters"), { recursive: true });
      await mkdir(join(directory, "records"));
      await cp(join(directory, `${CHAIN_ID}.json`), join(directory, "records", `${CHAIN_ID}.json`));
      const status = await hardhatWith(variables(), "ops", "status", "--network", "local");
      expect(status.stdout).to.match(/at block \d+ by by-graphql: 2012 payments, clean\n/);
    });
  });
});
