import { expect } from "chai";
import { getIntrospectionQuery } from "graphql";
import { id, toBeHex } from "ethers";

import type { Indexer } from "../../scripts/lib/indexer.js";
import { docBlocks } from "../../scripts/lib/pages/doc-blocks.js";
import { startEmittedStack, type EmittedStack } from "../support/emitted-stack.js";
import { cast } from "../support/every-event.js";
import { askGraphql, askSql, type Page } from "../support/read-model.js";
import { hashTerms, type Terms } from "../support/terms.js";

const ANVIL_PORT = 21_545;
const INDEXER_PORT = 21_069;
const CHAIN_ID = 31337;

describe("read model", function () {
  this.timeout(180_000);

  let stack: EmittedStack;
  let indexer: Indexer;
  let payments: EmittedStack["story"]["payments"];

  before(async () => {
    stack = await startEmittedStack(ANVIL_PORT, CHAIN_ID);
    payments = stack.story.payments;
    indexer = await stack.startIndexer(INDEXER_PORT);
  });
  after(() => stack?.dispose());

  /** What a query with one question answers. */
  const ask = async <Answer = Record<string, unknown>>(query: string, variables?: Record<string, unknown>) =>
    Object.values(await askGraphql(indexer.url, query, variables))[0] as Answer;
  /** The rows that a query for one table answers. */
  const list = async <Row = Record<string, unknown>>(query: string, variables?: Record<string, unknown>) =>
    (await ask<Page<Row>>(query, variables)).items;
  const paymentOf = <Answer = Record<string, unknown>>(paymentId: string, fields: string) =>
    ask<Answer>(`{ payment(chainId: ${CHAIN_ID}, paymentId: "${paymentId}") { ${fields} } }`);
  const complaint = (query: string) =>
    ask(query).then(
      () => "no complaint",
      (error: Error) => error.message,
    );

  describe("payments", () => {
    it("keep their complete terms: a row hashes to its id", async () => {
      const rows = await list<
        Terms & { paymentId: string; escrow: string }
      >(`{ payments(limit: 1000) { items {
        paymentId escrow buyer seller token amount deadline onDeadline arbiter disputeWindow feeBps feeRecipient
        paymentReference } } }`);
      expect(rows).to.have.length(17);
      for (const { paymentId, escrow, ...terms } of rows) {
        const onDeadline = ["Refund", "Release"].indexOf(String(terms.onDeadline));
        expect(hashTerms({ ...terms, onDeadline }, CHAIN_ID, escrow)).to.equal(paymentId);
      }
    });

    it("paid out in pieces are closed when nothing is held, with everything accounted for", async () => {
      const fields = "status held released refunded feeTaken";
      expect(await paymentOf(payments.piecemeal.paymentId, fields)).to.deep.equal({
        status: "Closed",
        held: "0",
        released: "900",
        refunded: "100",
        feeTaken: "9",
      });
    });

    it("partly paid out stay funded, and remember that they are on hold", async () => {
      const fields = "status held released onHold closedAt";
      expect(await paymentOf(payments.operated.paymentId, fields)).to.deep.equal({
        status: "Funded",
        held: "4800",
        released: "200",
        onHold: true,
        closedAt: null,
      });
    });

    it("tell their history in order", async () => {
      const history = async (paymentId: string) => {
        const fields = "events { items { kind } }";
        const { events } = await paymentOf<{ events: Page<{ kind: string }> }>(paymentId, fields);
        return events.items.map(({ kind }) => kind);
      };
      expect(await history(payments.ruled.paymentId)).to.deep.equal([
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
      expect(await history(payments.operated.paymentId)).to.deep.equal([
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

    it("moved by an operator have a spent approval, and every other one is stale", async () => {
      const fields = `openApprovals approvals(orderBy: "status") { items { approvalId status spentBy } }`;
      expect(await paymentOf(payments.operated.paymentId, fields)).to.deep.equal({
        openApprovals: null,
        approvals: {
          items: [
            { approvalId: id("spent"), status: "Spent", spentBy: cast.operator },
            { approvalId: id("stale"), status: "Stale", spentBy: null },
          ],
        },
      });
    });
  });

  describe("disputes", () => {
    it("are kept apart even if one is taken back and opened again in the same transaction", async () => {
      const fields = `disputeCount
        disputes { items { n status openedBy evidenceURI ruledBy sellerAmount buyerAmount } }`;
      expect(await paymentOf(payments.ruled.paymentId, fields)).to.deep.equal({
        disputeCount: 2,
        disputes: {
          items: [
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
              evidenceURI: "ipfs://second with a NUL that Postgres cannot store",
              ruledBy: cast.arbiter,
              sellerAmount: "600",
              buyerAmount: "400",
            },
          ],
        },
      });
    });

    it("end by settlement or by the arbiter's silence too", async () => {
      const fields = "status disputes { items { status } }";
      expect(await paymentOf(payments.settled.paymentId, fields)).to.deep.equal({
        status: "Closed",
        disputes: { items: [{ status: "Settled" }] },
      });
      expect(await paymentOf(payments.unruled.paymentId, fields)).to.deep.equal({
        status: "Closed",
        disputes: { items: [{ status: "Expired" }] },
      });
    });

    it("give the arbiter a whole window again after a hold", async () => {
      const { deadline, disputeWindow } = payments.unruled.terms;
      const claimableAt = String(deadline + 10n + disputeWindow);
      expect(await paymentOf(payments.unruled.paymentId, "disputes { items { claimableAt } }")).to.deep.equal(
        { disputes: { items: [{ claimableAt }] } },
      );
    });
  });

  describe("money", () => {
    const waiting = 12 * 10 + 66;

    it("sums up per party: paid, received, refunded, held, in dispute", async () => {
      const rows = await list(
        `query ($parties: [String]) { partys(where: { address_in: $parties }, orderBy: "address") { items {
          address paid received feesCharged refunded heldAsBuyer heldAsSeller disputedAsBuyer disputedAsSeller
          buyerPaymentCount sellerPaymentCount } } }`,
        { parties: [cast.buyer, cast.seller] },
      );
      expect(rows).to.deep.equal([
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
      const deposited = 4 * 1000 + 5000 + waiting;
      const held = 4800 + waiting;
      const query = `{ token(chainId: ${CHAIN_ID}, address: "${cast.token}") {
        enabled cap outflowWindow held credits deposited released refunded fees paidOut swept paymentCount } }`;
      expect(await ask(query)).to.deep.equal({
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
      const [token] = await askSql(indexer.url, "select held, credits from token where enabled");
      const sum = async (what: string, where: string) => {
        const query = `select sum(${what}) as sum from ${where} and token = '${cast.token}'`;
        return (await askSql(indexer.url, query))[0]!.sum;
      };
      expect(token).to.deep.equal({ held: "4986", credits: "585" });
      expect(await sum("credit - debit", "ledger_entry where account like 'payment:%'")).to.equal("4986");
      expect(await sum("held", "payment where true")).to.equal("4986");
      expect(await sum("credit - debit", "ledger_entry where account like 'credit:%'")).to.equal("585");
      expect(await sum("balance", "credit where true")).to.equal("585");
    });

    it("credited is frozen if screening stopped it, and gone when withdrawn", async () => {
      const query = `{ credits(orderBy: "balance") { items { account balance frozen reason } } }`;
      expect(await list(query)).to.deep.equal([
        { account: cast.feeRecipient, balance: "0", frozen: false, reason: "None" },
        { account: cast.seller, balance: "585", frozen: true, reason: "Blocked" },
      ]);
    });
  });

  describe("compliance", () => {
    it("has the latest record, and every decision that led to it", async () => {
      const query = `{ complianceRecord(chainId: ${CHAIN_ID}, account: "${cast.seller}") {
        standing riskScore tier jurisdiction expiry revision by
        decisions { items { standing riskScore revision } } } }`;
      expect(await ask(query)).to.deep.equal({
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
      expect(await list(query)).to.deep.equal([{ enforced: true, listMode: "Allow", maxRiskScore: 60 }]);
    });
  });

  describe("governance", () => {
    it("tells who may do what since when", async () => {
      const query = `{ role(chainId: ${CHAIN_ID}, roleId: "7") {
        label adminRoleId guardianRoleId grantDelay grantDelaySince
        members(orderBy: "account") { items { account active since executionDelay executionDelaySince } }
        functions { items { target selector } } } }`;
      const role = await ask<{ members: Page }>(query);
      expect(role).to.deep.include({
        label: "COMPLIANCE",
        adminRoleId: "3",
        guardianRoleId: "2",
        grantDelay: "86400",
        grantDelaySince: "1900000000",
        functions: {
          items: [{ target: stack.suite.addresses.escrow.toLowerCase(), selector: "0x11223344" }],
        },
      });
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
      const { executed, canceled } = stack.story.operation;
      const rows = await list("{ scheduledOperations { items { id nonce status selector readyAt } } }");
      const readyAt = "1900000000";
      expect(rows).to.have.deep.members([
        { id: executed, nonce: "1", status: "Executed", selector: "0x11223344", readyAt },
        { id: executed, nonce: "2", status: "Scheduled", selector: "0x11223344", readyAt },
        { id: canceled, nonce: "1", status: "Canceled", selector: "0x55667788", readyAt },
      ]);
    });

    it("knows until when each part is paused, and that a lifted pause is over", async () => {
      const query = `{ pauses(orderBy: "bit") { items { bit until reason pausedBy liftedBy liftedAt } } }`;
      const [deposits, exits, ...others] = await list(query);
      expect(exits).to.deep.equal({
        bit: "Exits",
        until: "4000000000",
        reason: "incident 1",
        pausedBy: cast.guardian,
        liftedBy: null,
        liftedAt: null,
      });
      expect(deposits).to.include({ bit: "Deposits", liftedBy: cast.officer, until: deposits!.liftedAt });
      expect(others).to.deep.equal([]);
    });

    it("knows what code runs behind a proxy and what ran there before", async () => {
      const { v1, v2, admin } = stack.story.implementations;
      const query = `{ proxy(chainId: ${CHAIN_ID}, address: "${stack.suite.addresses.escrow}") {
        implementation codehash admin implementations { items { n kind from to by } } } }`;
      expect(await ask(query)).to.deep.equal({
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
      const query = `{ adminEvents(where: { kind: "Paused" }, limit: 1) { items { contract actor args } } }`;
      expect(await list(query)).to.deep.equal([
        {
          contract: stack.suite.addresses.escrow.toLowerCase(),
          actor: cast.guardian,
          args: { by: cast.guardian, bits: 1, until: "4000000000", reason: "incident 1" },
        },
      ]);
    });
  });

  describe("answers", () => {
    it("filter by any column, payments by the merchant's reference too", async () => {
      const reference = toBeHex(0xabc, 32);
      const query = `{ payments(where: { paymentReference: "${reference}", amount_gt: "20" }) { items { amount } } }`;
      expect(await list(query)).to.deep.equal([{ amount: "21" }]);
    });

    it("find an address whatever its case", async () => {
      const shouted = `0x${cast.buyer.slice(2).toUpperCase()}`;
      const query = `{ payments(where: { buyer: "${shouted}", status: Closed }) { totalCount } }`;
      expect(await ask(query)).to.deep.equal({ totalCount: 4 });
    });

    it("page through everything exactly once by cursor, in the order asked for", async () => {
      const amounts: number[] = [];
      const ids = new Set<string>();
      let after: string | null = null;
      do {
        const page: Page<{ paymentId: string; amount: string }> = await ask(
          `query ($after: String) { payments(orderBy: "amount", orderDirection: "desc", limit: 5, after: $after) {
            items { paymentId amount } pageInfo { hasNextPage endCursor } } }`,
          { after },
        );
        expect(page.items).to.have.length.at.most(5);
        for (const { paymentId, amount } of page.items) {
          ids.add(paymentId);
          amounts.push(Number(amount));
        }
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      } while (after);
      expect(amounts).to.have.length(17);
      expect(ids.size).to.equal(17);
      expect(amounts).to.deep.equal(amounts.toSorted((a, b) => b - a));
    });

    it("follow relations both ways", async () => {
      const fields = `tokenState { held } sellerRecord { standing }
        sellerParty { credit { balance } paymentsAsSeller(where: { status: Funded }) { totalCount } }`;
      expect(await paymentOf(payments.ruled.paymentId, fields)).to.deep.equal({
        tokenState: { held: "4986" },
        sellerRecord: { standing: "Blocked" },
        sellerParty: { credit: { balance: "585" }, paymentsAsSeller: { totalCount: 13 } },
      });
    });

    it("refuse operations that are too deep, too long or too often aliased", async () => {
      const nested = (depth: number): string =>
        depth === 0 ? "paymentId" : `buyerParty { paymentsAsBuyer { items { ${nested(depth - 1)} } } }`;
      expect(await complaint(`{ payments { items { ${nested(9)} } } }`)).to.match(/levels deep, and 24 are/);
      expect(await complaint(`{ ${"payments { totalCount } ".repeat(400)} }`)).to.match(
        /more than 1000 words/,
      );
      const aliases = Array.from({ length: 31 }, (_, i) => `a${i}: payments { totalCount }`).join(" ");
      expect(await complaint(`{ ${aliases} }`)).to.match(/31 aliases, and 30 are allowed/);
    });

    it("admit the introspection that tools begin with, as often as they like", async () => {
      for (let n = 0; n < 4; ++n)
        expect(await ask(getIntrospectionQuery())).to.have.nested.property("queryType.name", "Query");
    });

    it("come in SQL too, but only for reading", async () => {
      const [row] = await askSql(
        indexer.url,
        "select count(*) as payments from payment where status = 'Funded'",
      );
      expect(Number(row!.payments)).to.equal(13);
      const attempt = await askSql(indexer.url, "delete from payment").catch((error: Error) => error.message);
      expect(attempt).to.equal("DeleteStmt not supported");
    });

    it("tell how far they go, and that the process lives", async () => {
      const status: unknown = await (await fetch(`${indexer.url}/status`)).json();
      expect(status).to.have.nested.property("emitted.id", CHAIN_ID);
      expect(status).to.have.nested.property(
        "emitted.block.number",
        await stack.suite.provider.getBlockNumber(),
      );
      expect((await fetch(`${indexer.url}/health`)).status).to.equal(200);
      expect(await (await fetch(`${indexer.url}/metrics`)).text()).to.include(
        "ponder_indexing_completed_events",
      );
    });
  });

  describe("queries in README.md, docs/read-model.md and docs/recipes.md", () => {
    it("find what they say, each of them", async () => {
      const variables = {
        chainId: CHAIN_ID,
        paymentId: payments.ruled.paymentId,
        buyer: cast.buyer,
        account: cast.seller,
        token: cast.token,
        reference: toBeHex(0xabc, 32),
        proxy: stack.suite.addresses.escrow,
        now: "2100000000",
        roleId: "7",
        party: cast.seller,
        address: cast.officer,
        from: "0",
        to: "99999999999",
        block: "8",
        hours: 87_660,
      };
      const queries = [
        ...(await docBlocks("docs/read-model.md", "graphql", "query")),
        ...(await docBlocks("docs/recipes.md", "graphql", "query")),
        ...(await docBlocks("README.md", "graphql", "query")),
      ];
      expect(queries).to.have.length.at.least(8);
      for (const { name, code: query } of queries) {
        const found = await askGraphql(indexer.url, query, variables);
        // Asked again it is remembered as read.
        expect(await askGraphql(indexer.url, query, variables), name).to.deep.equal(found);
        for (const [field, answer] of Object.entries(found)) {
          const rows = (answer as Partial<Page> | null)?.items ?? [answer];
          expect(rows, `${name}: ${field}`).to.not.be.empty;
          expect(rows, `${name}: ${field}`).to.not.include(null);
        }
      }
    });
  });
});
