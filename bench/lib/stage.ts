import { parseUnits } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { NATIVE_COIN, type Parameters } from "../../deploy/index.js";
import { domainOf, paymentIdOf, type Payment } from "../../scripts/lib/signing.js";
import { deployedSuite, localParameters } from "../../test/support/suite.js";

/** Everything here is fixed, so that every run measures the same bytes. */
export const STARTED_AT = "2026-01-01T00:00:00Z";
export const HOUR = 3_600n;
export const DAY = 24n * HOUR;
const DEADLINE = BigInt(Date.parse("2026-07-01T00:00:00Z") / 1_000);
const CLEARED = 1n;

export const usd = (amount: number) => parseUnits(amount.toString(), 6);

export type Stage = Awaited<ReturnType<typeof buildStage>>;

/**
 * The whole suite in the middle of its life: an allow-list is enforced and everybody on it, allowances are given, and no
 * balance, total or allowance that a payment touches is zero, because none is after the first day.
 */
export async function buildStage(connection: NetworkConnection) {
  const { ethers } = connection;
  const plain = await ethers.deployContract("PlainToken", { signer: (await ethers.getSigners()).at(-1) });
  const suite = await deployedSuite(connection, await withToken(await plain.getAddress()));
  const { escrow, permit2, usdc, users, holders } = suite;
  const [buyer, seller, arbiter, feeRecipient, stranger] = users;
  const floor = await ethers.deployContract("Floor", [plain]);

  const stage = {
    ...suite,
    connection,
    plain,
    floor,
    buyer: buyer!,
    seller: seller!,
    arbiter: arbiter!,
    feeRecipient: feeRecipient!,
    stranger: stranger!,
    domain: await domainOf(escrow),
    references: 0,
  };

  await clear(stage, ...users.map(({ address }) => address), holders.OPERATOR.address);
  for (const token of [plain, usdc]) {
    for (const account of users) await token.mint(account, usd(1_000_000));
    for (const spender of [escrow, permit2, floor]) {
      await token.connect(stage.buyer).approve(spender, ethers.MaxUint256);
    }
    await fund(stage, { token: await token.getAddress() });
  }
  await plain.mint(floor, usd(1_000));
  await fund(stage, { token: suite.record.tokens.find(({ symbol }) => symbol === "ETH")!.address });
  return stage;
}

/** The local parameters with an allow-list and the token that everything is measured with. */
async function withToken(address: string): Promise<Parameters> {
  const local = await localParameters();
  const limits = local.tokens.find(({ symbol }) => symbol === "USDC")!;
  return {
    ...local,
    policy: { ...local.policy, listMode: "allow" },
    tokens: [...local.tokens, { ...limits, symbol: "PLAIN", deploy: undefined, address }],
  };
}

/** Writes a record that clears each account. */
export async function clear(stage: Pick<Stage, "complianceRegistry" | "holders">, ...accounts: string[]) {
  return stage.complianceRegistry.connect(stage.holders.COMPLIANCE).setRecords(accounts.map(cleared));
}

export const cleared = (account: string) => ({
  account,
  standing: CLEARED,
  riskScore: 10,
  tier: 2,
  jurisdiction: 276,
  expiry: DEADLINE + 365n * DAY,
  attestationHash: `0x${"a7".repeat(32)}`,
});

/** Terms of 100 tokens without a fee, with a named arbiter and a reference that looks like any hash. */
export async function termsOf(stage: Stage, changes: Partial<Payment> = {}): Promise<Payment> {
  const { ethers } = stage.connection;
  return {
    buyer: stage.buyer.address,
    seller: stage.seller.address,
    token: await stage.plain.getAddress(),
    amount: usd(100),
    deadline: DEADLINE,
    onDeadline: 1n,
    arbiter: stage.arbiter.address,
    disputeWindow: 3n * DAY,
    feeBps: 0n,
    feeRecipient: ethers.ZeroAddress,
    paymentReference: ethers.id(`payment ${++stage.references}`),
    ...changes,
  };
}

/** A payment that its buyer has deposited by allowance, or by value. */
export async function fund(stage: Stage, changes: Partial<Payment> = {}) {
  const payment = await termsOf(stage, changes);
  const isNative = payment.token === NATIVE_COIN;
  await stage.escrow.connect(stage.buyer).deposit(payment, { value: isNative ? payment.amount : 0n });
  return { payment, paymentId: paymentIdOf(stage.domain, payment) };
}
