import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { id, toBeHex } from "ethers";

import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { startIndexer, untilIndexed, type Indexer } from "../../scripts/lib/indexer.js";
import { deployEmittedSuite, type EmittedSuite } from "../support/emitted-suite.js";
import { cast, everyEvent } from "../support/every-event.js";
import { askGraphql, askSql } from "../support/read-model.js";
import { hashTerms, termsOf, type Terms } from "../support/terms.js";

const CHAIN_ID = 31337;
const ANVIL_PORT = 51_545;
const INDEXER_PORT = 51_069;

describe("indexer", function () {
  this.timeout(180_000);

  let anvil: Anvil;
  let suite: EmittedSuite;
  let indexer: Indexer;
  let databaseDir: string;
  let story: ReturnType<typeof everyEvent>;

  const start = (port: number, directory: string) =>
    startIndexer({
      recordsDir: suite.recordsDir,
      rpcUrls: { [CHAIN_ID]: anvil.url },
      port,
      databaseDir: directory,
    });
  const newDatabaseDir = () => mkdtemp(join(tmpdir(), "holdfast-pglite-"));
  const ask = (query: string, variables?: Record<string, unknown>) =>
    askGraphql(indexer.url, query, variables);
  const fieldsOf = async (paymentId: string, fields: string) => {
    const query = `query ($id: String!) { payment(chainId: ${CHAIN_ID}, paymentId: $id) { ${fields} } }`;
    return (await ask(query, { id: paymentId })).payment;
  };

  before(async () => {
    anvil = await startAnvil({ port: ANVIL_PORT, chainId: CHAIN_ID });
    suite = await deployEmittedSuite(anvil.url, CHAIN_ID);
    story = everyEvent(CHAIN_ID, suite.addresses);
    await suite.emit(...story.events);
    databaseDir = await newDatabaseDir();
    indexer = await start(INDEXER_PORT, databaseDir);
  });

  after(async () => {
    await indexer?.stop();
    await suite?.dispose();
    await anvil?.stop();
    await rm(databaseDir, { recursive: true, force: true });
  });

  describe("payments", () => {
    it("keep their complete terms: a row hashes to its id", async () => {
      const { items } = (
        await ask(`{ payments(limit: 1000) { items {
          paymentId escrow buyer seller token amount deadline onDeadline arbiter disputeWindow feeBps feeRecipient
          paymentReference } } }`)
      ).payments;
      expect(items).to.have.length(17);
      for (const { paymentId, escrow, onDeadline, ...terms } of items) {
        const solidity = { ...terms, onDeadline: ["Refund", "Release"].indexOf(onDeadline) } as Terms;
        expect(hashTerms(solidity, CHAIN_ID, escrow)).to.equal(paymentId);
      }
    });

    it("paid out in pieces are closed when nothing is held, with everything accounted for", async () => {
      const fields = "status held released refunded feeTaken closedAt onHold";
      expect(await fieldsOf(story.payments.piecemeal.paymentId, fields)).to.deep.include({
        status: "Closed",
        held: "0",
        released: "900",
        refunded: "100",
        feeTaken: "9",
      });
    });

    it("partly paid out stay funded, and remember that they are on hold", async () => {
      expect(
        await fieldsOf(story.payments.operated.paymentId, "status held released onHold closedAt"),
      ).to.deep.equal({
        status: "Funded",
        held: "4800",
        released: "200",
        onHold: true,
        closedAt: null,
      });
    });

    it("tell their history in order", async () => {
      const events = async (paymentId: string) =>
        (await fieldsOf(paymentId, "events { items { kind } }")).events.items.map(({ kind }: any) => kind);
      expect(await events(story.payments.ruled.paymentId)).to.deep.equal([
        "PaymentCreated",
        "DisputeOpened",
        "DisputeWithdrawn",
        "DisputeOpened",
        "DisputeResolved",
        "PaymentReleased",
        "PaymentRefunded",
        "PayoutCredited",
        "PayoutCredited",
      ]);
      expect(await events(story.payments.operated.paymentId)).to.deep.equal([
        "ScreeningObserved",
        "PaymentCreated",
        "PaymentFrozen",
        "PaymentUnfrozen",
        "PayoutApproved",
        "PayoutApproved",
        "PayoutApprovalSpent",
        "PaymentReleased",
        "PaymentFrozen",
      ]);
    });

    it("have a spent approval, and the other one is stale", async () => {
      const { approvals, openApprovals } = await fieldsOf(
        story.payments.operated.paymentId,
        "openApprovals approvals { items { approvalId status spentBy } }",
      );
      expect(approvals.items).to.have.deep.members([
        { approvalId: id("spent"), status: "Spent", spentBy: cast.operator },
        { approvalId: id("stale"), status: "Stale", spentBy: null },
      ]);
      expect(openApprovals).to.deep.equal([]);
    });
  });

  describe("disputes", () => {
    it("are kept apart even if one is taken back and opened again in the same transaction", async () => {
      const { disputes, disputeCount } = await fieldsOf(
        story.payments.ruled.paymentId,
        "disputeCount disputes { items { n status openedBy evidenceURI ruledBy sellerAmount buyerAmount } }",
      );
      expect(disputeCount).to.equal(2);
      expect(disputes.items).to.deep.equal([
        {
          n: 1,
          status: "Withdrawn",
          openedBy: cast.buyer,
          evidenceURI: "ipfs://first",
          ruledBy: null,
          sellerAmount: null,
          buyerAmount: null,
        },
        {
          n: 2,
          status: "Resolved",
          openedBy: cast.seller,
          evidenceURI: "ipfs://secondwith a NUL that Postgres cannot store",
          ruledBy: cast.arbiter,
          sellerAmount: "600",
          buyerAmount: "400",
        },
      ]);
    });

    it("end by settlement or by the arbiter's silence too", async () => {
      const status = async (paymentId: string) =>
        (await fieldsOf(paymentId, "status disputes { items { status } }")) as unknown;
      expect(await status(story.payments.settled.paymentId)).to.deep.equal({
        status: "Closed",
        disputes: { items: [{ status: "Settled" }] },
      });
      expect(await status(story.payments.unruled.paymentId)).to.deep.equal({
        status: "Closed",
        disputes: { items: [{ status: "Expired" }] },
      });
    });
  });

  describe("money", () => {
    it("sums up per party: paid, received, refunded, held, in dispute", async () => {
      const { items } = (
        await ask(
          `query ($buyer: String!, $seller: String!) { partys(where: { address_in: [$buyer, $seller] }, orderBy: "address") {
            items { address paid received feesCharged refunded heldAsBuyer heldAsSeller disputedAsBuyer
              disputedAsSeller buyerPaymentCount sellerPaymentCount } } }`,
          { buyer: cast.buyer, seller: cast.seller },
        )
      ).partys;
      const waiting = 12 * 10 + 66;
      expect(items).to.deep.equal([
        {
          address: cast.buyer,
          paid: String(4 * 1000 + 5000 + waiting),
          received: "0",
          feesCharged: "0",
          refunded: String(100 + 400 + 1000 + 700),
          heldAsBuyer: String(4800 + waiting),
          heldAsSeller: "0",
          disputedAsBuyer: "0",
          disputedAsSeller: "0",
          buyerPaymentCount: 17,
          sellerPaymentCount: 0,
        },
        {
          address: cast.seller,
          paid: "0",
          received: String(891 + 585 + 300 + 200),
          feesCharged: String(9 + 15),
          refunded: "0",
          heldAsBuyer: "0",
          heldAsSeller: String(4800 + waiting),
          disputedAsBuyer: "0",
          disputedAsSeller: "0",
          buyerPaymentCount: 0,
          sellerPaymentCount: 17,
        },
      ]);
    });

    it("sums up per token, and the token's limits are the latest", async () => {
      const { token } = await ask(
        `query ($token: String!) { token(chainId: ${CHAIN_ID}, address: $token) {
          enabled cap outflowWindow held credits deposited released refunded fees paidOut swept paymentCount } }`,
        { token: cast.token },
      );
      const deposited = 4 * 1000 + 5000 + 12 * 10 + 66;
      const held = 4800 + 12 * 10 + 66;
      expect(token).to.deep.equal({
        enabled: true,
        cap: "1000000",
        outflowWindow: "3600",
        held: String(held),
        credits: "585",
        deposited: String(deposited),
        released: String(900 + 600 + 300 + 200),
        refunded: String(100 + 400 + 1000 + 700),
        fees: "24",
        paidOut: String(deposited - held - 585),
        swept: "7",
        paymentCount: 17,
      });
    });

    it("is in the ledger twice: the entries of an event sum to zero", async () => {
      const unbalanced = await askSql(
        indexer.url,
        `select block, log_index, sum(credit - debit) as sum from ledger_entry
         group by chain_id, block, log_index, token having sum(credit - debit) <> 0`,
      );
      expect(unbalanced).to.deep.equal([]);
      const [count] = await askSql(indexer.url, "select count(*) as entries from ledger_entry");
      expect(Number(count!.entries)).to.be.greaterThan(60);
    });

    it("held for payments and owed as credits is the same in the ledger, in the rows and per token", async () => {
      const [row] = await askSql(indexer.url, "select address, held, credits from token where enabled");
      const sumOf = async (query: string) =>
        (await askSql(indexer.url, `select sum(${query} = '${row!.address}'`))[0]!.sum;
      const balanceOf = (prefix: string) =>
        sumOf(`credit - debit) from ledger_entry where account like '${prefix}:%' and token`);

      expect(row).to.include({ held: "4986", credits: "585" });
      expect(await balanceOf("payment")).to.equal("4986");
      expect(await sumOf("held) from payment where token")).to.equal("4986");
      expect(await balanceOf("credit")).to.equal("585");
      expect(await sumOf("balance) from credit where token")).to.equal("585");
    });

    it("credited is frozen if screening stopped it, and gone when withdrawn", async () => {
      const { items } = (
        await ask(`{ credits(orderBy: "balance") { items { account balance frozen reason } } }`)
      ).credits;
      expect(items).to.deep.equal([
        { account: cast.feeRecipient, balance: "0", frozen: false, reason: "None" },
        { account: cast.seller, balance: "585", frozen: true, reason: "Blocked" },
      ]);
    });
  });

  describe("compliance", () => {
    it("has the latest record, and every decision that led to it", async () => {
      const { complianceRecord } = await ask(
        `query ($account: String!) { complianceRecord(chainId: ${CHAIN_ID}, account: $account) {
          standing riskScore tier jurisdiction expiry revision by decisions { items { standing riskScore revision } } } }`,
        { account: cast.seller },
      );
      expect(complianceRecord).to.deep.equal({
        standing: "Blocked",
        riskScore: 99,
        tier: 2,
        jurisdiction: 756,
        expiry: "0",
        revision: "2",
        by: cast.officer,
        decisions: {
          items: [
            { standing: "Cleared", riskScore: 10, revision: "1" },
            { standing: "Blocked", riskScore: 99, revision: "2" },
          ],
        },
      });
    });

    it("knows the policy in force", async () => {
      const query = `{ compliancePolicys(orderBy: "block", orderDirection: "desc", limit: 1) {
        items { enforced listMode maxRiskScore } } }`;
      expect((await ask(query)).compliancePolicys.items).to.deep.equal([
        { enforced: true, listMode: "Allow", maxRiskScore: 60 },
      ]);
    });
  });

  describe("governance", () => {
    it("tells who may do what since when", async () => {
      const { role } = await ask(`{ role(chainId: ${CHAIN_ID}, roleId: "7") {
        label adminRoleId guardianRoleId grantDelay grantDelaySince
        members(orderBy: "account") { items { account active since executionDelay executionDelaySince } }
        functions { items { target selector } } } }`);
      expect(role).to.deep.include({
        label: "COMPLIANCE",
        adminRoleId: "3",
        guardianRoleId: "2",
        grantDelay: "86400",
        grantDelaySince: "1900000000",
      });
      expect(role.functions.items).to.deep.equal([
        { target: suite.addresses.escrow.toLowerCase(), selector: "0x11223344" },
      ]);
      const [operator, officer] = role.members.items;
      expect(operator).to.include({ account: cast.operator, active: false });
      expect(officer).to.deep.equal({
        account: cast.officer,
        active: true,
        since: "1000000001",
        executionDelay: "4294967295",
        executionDelaySince: "1900000000",
      });
    });

    it("tells scheduled operations apart by nonce", async () => {
      const { items } = (await ask(`{ scheduledOperations { items { id nonce status selector readyAt } } }`))
        .scheduledOperations;
      const readyAt = "1900000000";
      expect(items).to.have.deep.members([
        { id: story.operation.executed, nonce: "1", status: "Executed", selector: "0x11223344", readyAt },
        { id: story.operation.executed, nonce: "2", status: "Scheduled", selector: "0x11223344", readyAt },
        { id: story.operation.canceled, nonce: "1", status: "Canceled", selector: "0x55667788", readyAt },
      ]);
    });

    it("knows until when each part is paused, and that a lifted pause is over", async () => {
      const { items } = (await ask(`{ pauses { items { bit until reason pausedBy liftedBy liftedAt } } }`))
        .pauses;
      const byBit = Object.fromEntries(items.map((row: any) => [row.bit, row]));
      expect(Object.keys(byBit)).to.have.members(["Deposits", "Exits"]);
      expect(byBit.Exits).to.deep.equal({
        bit: "Exits",
        until: "4000000000",
        reason: "incident 1",
        pausedBy: cast.guardian,
        liftedBy: null,
        liftedAt: null,
      });
      expect(byBit.Deposits.liftedBy).to.equal(cast.officer);
      expect(byBit.Deposits.until).to.equal(byBit.Deposits.liftedAt);
    });

    it("knows what code runs behind a proxy and what ran there before", async () => {
      const { proxy } = await ask(
        `query ($address: String!) { proxy(chainId: ${CHAIN_ID}, address: $address) {
          implementation codehash admin implementations { items { n kind from to by } } } }`,
        { address: suite.addresses.escrow },
      );
      const { v1, v2, admin } = story.implementations;
      expect(proxy).to.deep.equal({
        implementation: v1,
        codehash: id("v1"),
        admin,
        implementations: {
          items: [
            { n: 1, kind: "Deploy", from: null, to: v1, by: cast.officer },
            { n: 2, kind: "Upgrade", from: v1, to: v2, by: cast.officer },
            { n: 3, kind: "Rollback", from: v2, to: v1, by: cast.guardian },
          ],
        },
      });
    });

    it("has every act of administration in one timeline", async () => {
      const { items } = (
        await ask(`{ adminEvents(where: { kind: "Paused" }, limit: 1) { items { contract actor args } } }`)
      ).adminEvents;
      expect(items).to.deep.equal([
        {
          contract: suite.addresses.escrow.toLowerCase(),
          actor: cast.guardian,
          args: { by: cast.guardian, bits: 1, until: "4000000000", reason: "incident 1" },
        },
      ]);
    });
  });

  describe("answers", () => {
    it("filter by any column, payments by the merchant's reference too", async () => {
      const { payments } = await ask(
        `query ($reference: String!) { payments(where: { paymentReference: $reference, amount_gt: "20" }) {
          totalCount } }`,
        { reference: toBeHex(0xabc, 32) },
      );
      expect(payments.totalCount).to.equal(1);
    });

    it("find an address whatever its case", async () => {
      const { payments } = await ask(
        `query ($buyer: String!) { payments(where: { buyer: $buyer, status: Closed }) { totalCount } }`,
        { buyer: `0x${cast.buyer.slice(2).toUpperCase()}` },
      );
      expect(payments.totalCount).to.equal(4);
    });

    it("page through everything exactly once by cursor, in the order asked for", async () => {
      const amounts: bigint[] = [];
      let after: string | null = null;
      do {
        const { payments }: any = await ask(
          `query ($after: String) { payments(orderBy: "amount", orderDirection: "desc", limit: 5, after: $after) {
            items { amount } pageInfo { hasNextPage endCursor } } }`,
          { after },
        );
        expect(payments.items).to.have.length.at.most(5);
        amounts.push(...payments.items.map((item: any) => BigInt(item.amount)));
        after = payments.pageInfo.hasNextPage ? payments.pageInfo.endCursor : null;
      } while (after);
      expect(amounts).to.have.length(17);
      expect(amounts).to.deep.equal(amounts.toSorted((a, b) => Number(b - a)));
      expect(new Set(amounts).size).to.equal(14);
    });

    it("follow relations both ways", async () => {
      const { sellerParty, tokenState, sellerRecord } = await fieldsOf(
        story.payments.ruled.paymentId,
        `tokenState { held } sellerRecord { standing }
         sellerParty { credit { balance } paymentsAsSeller(where: { status: Funded }) { totalCount } }`,
      );
      expect(sellerParty).to.deep.equal({ credit: { balance: "585" }, paymentsAsSeller: { totalCount: 13 } });
      expect(tokenState.held).to.equal("4986");
      expect(sellerRecord.standing).to.equal("Blocked");
    });

    it("refuse operations that are too deep, too long or too often aliased", async () => {
      const nested = (depth: number): string =>
        depth === 0 ? "paymentId" : `buyerParty { paymentsAsBuyer { items { ${nested(depth - 1)} } } }`;
      const refusal = async (query: string) =>
        ask(query).then(
          () => "none",
          (error: Error) => error.message,
        );
      expect(await refusal(`{ payments { items { ${nested(9)} } } }`)).to.match(/depth/i);
      expect(await refusal(`{ ${"payments { totalCount } ".repeat(400)} }`)).to.match(/token/i);
      const aliases = Array.from({ length: 31 }, (_, i) => `a${i}: payments { totalCount }`).join(" ");
      expect(await refusal(`{ ${aliases} }`)).to.match(/alias/i);
    });

    it("admit the introspection that tools begin with", async () => {
      const { getIntrospectionQuery } = await import("graphql");
      const { __schema } = await ask(getIntrospectionQuery());
      expect(__schema.queryType.name).to.equal("Query");
    });

    it("come in SQL too, but only for reading", async () => {
      const [row] = await askSql(
        indexer.url,
        "select count(*) as payments from payment where status = 'Funded'",
      );
      expect(Number(row!.payments)).to.equal(13);
      const attempt = askSql(indexer.url, "delete from payment");
      await attempt.then(
        () => expect.fail("a delete went through"),
        (error: Error) => expect(error.message).to.equal("DeleteStmt not supported"),
      );
    });

    it("tell how far they go, and that the process lives", async () => {
      const { emitted } = (await (await fetch(`${indexer.url}/status`)).json()) as any;
      expect(emitted.id).to.equal(CHAIN_ID);
      expect(emitted.block.number).to.be.at.least(await suite.provider.getBlockNumber());
      expect((await fetch(`${indexer.url}/health`)).status).to.equal(200);
      expect(await (await fetch(`${indexer.url}/metrics`)).text()).to.include(
        "ponder_indexing_completed_events",
      );
    });
  });

  describe("over time", () => {
    it("follows the chain while it runs", async () => {
      const terms = termsOf(900);
      const paymentId = hashTerms(terms, CHAIN_ID, suite.addresses.escrow);
      const { buyer, seller, ...rest } = terms;
      const block = await suite.emit([
        "escrow",
        "PaymentCreated",
        paymentId,
        buyer,
        seller,
        ...Object.values(rest),
      ]);
      await untilIndexed(indexer.url, CHAIN_ID, block);
      expect(await fieldsOf(paymentId, "status held")).to.deep.equal({ status: "Funded", held: "1000" });
    });

    it("indexes to identical rows when it begins anew", async () => {
      const directory = await newDatabaseDir();
      const again = await start(INDEXER_PORT + 1, directory);
      try {
        const tables = await tableNames(indexer.url);
        expect(tables).to.have.length(20);
        for (const table of tables) {
          const rows = await allRows(indexer.url, table);
          expect(rows, table).to.not.be.empty;
          expect(await allRows(again.url, table), table).to.deep.equal(rows);
        }
      } finally {
        await again.stop();
        await rm(directory, { recursive: true });
      }
    });

    it("goes on where it was after a stop", async () => {
      const before = await allRows(indexer.url, "payment");
      await indexer.stop();
      await suite.emit(["escrow", "Paused", cast.guardian, 2, 4_000_000_001, "while nobody looked"]);
      indexer = await start(INDEXER_PORT, databaseDir);
      expect(await allRows(indexer.url, "payment")).to.deep.equal(before);
      const { pauses } = await ask(`{ pauses(where: { bit: Payouts }) { items { reason } } }`);
      expect(pauses.items).to.deep.equal([{ reason: "while nobody looked" }]);
    });

    it("says so if its port is taken", async () => {
      const second = start(INDEXER_PORT, databaseDir);
      await second.then(
        () => expect.fail("two indexers on one port"),
        (error: Error) =>
          expect(error.message).to.equal(
            `Port ${INDEXER_PORT} on 127.0.0.1 is taken: choose another, or stop what listens there.`,
          ),
      );
    });

    it("stops with a sentence at what cannot be", async () => {
      const directory = await newDatabaseDir();
      const unknown = id("never created");
      await suite.emit(["escrow", "PaymentFrozen", unknown, cast.officer, "who?"]);
      const impossible = start(INDEXER_PORT + 2, directory);
      await impossible.then(
        (running) => running.stop().then(() => expect.fail("an impossible event was indexed")),
        (error: Error) =>
          expect(error.message).to.match(
            new RegExp(`is about payment ${unknown}, which no earlier event created`),
          ),
      );
      await rm(directory, { recursive: true });
    });
  });
});

/** The names of the read model's tables, from the database itself. */
async function tableNames(url: string): Promise<string[]> {
  const { __schema } = await askGraphql(url, "{ __schema { queryType { fields { name } } } }");
  const names = __schema.queryType.fields
    .map(({ name }: { name: string }) => name)
    .filter((name: string) => name !== "_meta");
  return names
    .filter((name: string) => names.includes(`${name}s`))
    .map((name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

const allRows = async (url: string, table: string) =>
  (await askSql(url, `select * from ${table}`)).toSorted((a, b) =>
    JSON.stringify(a).localeCompare(JSON.stringify(b)),
  );
