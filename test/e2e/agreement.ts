import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { id, MaxUint256, ZeroHash, type Result } from "ethers";
import { network } from "hardhat";

import { NATIVE_COIN } from "../../deploy/index.js";
import { startAnvil } from "../../scripts/lib/anvil.js";
import { startIndexer, type Indexer } from "../../scripts/lib/indexer.js";
import { askGraphql, type Page } from "../support/read-model.js";
import { deployedSuite } from "../support/suite.js";
import { person, termsOf, type Terms } from "../support/terms.js";

const ANVIL_PORT = 51_548;
const INDEXER_PORT = 51_072;
const CHAIN_ID = 31337;
const DAY = 86_400;

type Suite = Awaited<ReturnType<typeof deployedSuite>>;
type Connection = Awaited<ReturnType<typeof network.create>>;

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

  it("on every wallet that the ledger knows", async () => {
    const { usdc, users } = suite;
    const token = (await usdc.getAddress()).toLowerCase();
    const [, seller, , heir] = users;
    for (const { address } of [seller!, heir!]) {
      const entries = await list<{ debit: string; credit: string }>(`{ ledgerEntrys(limit: 1000, where: {
        account: "wallet:${address.toLowerCase()}", token: "${token}" }) { items { debit credit } } }`);
      const booked = entries.reduce((sum, { debit, credit }) => sum + BigInt(credit) - BigInt(debit), 0n);
      expect(booked).to.equal(await usdc.balanceOf(address));
    }
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

const DONATION = 77n;

/** A struct that ethers returned, without its positions. */
const byName = (struct: unknown): Record<string, unknown> => (struct as Result).toObject();

/** All that is not undefined, as decimal strings; `more` as it is. */
function stringified(values: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(present.map(([key, value]) => [key, String(value)])), ...more };
}

/** Uses the suite in every way that leaves a trace. */
async function live(suite: Suite, { networkHelpers }: Connection): Promise<void> {
  const { escrow, usdc, usdt, complianceRegistry, accessManager, holders, users } = suite;
  const [buyer, seller, feeRecipient, heir] = users as [(typeof users)[0], ...typeof users];
  const now = await networkHelpers.time.latest();
  for (const token of [usdc, usdt]) {
    await token.mint(buyer.address, 10n ** 12n);
    await token.connect(buyer).approve(escrow, MaxUint256);
  }
  const make = async (n: number, change: Partial<Terms> = {}): Promise<Terms> => {
    const terms = termsOf(n, {
      buyer: buyer.address,
      seller: seller!.address,
      token: await usdc.getAddress(),
      amount: 1_000_000n,
      deadline: BigInt(now + 30 * DAY),
      disputeWindow: BigInt(7 * DAY),
      ...change,
    });
    const value = terms.token === NATIVE_COIN ? terms.amount : 0n;
    await escrow.connect(buyer).deposit(terms, { value });
    return terms;
  };
  const fee = { feeBps: 333, feeRecipient: feeRecipient!.address };

  const piecemeal = await make(1, fee);
  for (const amount of [1n, 333n, 299_666n]) await escrow.connect(buyer).release(piecemeal, amount);
  await escrow.connect(seller).refund(piecemeal, 500_000n);
  const operated = await make(2, { amount: 20_000_000_000n });
  await escrow.connect(holders.APPROVER).approvePayout(operated, 0, 5_000_000n);
  await escrow.connect(holders.APPROVER).approvePayout(operated, 1, 6_000_000n);
  await escrow.connect(holders.OPERATOR).release(operated, 5_000_000n);
  await make(3, { token: NATIVE_COIN, ...fee });
  const coins = await make(4, { token: NATIVE_COIN, ...fee });
  await escrow.connect(buyer).release(coins, coins.amount);

  const ruled = await make(5, fee);
  await escrow.connect(buyer).openDispute(ruled, id("first"), "ipfs://first");
  await escrow.connect(buyer).withdrawDispute(ruled);
  await escrow.connect(seller).openDispute(ruled, id("second"), "ipfs://second");
  await escrow.connect(holders.ARBITER).resolve(ruled, 600_000n, 400_000n, id("ruling"));
  const disputed = await make(6);
  await escrow.connect(seller).openDispute(disputed, id("open"), "ipfs://open");
  const held = await make(7);
  await escrow.connect(holders.COMPLIANCE).hold(await escrow.hashPayment(held), "looks odd");

  const settled = await make(8);
  await escrow.connect(buyer).openDispute(settled, id("amicable"), "ipfs://amicable");
  const settlement = {
    paymentId: await escrow.hashPayment(settled),
    sellerAmount: 250_000n,
    buyerAmount: 750_000n,
    validUntil: BigInt(now + DAY),
  };
  const domain = {
    name: "Holdfast Escrow",
    version: "1",
    chainId: CHAIN_ID,
    verifyingContract: await escrow.getAddress(),
  };
  const types = {
    Settlement: [
      { name: "paymentId", type: "bytes32" },
      { name: "sellerAmount", type: "uint256" },
      { name: "buyerAmount", type: "uint256" },
      { name: "validUntil", type: "uint256" },
    ],
  };
  const signatures = await Promise.all(
    [buyer, seller!].map((party) => party.signTypedData(domain, types, settlement)),
  );
  await escrow.settle(
    settled,
    settlement.sellerAmount,
    settlement.buyerAmount,
    settlement.validUntil,
    signatures[0]!,
    signatures[1]!,
  );

  // The token stops the seller once, who withdraws elsewhere; compliance stops the fee recipient for good.
  const stopped = await make(9);
  await usdc.setBlacklisted(seller!.address, true);
  await escrow.connect(buyer).release(stopped, stopped.amount);
  await escrow.connect(seller).withdrawCredit(stopped.token, seller!.address, heir!.address);
  await usdc.setBlacklisted(seller!.address, false);
  const records = [
    { account: feeRecipient!.address, standing: 2, riskScore: 90 },
    { account: heir!.address, standing: 1, riskScore: 5 },
  ].map((update) => ({ ...update, tier: 1, jurisdiction: 276, expiry: 0, attestationHash: ZeroHash }));
  await complianceRegistry.connect(holders.COMPLIANCE).setRecords(records);
  const frozen = await make(10, fee);
  await escrow.connect(buyer).release(frozen, 900_000n);

  await usdc.mint(await escrow.getAddress(), DONATION);
  await escrow.connect(holders.TREASURY).sweepSurplus(await usdc.getAddress(), person(9), 7n);

  const grant = (account: string) =>
    accessManager.interface.encodeFunctionData("grantRole", [7n, account, 0]);
  const manager = await accessManager.getAddress();
  const admin = accessManager.connect(holders.ADMIN);
  await admin.schedule(manager, grant(heir!.address), 0);
  await admin.schedule(manager, grant(seller!.address), 0);
  await accessManager
    .connect(holders.GUARDIAN)
    .cancel(holders.ADMIN.address, manager, grant(seller!.address));

  const late = await make(11, {
    token: await usdt.getAddress(),
    deadline: BigInt(now + 2 * DAY),
    onDeadline: 1,
  });
  const silent = await make(12, { deadline: BigInt(now + 2 * DAY), disputeWindow: 3600n });
  await escrow.connect(buyer).openDispute(silent, id("silence"), "ipfs://silence");
  await networkHelpers.time.increase(3 * DAY);
  await escrow.claim(late);
  await escrow.claim(silent);
  await escrow.connect(holders.GUARDIAN).pause(1, DAY, "rehearsal");
}
