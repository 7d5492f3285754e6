import { expect } from "chai";
import type { TransactionResponse } from "ethers";

import { SETTLEMENT, sign, type Payment } from "../../../scripts/lib/signing.js";
import type { HostileRecipient } from "../../../types/ethers-contracts/index.js";
import { itFollows } from "../../specs/outline.js";
import {
  NATIVE_COIN,
  denyList,
  deployEscrow,
  ethers,
  fund,
  loadFixture,
  networkHelpers,
  termsOf,
  time,
  type Suite,
} from "../fixtures/escrow.js";
import { withToken } from "../fixtures/hostile.js";

const NO_HASH = ethers.ZeroHash;
// HostileRecipient.Mode
const REVERTS = 1;
const NEEDS_GAS = 5;

type Outcome = "reverts" | "pays" | "owes";

/** Above this nobody is starved any more: it offers three recipients all that the escrow grants. */
const MOST_GAS = 1_500_000;
const COARSE = 24_989;
const FINE = 499;

/** Sends the same call with ever more gas, finely where it begins to succeed, and gathers what becomes of it. */
async function outcomes(
  { escrow }: Suite,
  token: string,
  call: (gasLimit: number) => Promise<TransactionResponse>,
): Promise<Set<Outcome>> {
  const snapshot = await networkHelpers.takeSnapshot();
  const outcomeWith = async (gasLimit: number): Promise<Outcome> => {
    const mined = await call(gasLimit).then(
      () => true,
      () => false,
    );
    const { credits } = await escrow.tokenTotals(token);
    await snapshot.restore();
    return !mined ? "reverts" : credits === 0n ? "pays" : "owes";
  };

  const found = new Set<Outcome>();
  let enough: number | undefined;
  for (let gasLimit = 60_000; gasLimit < MOST_GAS; gasLimit += COARSE) {
    const outcome = await outcomeWith(gasLimit);
    found.add(outcome);
    if (outcome !== "reverts") enough ??= gasLimit;
  }
  for (let gasLimit = enough! - COARSE; gasLimit < enough!; gasLimit += FINE) {
    found.add(await outcomeWith(gasLimit));
  }
  return found;
}

type Party = "seller" | "feeRecipient" | "buyer";

interface Exit {
  name: "release" | "refund" | "claim" | "resolve" | "settle";
  /** Whom it pays. */
  paid: Party[];
  by: keyof Suite & ("buyer" | "seller" | "arbiter" | "stranger");
  args(suite: Suite, payment: Payment): Promise<unknown[]> | unknown[];
}

const halves = ({ amount }: Payment) => [amount / 2n, amount / 2n] as const;

const EXITS: Exit[] = [
  {
    name: "release",
    paid: ["seller", "feeRecipient"],
    by: "buyer",
    args: (_, payment) => [payment, payment.amount],
  },
  { name: "refund", paid: ["buyer"], by: "seller", args: (_, payment) => [payment, payment.amount] },
  { name: "claim", paid: ["seller", "feeRecipient"], by: "stranger", args: (_, payment) => [payment] },
  {
    name: "resolve",
    paid: ["seller", "feeRecipient", "buyer"],
    by: "arbiter",
    args: (_, payment) => [payment, ...halves(payment), ethers.ZeroHash],
  },
  {
    name: "settle",
    paid: ["seller", "feeRecipient", "buyer"],
    by: "stranger",
    async args({ escrow, domain, buyer, seller }, payment) {
      const [sellerAmount, buyerAmount] = halves(payment);
      const validUntil = payment.deadline;
      const paymentId = await escrow.hashPayment(payment);
      const settlement = { paymentId, sellerAmount, buyerAmount, validUntil };
      // Where a party is a contract, it accepts any signature as its own.
      const signatures = [buyer, seller].map((party) => sign(party, domain, SETTLEMENT, settlement));
      const [byBuyer, bySeller] = await Promise.all(signatures);
      return [payment, sellerAmount, buyerAmount, validUntil, byBuyer!.serialized, bySeller!.serialized];
    },
  },
];

/** A payment in a token that moves nothing if it is given less than nearly all the gas that the escrow grants. */
async function inGreedyToken() {
  const { suite, token } = await withToken("GivesUpWhenStarved");
  const { payment } = await fund(suite, { token: await token.getAddress() });
  return {
    suite,
    payment,
    dispute: () => suite.escrow.connect(suite.buyer).openDispute(payment, NO_HASH, ""),
  };
}

/** A payment of the native coin to contracts that need nearly all the gas that the escrow grants. */
async function toGreedyContracts({ paid }: Exit) {
  const suite = await loadFixture(deployEscrow);
  const { escrow } = suite;
  const payment = await termsOf(suite, { token: NATIVE_COIN, amount: 10_000n });
  const contracts = new Map<Party, HostileRecipient>();
  for (const party of paid) {
    const contract = await ethers.deployContract("HostileRecipient");
    await contract.setMode(NEEDS_GAS);
    contracts.set(party, contract);
    payment[party] = await contract.getAddress();
  }
  const buyer = contracts.get("buyer");
  const asBuyer = (data: string, value = 0n) =>
    buyer ? buyer.execute(escrow, data, { value }) : suite.buyer.sendTransaction({ to: escrow, data, value });
  await asBuyer(escrow.interface.encodeFunctionData("deposit", [payment]), payment.amount);
  const dispute = () => asBuyer(escrow.interface.encodeFunctionData("openDispute", [payment, NO_HASH, ""]));
  return { suite, payment, dispute };
}

describe("Escrow starving", () => {
  itFollows("escrow/starving.tree");

  const RECIPIENTS = {
    "a token that gives up when it runs short": inGreedyToken,
    "contracts that need nearly all that they are granted": toGreedyContracts,
  };
  for (const [who, prepare] of Object.entries(RECIPIENTS)) {
    describe(`given ${who}`, () => {
      for (const exit of EXITS) {
        for (const how of ["by itself", "in a multicall"] as const) {
          it(`${exit.name} ${how} pays everybody or reverts, whatever gas it is sent with`, async () => {
            const { suite, payment, dispute } = await prepare(exit);
            if (exit.name === "resolve") await dispute();
            if (exit.name === "claim") await time.increaseTo(payment.deadline);
            const escrow = suite.escrow.connect(suite[exit.by]);
            const args = await exit.args(suite, payment);
            const data = escrow.interface.encodeFunctionData(exit.name as never, args as never);
            const call = (gasLimit: number) =>
              how === "by itself"
                ? suite[exit.by].sendTransaction({ to: escrow, data, gasLimit })
                : escrow.multicall([data], { gasLimit });
            expect(await outcomes(suite, payment.token, call)).to.deep.equal(new Set(["reverts", "pays"]));
          });
        }
      }
    });
  }

  describe("given a sanctions oracle that gives up when it runs short", () => {
    for (const [sanctioned, outcome] of [
      [false, "pays"],
      [true, "owes"],
    ] as const) {
      it(`${outcome} whoever it says ${sanctioned ? "is" : "is not"} sanctioned, or reverts`, async () => {
        const suite = await loadFixture(deployEscrow);
        const { payment } = await fund(suite);
        const oracle = await ethers.deployContract("MockSanctionsOracle");
        const GIVES_UP_WHEN_STARVED = 6;
        await oracle.setMode(GIVES_UP_WHEN_STARVED);
        await oracle.setSanctioned(suite.seller, sanctioned);
        await suite.registry.setPolicy({ ...denyList, sanctionsOracle: await oracle.getAddress() });
        const release = (gasLimit: number) =>
          suite.escrow.connect(suite.buyer).release(payment, payment.amount, { gasLimit });
        const found = await outcomes(suite, payment.token, release);
        expect(found).to.deep.equal(new Set(["reverts", outcome]));
      });
    }
  });

  describe("given a recipient who cannot be paid at all", () => {
    /** What must be left for a push to be offered all that it is granted, so that its failure counts. */
    const required = (granted: bigint) => (granted * 64n) / 63n + 40_000n;

    it("reverts with what it would have needed, in a token", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller } = suite;
      const { payment } = await fund(suite);
      await usdc.setBlacklisted(seller, true);
      // 300,000 for the transfer, and 100,000 each to tell the balance before and after.
      await expect(escrow.connect(buyer).release(payment, payment.amount, { gasLimit: 500_000 }))
        .to.be.revertedWithCustomError(escrow, "InsufficientGas")
        .withArgs((available: bigint) => available < required(500_000n), required(500_000n));
    });

    it("reverts with what it would have needed, in the native coin", async () => {
      const { suite, payment } = await toGreedyContracts(EXITS[0]!);
      const { escrow, buyer } = suite;
      const seller = await ethers.getContractAt("HostileRecipient", payment.seller);
      await seller.setMode(REVERTS);
      await expect(escrow.connect(buyer).release(payment, payment.amount, { gasLimit: 350_000 }))
        .to.be.revertedWithCustomError(escrow, "InsufficientGas")
        .withArgs((available: bigint) => available < required(300_000n), required(300_000n));
    });

    it("owes it, given that much", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller } = suite;
      const { payment } = await fund(suite);
      await usdc.setBlacklisted(seller, true);
      const release = (gasLimit: number) =>
        escrow.connect(buyer).release(payment, payment.amount, { gasLimit });
      expect(await outcomes(suite, payment.token, release)).to.deep.equal(new Set(["reverts", "owes"]));
    });
  });
});
