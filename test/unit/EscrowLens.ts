import { expect } from "chai";

import { NATIVE_COIN } from "../../deploy/index.js";
import { paymentIdOf, SETTLEMENT, sign, type Payment } from "../../scripts/lib/signing.js";
import type { IEscrowLens } from "../../types/ethers-contracts/index.js";
import { itFollows } from "../specs/outline.js";
import {
  ACTIONS,
  actorsOf,
  block,
  connection,
  DAY,
  ethers,
  foreseen,
  fund,
  fundAndDispute,
  HOUR,
  lensSuite,
  networkHelpers,
  OBSTACLES,
  obstacleMet,
  outflowUsedUp,
  SITUATIONS,
  termsOf,
  usd,
  type Suite,
} from "./fixtures/lens.js";
import { WRONG_SPLITS } from "./fixtures/splits.js";

const REASON_BLOCKED = 1n;
const STATUS = { funded: 1n, closed: 3n } as const;
const { time } = networkHelpers;
const load = () => networkHelpers.loadFixture(lensSuite);

type Question = (suite: Suite, payment: Payment) => Promise<unknown>;

/** A term that is out of bounds by as little as it can be, for each error about the terms. */
const INVALID_TERMS: Record<string, (suite: Suite, now: bigint) => Partial<Payment>> = {
  InvalidParties: ({ buyer }) => ({ arbiter: buyer.address }),
  InvalidFee: () => ({ feeBps: 1_001n }),
  InvalidDeadline: (_, now) => ({ deadline: now }),
  InvalidDisputeWindow: () => ({ disputeWindow: HOUR - 1n }),
};

function refusesInvalidTerms(ask: Question): void {
  for (const [error, changes] of Object.entries(INVALID_TERMS)) {
    it(`reverts with ${error} where the escrow does`, async () => {
      const suite = await load();
      const payment = await termsOf(suite, changes(suite, BigInt(await time.latest())));
      await expect(ask(suite, payment)).to.be.revertedWithCustomError(suite.escrow, error);
      await expect(
        suite.escrow.connect(suite.buyer).deposit.staticCall(payment),
      ).to.be.revertedWithCustomError(suite.escrow, error);
    });
  }
}

/** How a payment gets into each state. */
const STATES = {
  None: termsOf,
  Funded: (suite: Suite) => fund(suite),
  Disputed: (suite: Suite) => fundAndDispute(suite, suite.seller.address),
  Closed: async (suite: Suite) => {
    const payment = await fund(suite);
    await suite.escrow.connect(suite.buyer).release(payment, payment.amount);
    return payment;
  },
};

function refusesStates(allowed: (keyof typeof STATES)[], ask: Question): void {
  for (const [status, [state, arrange]] of Object.entries(STATES).entries()) {
    if (allowed.includes(state as keyof typeof STATES)) continue;
    it(`reverts with InvalidStatus given ${state}`, async () => {
      const suite = await load();
      const payment = await arrange(suite);
      await expect(ask(suite, payment))
        .to.be.revertedWithCustomError(suite.escrow, "InvalidStatus")
        .withArgs(paymentIdOf(suite.domain, payment), status);
    });
  }
}

describe("EscrowLens", () => {
  itFollows("EscrowLens.tree");

  it("has only functions that change nothing", async () => {
    const { escrowLens } = await load();
    const mutating = escrowLens.interface.fragments.filter(
      (fragment) =>
        fragment.type === "function" &&
        !["view", "pure"].includes((fragment as { stateMutability?: string }).stateMutability ?? ""),
    );
    expect(mutating).to.deep.equal([]);
  });

  describe("constructor", () => {
    it("reverts with InvalidDependency given an address without code", async () => {
      const { escrowLens, stranger } = await load();
      await expect(ethers.deployContract("EscrowLens", [stranger]))
        .to.be.revertedWithCustomError(await ethers.getContractAt("IEscrow", escrowLens), "InvalidDependency")
        .withArgs(stranger);
    });
  });

  describe("canAct", () => {
    const met = new Set<string>();
    const done = new Set<string>();

    for (const [state, situations] of Object.entries(SITUATIONS)) {
      describe(state, () => {
        for (const [name, arrange] of Object.entries(situations)) {
          it(`foresees what everybody may do: ${name}`, async () => {
            const suite = await load();
            const payment = await arrange(suite);
            const [told, found]: [string[], string[]] = [[], []];
            for (const [role, { address }] of Object.entries(actorsOf(suite))) {
              for (const action of ACTIONS) {
                const { allowed, obstacle } = await foreseen(suite, payment, address, action);
                const actual = await obstacleMet(suite, payment, address, action);
                told.push(`${action} by ${role}: ${obstacle}, ${allowed}`);
                found.push(`${action} by ${role}: ${actual}, ${actual === "None"}`);
                met.add(actual);
                if (actual === "None") done.add(action);
              }
            }
            expect(told).to.deep.equal(found);
          });
        }
      });
    }

    describe("in all of these situations", () => {
      it("meets every obstacle, and lets every action succeed at least once", () => {
        expect([...met].sort()).to.deep.equal([...OBSTACLES].sort());
        expect([...done].sort()).to.deep.equal([...ACTIONS].sort());
      });
    });

    describe("possibleFrom", () => {
      /** The obstacle is there until the second before `possibleFrom`, and gone from then on. */
      async function expectGoneFrom(ask: () => ReturnType<typeof foreseen>, precision = 1n) {
        const { obstacle, possibleFrom } = await ask();
        await time.increaseTo(possibleFrom - precision);
        expect((await ask()).obstacle).to.equal(obstacle);
        await time.increaseTo(possibleFrom);
        expect((await ask()).allowed).to.equal(true);
      }

      it("is the deadline for a claim", async () => {
        const suite = await load();
        const payment = await fund(suite);
        await expectGoneFrom(() => foreseen(suite, payment, suite.stranger.address, "Claim"));
      });

      it("is the end of the arbiter's window for a claim of a disputed payment", async () => {
        const suite = await load();
        const payment = await fundAndDispute(suite, suite.seller.address);
        await expectGoneFrom(() => foreseen(suite, payment, suite.stranger.address, "Claim"));
      });

      it("is the end of a pause", async () => {
        const suite = await load();
        const payment = await fund(suite);
        await suite.escrow.connect(suite.holders.GUARDIAN).pause(4, DAY, "test");
        await expectGoneFrom(() => foreseen(suite, payment, suite.buyer.address, "Release"));
      });

      it("is when the operators' limit has come back far enough", async () => {
        const suite = await load();
        const payment = await outflowUsedUp(suite);
        // What comes back is rounded down at two times that the lens cannot see.
        await expectGoneFrom(() => foreseen(suite, payment, suite.holders.OPERATOR.address, "Release"), 2n);
      });

      it("is 0 for what time does not change", async () => {
        const suite = await load();
        const payment = await fund(suite);
        const { possibleFrom } = await foreseen(suite, payment, suite.stranger.address, "Release");
        expect(possibleFrom).to.equal(0n);
      });
    });
  });

  describe("previews, compared with what then happens", () => {
    type Preview = Awaited<ReturnType<IEscrowLens["previewClaim"]>>;

    /** The movement pays each account what was foreseen, at once or as a frozen credit, and leaves that state. */
    async function expectAsForeseen(
      { escrow, usdc, domain }: Suite,
      payment: Payment,
      preview: Preview,
      move: () => Promise<unknown>,
    ) {
      const legs = [preview.seller, preview.fee, preview.buyer];
      const owned = async (account: string) => ({
        balance: await usdc.balanceOf(account),
        credit: await escrow.creditOf(payment.token, account),
      });
      const before = await Promise.all(legs.map(({ to }) => owned(to)));
      await move();
      for (const [index, { to, amount, frozenBy }] of legs.entries()) {
        const { balance, credit } = await owned(to);
        const paid = { pushed: balance - before[index]!.balance, frozen: credit - before[index]!.credit };
        expect(paid).to.deep.equal(
          frozenBy === 0n ? { pushed: amount, frozen: 0n } : { pushed: 0n, frozen: amount },
        );
      }
      expect(preview.paymentId).to.equal(paymentIdOf(domain, payment));
      expect(await escrow.paymentState(preview.paymentId)).to.deep.equal(preview.stateAfter);
    }

    describe("previewDeposit", () => {
      it("tells the id and state of a deposit", async () => {
        const suite = await load();
        const payment = await termsOf(suite);
        const { paymentId, stateAfter } = await suite.escrowLens.previewDeposit(payment);
        await suite.escrow.connect(suite.buyer).deposit(payment);
        expect(stateAfter.status).to.equal(STATUS.funded);
        expect(await suite.escrow.paymentState(paymentId)).to.deep.equal(stateAfter);
      });

      it("accepts what the cap leaves, to the last unit, and one unit", async () => {
        const suite = await load();
        const { cap } = await suite.escrow.tokenConfig(suite.usdc);
        for (const amount of [1n, cap]) {
          const { stateAfter } = await suite.escrowLens.previewDeposit(await termsOf(suite, { amount }));
          expect(stateAfter.held).to.equal(amount);
        }
      });

      it("reverts with InvalidAmount given zero", async () => {
        const suite = await load();
        const { cap } = await suite.escrow.tokenConfig(suite.usdc);
        await expect(suite.escrowLens.previewDeposit(await termsOf(suite, { amount: 0n })))
          .to.be.revertedWithCustomError(suite.escrow, "InvalidAmount")
          .withArgs(0, cap);
      });

      for (const [what, more] of [
        ["a unit more than the cap leaves", (room: bigint) => room + 1n],
        ["the largest number there is", () => ethers.MaxUint256],
      ] as const) {
        it(`reverts with CapExceeded given ${what}`, async () => {
          const suite = await load();
          await fund(suite);
          const room = (await suite.escrow.tokenConfig(suite.usdc)).cap - usd(1_000);
          const payment = await termsOf(suite, { amount: more(room), paymentReference: ethers.ZeroHash });
          await expect(suite.escrowLens.previewDeposit(payment))
            .to.be.revertedWithCustomError(suite.escrow, "CapExceeded")
            .withArgs(payment.token, payment.amount, room);
        });
      }

      it("reverts with PaymentAlreadyExists given terms that were deposited before", async () => {
        const suite = await load();
        const payment = await fund(suite);
        await expect(suite.escrowLens.previewDeposit(payment))
          .to.be.revertedWithCustomError(suite.escrow, "PaymentAlreadyExists")
          .withArgs(paymentIdOf(suite.domain, payment));
      });

      refusesInvalidTerms((suite, payment) => suite.escrowLens.previewDeposit(payment));
    });

    describe("previewRelease", () => {
      it("charges the fee of a release in pieces cumulatively", async () => {
        const suite = await load();
        const { escrow, escrowLens, buyer } = suite;
        const payment = await fund(suite, { amount: 250n, feeBps: 100n });
        const fees: bigint[] = [];
        for (const amount of [99n, 99n, 52n]) {
          const preview = await escrowLens.previewRelease(payment, amount);
          fees.push(preview.fee.amount);
          await expectAsForeseen(suite, payment, preview, () =>
            escrow.connect(buyer).release(payment, amount),
          );
        }
        expect(fees).to.deep.equal([0n, 1n, 1n]);
      });

      it("tells that a release to a blocked seller would be frozen", async () => {
        const suite = await load();
        const { escrow, escrowLens, buyer } = suite;
        const payment = await fund(suite);
        await block(suite, payment.seller);
        const preview = await escrowLens.previewRelease(payment, payment.amount);
        expect(preview.seller.frozenBy).to.equal(REASON_BLOCKED);
        expect(preview.fee.frozenBy).to.equal(0n);
        await expectAsForeseen(suite, payment, preview, () =>
          escrow.connect(buyer).release(payment, payment.amount),
        );
      });

      refusesStates(["Funded"], (suite, payment) => suite.escrowLens.previewRelease(payment, 1n));

      for (const [what, amount] of [
        ["nothing", 0n],
        ["a unit more than is held", usd(1_000) + 1n],
        ["the largest number there is", ethers.MaxUint256],
      ] as const) {
        it(`reverts with InvalidAmount given ${what}`, async () => {
          const suite = await load();
          const payment = await fund(suite);
          await expect(suite.escrowLens.previewRelease(payment, amount))
            .to.be.revertedWithCustomError(suite.escrow, "InvalidAmount")
            .withArgs(amount, usd(1_000));
        });
      }

      it("tells of one unit", async () => {
        const suite = await load();
        const { stateAfter } = await suite.escrowLens.previewRelease(await fund(suite), 1n);
        expect([stateAfter.status, stateAfter.held]).to.deep.equal([STATUS.funded, usd(1_000) - 1n]);
      });
    });

    describe("previewRefund", () => {
      it("charges no fee for a refund", async () => {
        const suite = await load();
        const { escrow, escrowLens, seller } = suite;
        const payment = await fund(suite);
        const preview = await escrowLens.previewRefund(payment, usd(300));
        expect(preview.fee.amount).to.equal(0n);
        await expectAsForeseen(suite, payment, preview, () =>
          escrow.connect(seller).refund(payment, usd(300)),
        );
      });

      refusesStates(["Funded"], (suite, payment) => suite.escrowLens.previewRefund(payment, 1n));

      for (const [what, amount] of [
        ["nothing", 0n],
        ["a unit more than is held", usd(1_000) + 1n],
        ["the largest number there is", ethers.MaxUint256],
      ] as const) {
        it(`reverts with InvalidAmount given ${what}`, async () => {
          const suite = await load();
          const payment = await fund(suite);
          await expect(suite.escrowLens.previewRefund(payment, amount))
            .to.be.revertedWithCustomError(suite.escrow, "InvalidAmount")
            .withArgs(amount, usd(1_000));
        });
      }

      it("tells of one unit", async () => {
        const suite = await load();
        const { stateAfter } = await suite.escrowLens.previewRefund(await fund(suite), 1n);
        expect([stateAfter.status, stateAfter.held]).to.deep.equal([STATUS.funded, usd(1_000) - 1n]);
      });
    });

    describe("previewClaim", () => {
      for (const [onDeadline, winner] of [
        [0n, "buyer"],
        [1n, "seller"],
      ] as const) {
        it(`gives a claim to the ${winner} where the terms say so`, async () => {
          const suite = await load();
          const { escrow, escrowLens, stranger } = suite;
          const payment = await fund(suite, { onDeadline });
          const preview = await escrowLens.previewClaim(payment);
          expect(preview[winner].amount > 0n).to.equal(true);
          await time.increaseTo(payment.deadline);
          await expectAsForeseen(suite, payment, preview, () => escrow.connect(stranger).claim(payment));
        });
      }

      refusesStates(["Funded", "Disputed"], (suite, payment) => suite.escrowLens.previewClaim(payment));
    });

    describe("previewResolve", () => {
      it("splits what is held as a ruling says", async () => {
        const suite = await load();
        const { escrow, escrowLens, arbiter, buyer } = suite;
        const payment = await fundAndDispute(suite, buyer.address);
        const [toSeller, toBuyer] = [usd(700), usd(300)];
        const preview = await escrowLens.previewResolve(payment, toSeller, toBuyer);
        expect(preview.stateAfter.status).to.equal(STATUS.closed);
        await expectAsForeseen(suite, payment, preview, () =>
          escrow.connect(arbiter).resolve(payment, toSeller, toBuyer, ethers.ZeroHash),
        );
      });

      refusesStates(["Disputed"], (suite, payment) =>
        suite.escrowLens.previewResolve(payment, payment.amount, 0n),
      );

      for (const [what, sellerAmount, buyerAmount] of WRONG_SPLITS) {
        it(`reverts with InvalidSplit given ${what}`, async () => {
          const suite = await load();
          const payment = await fundAndDispute(suite, suite.buyer.address);
          await expect(suite.escrowLens.previewResolve(payment, sellerAmount, buyerAmount))
            .to.be.revertedWithCustomError(suite.escrow, "InvalidSplit")
            .withArgs(sellerAmount, buyerAmount, usd(1_000));
        });
      }
    });

    describe("previewSettle", () => {
      it("splits what is held as a settlement says", async () => {
        const suite = await load();
        const { escrow, escrowLens, domain, buyer, seller, stranger } = suite;
        const payment = await fund(suite);
        const agreed = {
          paymentId: paymentIdOf(domain, payment),
          sellerAmount: usd(1),
          buyerAmount: usd(999),
          validUntil: payment.deadline,
        };
        const [byBuyer, bySeller] = await Promise.all(
          [buyer, seller].map(async (party) => (await sign(party, domain, SETTLEMENT, agreed)).serialized),
        );
        const { sellerAmount, buyerAmount, validUntil } = agreed;
        const preview = await escrowLens.previewSettle(payment, sellerAmount, buyerAmount);
        await expectAsForeseen(suite, payment, preview, () =>
          escrow
            .connect(stranger)
            .settle(payment, sellerAmount, buyerAmount, validUntil, byBuyer!, bySeller!),
        );
      });

      refusesStates(["Funded", "Disputed"], (suite, payment) =>
        suite.escrowLens.previewSettle(payment, payment.amount, 0n),
      );

      for (const [what, sellerAmount, buyerAmount] of WRONG_SPLITS) {
        it(`reverts with InvalidSplit given ${what}`, async () => {
          const suite = await load();
          const payment = await fund(suite);
          await expect(suite.escrowLens.previewSettle(payment, sellerAmount, buyerAmount))
            .to.be.revertedWithCustomError(suite.escrow, "InvalidSplit")
            .withArgs(sellerAmount, buyerAmount, usd(1_000));
        });
      }
    });
  });

  describe("requireValid", () => {
    it("accepts what the escrow accepts, at every boundary", async () => {
      const suite = await load();
      for (const changes of [
        {},
        { arbiter: ethers.ZeroAddress },
        { feeBps: 0n, feeRecipient: ethers.ZeroAddress },
        { feeBps: 1_000n },
        { disputeWindow: HOUR },
        { disputeWindow: 180n * DAY },
      ]) {
        await suite.escrowLens.requireValid(await termsOf(suite, changes));
      }
    });

    refusesInvalidTerms((suite, payment) => suite.escrowLens.requireValid(payment));
  });

  describe("escrow", () => {
    it("is the one that it was deployed for", async () => {
      const { escrow, escrowLens } = await load();
      expect(await escrowLens.escrow()).to.equal(escrow);
    });
  });

  describe("snapshot", () => {
    it("tells nothing but the block when asked for nothing", async () => {
      const { escrowLens } = await load();
      const { blockNumber, tokens, states } = await escrowLens.snapshot([], []);
      expect(blockNumber).to.equal(BigInt(await ethers.provider.getBlockNumber()));
      expect([tokens, states]).to.deep.equal([[], []]);
    });

    it("tells of one block what the escrow owns, owes and stores, in the order asked", async () => {
      const suite = await load();
      const { escrow, escrowLens, usdc, buyer, domain } = suite;
      const payment = await fund(suite);
      const native = await termsOf(suite, { token: NATIVE_COIN, amount: 5n });
      await escrow.connect(buyer).deposit(native, { value: 5n });
      await block(suite, payment.seller);
      await escrow.connect(buyer).release(payment, usd(100));
      await usdc.mint(escrow, 7n);
      const ids = [ethers.ZeroHash, paymentIdOf(domain, native), paymentIdOf(domain, payment)];

      const taken = await escrowLens.snapshot([NATIVE_COIN, usdc], ids);

      const latest = (await ethers.provider.getBlock("latest"))!;
      expect(taken.timestamp).to.equal(BigInt(latest.timestamp));
      expect(taken.parentHash).to.equal(latest.parentHash);
      expect(taken.blockNumber).to.equal(BigInt(latest.number));
      expect(taken.tokens).to.deep.equal([
        [NATIVE_COIN, 5n, 5n, 0n],
        [await usdc.getAddress(), usd(999) + 7n, usd(900), usd(99)],
      ]);
      expect(taken.states).to.deep.equal(await Promise.all(ids.map((id) => escrow.paymentState(id))));
    });
  });

  after(() => connection.close());
});
