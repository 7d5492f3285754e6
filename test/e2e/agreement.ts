import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { ZeroAddress, type Result } from "ethers";
import { network } from "hardhat";

import { NATIVE_COIN } from "../../deploy/parameters.js";
import { startAnvil } from "../../scripts/lib/anvil.js";
import { startIndexer, type Indexer } from "../../scripts/lib/indexer.js";
import { DONATION, live } from "../support/life.js";
import { askGraphql, askSql, type Page } from "../support/read-model.js";
import { deployedSuite } from "../support/suite.js";
import type { Terms } from "../support/terms.js";

const ANVIL_PORT = 21_548;
const INDEXER_PORT = 21_072;
const CHAIN_ID = 31337;

type Suite = Awaited<ReturnType<typeof deployedSuite>>;

describe("read model and chain agree", function () {
  this.timeout(180_000);

  const cleanup = new AsyncDisposableStack();
  let suite: Suite;
  let indexer: Indexer;

  before(async () => {
    const anvil = await startAnvil({ port: ANVIL_PORT, args: ["--accounts", "16"] });
    cleanup.defer(() => anvil.stop());
    const connection = await network.create({ network: "local", override: { url: anvil.url } });
    suite = await deployedSuite(connection);
    await live(suite, connection);

    const directory = await mkdtemp(join(tmpdir(), "holdfast-agreement-"));
    cleanup.defer(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, `${CHAIN_ID}.json`), JSON.stringify(suite.record));
    indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls: { [CHAIN_ID]: anvil.url },
      port: INDEXER_PORT,
      databaseDir: join(directory, "pglite"),
    });
    cleanup.defer(() => indexer.stop());
  });
  after(() => cleanup.disposeAsync());

  const list = async <Row>(query: string): Promise<Row[]> =>
    (Object.values(await askGraphql(indexer.url, query))[0] as Page<Row>).items;

  it("on every payment: its terms and its state", async () => {
    const { escrow } = suite;
    const rows = await list<
      Omit<Terms, "onDeadline"> & {
        paymentId: string;
        onDeadline: "Refund" | "Release";
        status: string;
        onHold: boolean;
        held: string;
        released: string;
        refunded: string;
        feeTaken: string;
        disputes: Page<{ status: string; claimableAt: string }>;
      }
    >(`{ payments(limit: 1000) { items {
      paymentId buyer seller token amount deadline onDeadline arbiter disputeWindow feeBps feeRecipient paymentReference
      status onHold held released refunded feeTaken
      disputes(orderBy: "n", orderDirection: "desc", limit: 1) { items { status claimableAt } } } } }`);
    const created = await escrow.queryFilter(escrow.filters.PaymentCreated);
    expect(rows.map(({ paymentId }) => paymentId)).to.have.members(created.map(({ args }) => args.paymentId));
    expect(new Set(rows.map(({ status }) => status))).to.deep.equal(
      new Set(["Funded", "Disputed", "Closed"]),
    );

    for (const row of rows) {
      const terms = { ...row, onDeadline: ["Refund", "Release"].indexOf(row.onDeadline) };
      expect(await escrow.hashPayment(terms)).to.equal(row.paymentId);
      const state = await escrow.paymentState(row.paymentId);
      expect(row).to.include({
        status: ["None", "Funded", "Disputed", "Closed"][Number(state.status)],
        onHold: (state.flags & 1n) === 1n,
        held: String(state.held),
        released: String(state.released),
        refunded: String(BigInt(row.amount) - state.held - state.released),
      });
      if (row.status === "Disputed") {
        expect(row.disputes.items).to.deep.equal([
          { status: "Open", claimableAt: String(await escrow.claimableAt(terms)) },
        ]);
      }
    }
  });

  it("on every token: limits, held, credits, and a balance that covers them", async () => {
    const { escrow, usdc } = suite;
    const rows = await list<Record<string, string> & { address: string }>(`{ tokens { items {
      address enabled cap approvalThreshold outflowLimit outflowWindow held credits deposited paidOut swept } } }`);
    expect(rows).to.have.length(suite.record.tokens.length);
    for (const { address, deposited, paidOut, swept, ...row } of rows) {
      const { held, credits } = await escrow.tokenTotals(address);
      const config = byName(await escrow.tokenConfig(address));
      expect(row).to.deep.equal(
        stringified({ ...config, enabled: undefined, held, credits }, { enabled: config.enabled }),
      );
      expect(BigInt(deposited!)).to.equal(held + credits + BigInt(paidOut!));
      if (address === (await usdc.getAddress()).toLowerCase()) {
        expect(await usdc.balanceOf(escrow)).to.equal(held + credits + DONATION - BigInt(swept!));
      }
    }
  });

  it("on every credit", async () => {
    const rows = await list<{ token: string; account: string; balance: string }>(
      "{ credits { items { token account balance } } }",
    );
    expect(rows.filter(({ balance }) => balance !== "0")).to.not.be.empty;
    expect(rows.filter(({ balance }) => balance === "0")).to.not.be.empty;
    for (const { token, account, balance } of rows) {
      expect(balance).to.equal(String(await suite.escrow.creditOf(token, account)));
    }
  });

  it("on the balance of every account of the ledger", async () => {
    const { escrow, usdc, usdt } = suite;
    const accounts = (await askSql(
      indexer.url,
      "select account, token, sum(credit - debit)::text as balance from ledger_entry group by account, token",
    )) as { account: string; token: string; balance: string }[];
    const kinds = new Set(accounts.map(({ account }) => account.split(":")[0]));
    expect(kinds).to.deep.equal(new Set(["wallet", "payment", "credit", "fees", "surplus"]));

    // What went between the escrow and each address, as the tokens themselves tell.
    const moved = new Map<string, bigint>();
    const address = (await escrow.getAddress()).toLowerCase();
    for (const contract of [usdc, usdt]) {
      const token = (await contract.getAddress()).toLowerCase();
      for (const { args } of await contract.queryFilter(contract.filters.Transfer())) {
        const [from, to, amount] = [args.from.toLowerCase(), args.to.toLowerCase(), args.value];
        if (from === ZeroAddress || ![from, to].includes(address)) continue;
        const [other, sign] = from === address ? [to, 1n] : [from, -1n];
        moved.set(`${other}/${token}`, (moved.get(`${other}/${token}`) ?? 0n) + sign * amount);
      }
    }
    const booked = new Map<string, bigint>();
    for (const { account, token, balance } of accounts) {
      const [kind, owner] = account.split(":") as [string, string];
      if (kind === "payment") {
        expect(balance, account).to.equal(String((await escrow.paymentState(owner)).held));
      } else if (kind === "credit") {
        expect(balance, account).to.equal(String(await escrow.creditOf(token, owner)));
      } else if (kind !== "surplus" && token !== NATIVE_COIN.toLowerCase()) {
        const key = `${owner}/${token}`;
        booked.set(key, (booked.get(key) ?? 0n) + BigInt(balance));
      }
    }
    expect(booked.size).to.be.greaterThan(4);
    expect(booked).to.deep.equal(moved);
    const surplus = accounts.filter(({ account }) => account === "surplus");
    expect(surplus.map(({ balance }) => balance)).to.deep.equal(["-7"]);
  });

  it("on every approval", async () => {
    const rows = await list<{ approvalId: string; status: string; expiresAt: string }>(
      "{ payoutApprovals { items { approvalId status expiresAt } } }",
    );
    expect(rows.map(({ status }) => status)).to.have.members(["Spent", "Stale"]);
    for (const { approvalId, status, expiresAt } of rows) {
      const expiry = status === "Spent" ? "0" : expiresAt;
      expect(String(await suite.escrow.approvalExpiry(approvalId))).to.equal(expiry);
    }
  });

  it("on every compliance record and the policy", async () => {
    const { complianceRegistry } = suite;
    const rows = await list<Record<string, unknown> & { account: string }>(`{ complianceRecords { items {
      account standing riskScore tier jurisdiction expiry revision attestationHash } } }`);
    expect(rows).to.have.length(2);
    for (const { account, standing, attestationHash, ...row } of rows) {
      const record = byName(await complianceRegistry.recordOf(account));
      expect(standing).to.equal(["Unlisted", "Cleared", "Blocked"][Number(record.standing)]);
      expect(stringified(row)).to.deep.equal(stringified({ ...record, standing: undefined }));
      expect(attestationHash).to.equal(await complianceRegistry.attestationHashOf(account));
    }
    const [policy] = await list<{ enforced: boolean; maxRiskScore: number }>(`{ compliancePolicys(
      orderBy: "block", orderDirection: "desc", limit: 1) { items { enforced maxRiskScore } } }`);
    const { enforced, maxRiskScore } = await complianceRegistry.policy();
    expect(policy).to.deep.equal({ enforced, maxRiskScore: Number(maxRiskScore) });
  });

  it("on who has which role, which role each function needs, and what is scheduled", async () => {
    const { accessManager } = suite;
    const roles = await list<{
      roleId: string;
      label: string;
      adminRoleId: string;
      guardianRoleId: string;
      members: Page<{ account: string; active: boolean; executionDelay: string }>;
      functions: Page<{ target: string; selector: string }>;
    }>(`{ roles { items { roleId label adminRoleId guardianRoleId
      members(limit: 100) { items { account active executionDelay } }
      functions(limit: 100) { items { target selector } } } } }`);
    expect(roles.map(({ label }) => label)).to.include.members(["GUARDIAN", "OPERATOR", "TREASURY"]);
    for (const { roleId, adminRoleId, guardianRoleId, members, functions } of roles) {
      expect(String(await accessManager.getRoleAdmin(roleId))).to.equal(adminRoleId);
      expect(String(await accessManager.getRoleGuardian(roleId))).to.equal(guardianRoleId);
      for (const { account, active, executionDelay } of members.items) {
        const [isMember, delay] = await accessManager.hasRole(roleId, account);
        expect(isMember).to.equal(active);
        if (active) expect(String(delay)).to.equal(executionDelay);
      }
      for (const { target, selector } of functions.items) {
        expect(String(await accessManager.getTargetFunctionRole(target, selector))).to.equal(roleId);
      }
    }

    const operations = await list<{ id: string; nonce: string; status: string; readyAt: string }>(
      "{ scheduledOperations { items { id nonce status readyAt } } }",
    );
    expect(operations.map(({ status }) => status)).to.have.members(["Scheduled", "Canceled"]);
    for (const { id, nonce, status, readyAt } of operations) {
      expect(String(await accessManager.getNonce(id))).to.equal(nonce);
      expect(String(await accessManager.getSchedule(id))).to.equal(status === "Scheduled" ? readyAt : "0");
    }
  });

  it("on pauses and on the code behind every proxy", async () => {
    const pauses = await list<{ bit: string; until: string }>("{ pauses { items { bit until } } }");
    expect(pauses).to.have.length(1);
    const bits = { Deposits: 1, Payouts: 2, Exits: 4 };
    for (const { bit, until } of pauses) {
      expect(String(await suite.escrow.pausedUntil(bits[bit as keyof typeof bits]))).to.equal(until);
    }

    const proxies = await list<{ address: string; implementation: string; admin: string }>(
      "{ proxys { items { address implementation admin } } }",
    );
    expect(proxies).to.have.length(2);
    for (const { address, implementation, admin } of proxies) {
      const record = await suite.upgradeController.proxyRecord(address);
      expect(implementation).to.equal(record.implementation.toLowerCase());
      expect(admin).to.equal(record.admin.toLowerCase());
    }
  });
});

/** A struct that ethers returned, without its positions. */
const byName = (struct: unknown): Record<string, unknown> => (struct as Result).toObject();

/** All that is not undefined, as decimal strings; `more` as it is. */
function stringified(values: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(present.map(([key, value]) => [key, String(value)])), ...more };
}
