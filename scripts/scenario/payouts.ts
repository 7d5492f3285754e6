import { id } from "ethers";

import { SETTLEMENT, sign } from "../lib/signing.js";
import { HOUR } from "./clock.js";
import { portion, signerOf, type Actor, type PaymentRun, type Step } from "./story.js";
import { mined } from "./world.js";

const called = (actor: Actor) => `the ${actor.toLowerCase()}`;
const part = (percent?: bigint) => (percent === undefined ? "" : `${percent} % `);

/** To the seller: a percentage of the payment, or all that is held. */
export const release = (by: "buyer" | "OPERATOR", percent?: bigint): Step => ({
  does: `${part(percent)}is released by ${called(by)}`,
  async act(run) {
    const amount = await portion(run, percent);
    if (by === "OPERATOR") await awaitOutflow(run, amount);
    await mined(run.world.escrow.connect(await signerOf(run, by)).release(run.payment, amount));
  },
});

/** Back to the buyer: a percentage of the payment, or all that is held. */
export const refund = (by: "seller" | "OPERATOR", percent?: bigint): Step => ({
  does: `${part(percent)}is refunded by ${called(by)}`,
  async act(run) {
    const amount = await portion(run, percent);
    if (by === "OPERATOR") await awaitOutflow(run, amount);
    await mined(run.world.escrow.connect(await signerOf(run, by)).refund(run.payment, amount));
  },
});

/** The second person's consent to an operator's payout of all that is held. */
export const approvePayout = (action: "release" | "refund"): Step => ({
  does: `has its ${action} approved`,
  async act(run) {
    const approver = await signerOf(run, "APPROVER");
    const position = action === "release" ? 0n : 1n;
    await mined(run.world.escrow.connect(approver).approvePayout(run.payment, position, await portion(run)));
  },
});

/** After the deadline, or after the window of a silent arbiter. */
export const claim = (by: Actor): Step => ({
  does: `is claimed by ${called(by)}`,
  async act(run) {
    await mined(run.world.escrow.connect(await signerOf(run, by)).claim(run.payment));
  },
});

export const untilClaimable: Step = {
  does: "waits until it can be claimed",
  act: async ({ world, payment }) => await world.escrow.claimableAt(payment),
};

/** Both parties sign how to split what is held; a stranger sends it. */
export const settle = (sellerPercent: bigint): Step => ({
  does: `is settled by both parties, ${sellerPercent} % to the seller`,
  async act(run) {
    const { world, payment, paymentId, buyer, seller } = run;
    const [sellerAmount, buyerAmount] = await split(run, sellerPercent);
    const validUntil = (await world.clock.now()) + HOUR;
    const settlement = { paymentId, sellerAmount, buyerAmount, validUntil };
    const byBuyer = await sign(buyer, world.escrowDomain, SETTLEMENT, settlement);
    const bySeller = await sign(seller, world.escrowDomain, SETTLEMENT, settlement);
    await mined(
      world.escrow
        .connect(await signerOf(run, "stranger"))
        .settle(payment, sellerAmount, buyerAmount, validUntil, byBuyer.serialized, bySeller.serialized),
    );
  },
});

export const openDispute = (by: "buyer" | "seller"): Step => ({
  does: `is disputed by ${called(by)}`,
  async act(run) {
    const evidence = `https://evidence.example/${run.paymentId}`;
    await mined(
      run.world.escrow.connect(await signerOf(run, by)).openDispute(run.payment, id(evidence), evidence),
    );
  },
});

export const withdrawDispute = (by: "buyer" | "seller"): Step => ({
  does: `has its dispute withdrawn by ${called(by)}`,
  async act(run) {
    await mined(run.world.escrow.connect(await signerOf(run, by)).withdrawDispute(run.payment));
  },
});

/** The arbiter's ruling: whoever the terms name, or else has the role. */
export const resolve = (by: "arbiter" | "ARBITER", sellerPercent: bigint): Step => ({
  does: `is resolved by ${called(by)}, ${sellerPercent} % to the seller`,
  async act(run) {
    const [sellerAmount, buyerAmount] = await split(run, sellerPercent);
    const ruling = id(`ruling on ${run.paymentId}`);
    await mined(
      run.world.escrow
        .connect(await signerOf(run, by))
        .resolve(run.payment, sellerAmount, buyerAmount, ruling),
    );
  },
});

/** Anybody sends the seller's credit to the seller. */
export const pushCredit: Step = {
  does: "has its credit paid to the seller after all",
  async act(run) {
    const { world, payment } = run;
    const stranger = await signerOf(run, "stranger");
    await mined(world.escrow.connect(stranger).withdrawCredit(payment.token, payment.seller, payment.seller));
  },
};

/** The seller takes its credit to another address. */
export const withdrawCreditElsewhere: Step = {
  does: "has its credit withdrawn to another address",
  async act(run) {
    const { world, payment, seller, sellerContract } = run;
    const elsewhere = (await signerOf(run, "stranger")).address;
    const terms = [payment.token, payment.seller, elsewhere] as const;
    if (sellerContract === undefined) {
      await mined(world.escrow.connect(seller).withdrawCredit(...terms));
      return;
    }
    const withdrawal = world.escrow.interface.encodeFunctionData("withdrawCredit", [...terms]);
    await mined(sellerContract.connect(seller).execute(world.escrow, withdrawal));
  },
};

async function split(
  run: PaymentRun,
  sellerPercent: bigint,
): Promise<[sellerAmount: bigint, buyerAmount: bigint]> {
  const held = await portion(run);
  const sellerAmount = (held * sellerPercent) / 100n;
  return [sellerAmount, held - sellerAmount];
}

/** Operators whose limit is used up have to wait until it has refilled. */
async function awaitOutflow({ world, token }: PaymentRun, amount: bigint): Promise<void> {
  if ((await world.escrow.availableOutflow(token.address)) < amount)
    await world.clock.pass(token.outflowWindow);
}
