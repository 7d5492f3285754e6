import { id, MaxUint256, ZeroHash } from "ethers";
import type { network } from "hardhat";

import { NATIVE_COIN } from "../../deploy/index.js";
import type { deployedSuite } from "./suite.js";
import { person, termsOf, type Terms } from "./terms.js";

const CHAIN_ID = 31337;
const DAY = 86_400;
/** USDC that the escrow was given and that belongs to nobody. */
export const DONATION = 77n;

type Suite = Awaited<ReturnType<typeof deployedSuite>>;
type Connection = Awaited<ReturnType<typeof network.create>>;

/**
 * Uses the suite in every way that leaves a trace.
 * @returns A payment that is still funded, and its buyer.
 */
export async function live(suite: Suite, { networkHelpers }: Connection) {
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
  await (await escrow.connect(seller).refund(piecemeal, 500_000n)).wait();
  const operated = await make(2, { amount: 20_000_000_000n });
  await (await escrow.connect(holders.APPROVER).approvePayout(operated, 0, 5_000_000n)).wait();
  await (await escrow.connect(holders.APPROVER).approvePayout(operated, 1, 6_000_000n)).wait();
  await (await escrow.connect(holders.OPERATOR).release(operated, 5_000_000n)).wait();
  await make(3, { token: NATIVE_COIN, ...fee });
  const coins = await make(4, { token: NATIVE_COIN, ...fee });
  await (await escrow.connect(buyer).release(coins, coins.amount)).wait();

  const ruled = await make(5, fee);
  await (await escrow.connect(buyer).openDispute(ruled, id("first"), "ipfs://first")).wait();
  await (await escrow.connect(buyer).withdrawDispute(ruled)).wait();
  await (await escrow.connect(seller).openDispute(ruled, id("second"), "ipfs://second")).wait();
  await (await escrow.connect(holders.ARBITER).resolve(ruled, 600_000n, 400_000n, id("ruling"))).wait();
  const disputed = await make(6);
  await (await escrow.connect(seller).openDispute(disputed, id("open"), "ipfs://open")).wait();
  const held = await make(7);
  await (await escrow.connect(holders.COMPLIANCE).hold(await escrow.hashPayment(held), "looks odd")).wait();

  const settled = await make(8);
  await (await escrow.connect(buyer).openDispute(settled, id("amicable"), "ipfs://amicable")).wait();
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
  await (await usdc.setBlacklisted(seller!.address, true)).wait();
  await (await escrow.connect(buyer).release(stopped, stopped.amount)).wait();
  await (await escrow.connect(seller).withdrawCredit(stopped.token, seller!.address, heir!.address)).wait();
  await (await usdc.setBlacklisted(seller!.address, false)).wait();
  const records = [
    { account: feeRecipient!.address, standing: 2, riskScore: 90 },
    { account: heir!.address, standing: 1, riskScore: 5 },
  ].map((update) => ({ ...update, tier: 1, jurisdiction: 276, expiry: 0, attestationHash: ZeroHash }));
  await (await complianceRegistry.connect(holders.COMPLIANCE).setRecords(records)).wait();
  const frozen = await make(10, fee);
  await (await escrow.connect(buyer).release(frozen, 900_000n)).wait();

  await (await usdc.mint(await escrow.getAddress(), DONATION)).wait();
  await (await escrow.connect(holders.TREASURY).sweepSurplus(await usdc.getAddress(), person(9), 7n)).wait();

  const grant = (account: string) =>
    accessManager.interface.encodeFunctionData("grantRole", [7n, account, 0]);
  const manager = await accessManager.getAddress();
  const admin = accessManager.connect(holders.ADMIN);
  await (await admin.schedule(manager, grant(heir!.address), 0)).wait();
  await (await admin.schedule(manager, grant(seller!.address), 0)).wait();
  await accessManager
    .connect(holders.GUARDIAN)
    .cancel(holders.ADMIN.address, manager, grant(seller!.address));

  const late = await make(11, {
    token: await usdt.getAddress(),
    deadline: BigInt(now + 2 * DAY),
    onDeadline: 1,
  });
  const silent = await make(12, { deadline: BigInt(now + 2 * DAY), disputeWindow: 3600n });
  await (await escrow.connect(buyer).openDispute(silent, id("silence"), "ipfs://silence")).wait();
  await networkHelpers.time.increase(3 * DAY);
  await (await escrow.claim(late)).wait();
  await (await escrow.claim(silent)).wait();
  await (await escrow.connect(holders.GUARDIAN).pause(1, DAY, "rehearsal")).wait();
  return { funded: operated, buyer };
}
