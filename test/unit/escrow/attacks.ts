import { expect } from "chai";

import { RECEIVE_WITH_AUTHORIZATION, SETTLEMENT, domainOf, sign } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  APPROVAL_THRESHOLD,
  Action,
  DAY,
  HOUR,
  NOBODY,
  OUTFLOW_LIMIT,
  OnDeadline,
  Reason,
  Status,
  allowList,
  at,
  block,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  fund,
  fundAndDispute,
  loadFixture,
  networkHelpers,
  termsOf,
  time,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

describe("Escrow attacks", () => {
  itFollows("escrow/attacks.tree");

  describe("hiding behind the AccessManager, through which everybody looks alike", () => {
    /** Whoever has a role may also call through the manager. */
    const throughManager = ({ manager, escrow }: Suite, by: Suite["buyer"], name: string, args: unknown[]) =>
      manager.connect(by).execute(escrow, escrow.interface.encodeFunctionData(name as never, args as never));

    it("an operator cannot spend their own approval", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, manager, grant, approver } = suite;
      const { payment } = await fund(suite, { amount: APPROVAL_THRESHOLD });
      await grant("OPERATOR", approver);
      await escrow.connect(approver).approvePayout(payment, Action.Release, APPROVAL_THRESHOLD);
      const call = throughManager(suite, approver, "release", [payment, APPROVAL_THRESHOLD]);
      await expectRefusal(suite, call, "UnauthorizedCaller", manager);
    });

    it("an approver cannot consent as nobody in particular", async () => {
      const suite = await loadFixture(deployEscrow);
      const { payment } = await fund(suite, { amount: APPROVAL_THRESHOLD });
      const call = throughManager(suite, suite.approver, "approvePayout", [payment, Action.Release, 1]);
      await expectRefusal(suite, call, "UnauthorizedCaller", suite.manager);
    });

    it("an operator cannot pay themselves", async () => {
      const suite = await loadFixture(deployEscrow);
      const { manager, grant, seller } = suite;
      const { payment } = await fund(suite);
      await grant("OPERATOR", seller);
      const call = throughManager(suite, seller, "release", [payment, 1]);
      await expectRefusal(suite, call, "UnauthorizedCaller", manager);
    });

    it("an arbiter cannot rule on their own case", async () => {
      const suite = await loadFixture(deployEscrow);
      const { manager, grant, seller } = suite;
      const { payment } = await fundAndDispute(suite, { arbiter: NOBODY });
      await grant("ARBITER", seller);
      const call = throughManager(suite, seller, "resolve", [payment, payment.amount, 0, ethers.ZeroHash]);
      await expectRefusal(suite, call, "UnauthorizedCaller", manager);
    });

    it("an admin cannot smuggle a call past the roles in a multicall", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, manager, admin } = suite;
      const { paymentId } = await fund(suite);
      const hold = escrow.interface.encodeFunctionData("hold", [paymentId, ""]);
      const call = throughManager(suite, admin, "multicall", [[hold]]);
      await expectRefusal(suite, call, "AccessManagedUnauthorized", manager);
    });
  });

  describe("dodging the arbiter", () => {
    it("whoever the deadline pays cannot withdraw the dispute before a ruling and claim", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, buyer, arbiter } = suite;
      const { payment } = await fundAndDispute(suite, { onDeadline: OnDeadline.Refund });
      const latest = payment.deadline - payment.disputeWindow;
      const now = payment.deadline + HOUR;
      await at(now);
      await expectRefusal(suite, escrow.connect(buyer).withdrawDispute(payment), "TooLate", latest, now);
      await escrow.connect(arbiter).resolve(payment, payment.amount, 0, ethers.ZeroHash);
    });

    it("an early dispute does not use up the arbiter's time for what the other party finds out last", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, arbiter, seller } = suite;
      const { payment } = await fundAndDispute(suite, { onDeadline: OnDeadline.Release }, seller);
      await at(payment.deadline + payment.disputeWindow - 1n);
      await escrow.connect(arbiter).resolve(payment, 0, payment.amount, ethers.ZeroHash);
    });

    it("a hold does not let the arbiter's time run out", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, officer, seller } = suite;
      const { payment, paymentId } = await fundAndDispute(suite, { onDeadline: OnDeadline.Release });
      await escrow.connect(officer).hold(paymentId, "as a favour to the seller");
      const lifted = payment.deadline + payment.disputeWindow;
      await at(lifted);
      await escrow.connect(officer).unhold(paymentId, "");
      const call = escrow.connect(seller).claim(payment);
      await expectRefusal(suite, call, "TooEarly", lifted + payment.disputeWindow, lifted + 1n);
    });

    it("disputing again and again never delays a claim beyond one window after the deadline", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, buyer } = suite;
      const { payment } = await fund(suite, { onDeadline: OnDeadline.Release });
      for (let i = 0n; i < 5n; ++i) {
        await escrow.connect(buyer).openDispute(payment, ethers.ZeroHash, "");
        await escrow.connect(buyer).withdrawDispute(payment);
      }
      await at(payment.deadline - 1n);
      await escrow.connect(buyer).openDispute(payment, ethers.ZeroHash, "");
      await at(payment.deadline + payment.disputeWindow);
      await escrow.claim(payment);
    });
  });

  describe("using a signature for something else", () => {
    /** A second escrow on the same chain with the same dependencies. */
    const withSecondEscrow = async () => {
      const suite = await loadFixture(deployEscrow);
      const { implementation, manager, admin } = suite;
      const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [
        implementation,
        admin,
        implementation.interface.encodeFunctionData("initialize", [await manager.getAddress()]),
      ]);
      const second = await ethers.getContractAt("Escrow", await proxy.getAddress());
      await manager.setTargetFunctionRole(second, [second.configureToken.fragment.selector], 0);
      await second.configureToken(
        suite.usdc,
        await suite.escrow.tokenConfig(suite.usdc).then((config) => ({
          enabled: config.enabled,
          cap: config.cap,
          approvalThreshold: config.approvalThreshold,
          outflowLimit: config.outflowLimit,
          outflowWindow: config.outflowWindow,
        })),
      );
      await suite.usdc.connect(suite.buyer).approve(second, ethers.MaxUint256);
      return { suite, ...suite, second };
    };

    it("the same terms have another id in another escrow", async () => {
      const { suite, escrow, second } = await withSecondEscrow();
      const payment = await termsOf(suite);
      expect(await second.hashPayment(payment)).not.to.equal(await escrow.hashPayment(payment));
    });

    it("a settlement for one escrow does not end the same terms in another", async () => {
      const { suite, second, buyer, seller, domain } = await withSecondEscrow();
      const { payment, paymentId } = await fund(suite);
      await second.connect(buyer).deposit(payment);
      const validUntil = payment.deadline;
      const settlement = { paymentId, sellerAmount: payment.amount, buyerAmount: 0n, validUntil };
      const [byBuyer, bySeller] = await Promise.all(
        [buyer, seller].map(async (party) => (await sign(party, domain, SETTLEMENT, settlement)).serialized),
      );
      await expect(second.settle(payment, payment.amount, 0, validUntil, byBuyer!, bySeller!))
        .to.be.revertedWithCustomError(second, "InvalidSignature")
        .withArgs(buyer);
    });

    it("an authorization for one escrow pays into no other, and not past the escrow", async () => {
      const { suite, escrow, second, usdc, buyer, seller, stranger } = await withSecondEscrow();
      const payment = await termsOf(suite);
      const message = {
        from: buyer.address,
        to: await escrow.getAddress(),
        value: payment.amount,
        validAfter: 0n,
        validBefore: payment.deadline,
        nonce: await escrow.hashPayment(payment),
      };
      const { serialized } = await sign(buyer, await domainOf(usdc), RECEIVE_WITH_AUTHORIZATION, message);
      await expect(
        second.depositWithAuthorization(payment, 0, payment.deadline, serialized),
      ).to.be.revertedWithCustomError(usdc, "InvalidAuthorizationSignature");

      const direct = usdc
        .connect(stranger)
        ["receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"](
          message.from,
          message.to,
          message.value,
          0,
          message.validBefore,
          message.nonce,
          serialized,
        );
      await expect(direct).to.be.revertedWithCustomError(usdc, "CallerMustBePayee");

      const toSeller = { ...payment, seller: stranger.address };
      expect(payment.seller).to.equal(seller.address);
      await expect(
        escrow.depositWithAuthorization(toSeller, 0, payment.deadline, serialized),
      ).to.be.revertedWithCustomError(usdc, "InvalidAuthorizationSignature");
    });

    it("an attestation by somebody else clears nobody", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, registry, buyer, stranger, startedAt } = suite;
      await registry.setPolicy(allowList);
      const attestation = {
        account: buyer.address,
        riskScore: 0n,
        tier: 9n,
        jurisdiction: 0n,
        expiry: 0n,
        attestationHash: ethers.ZeroHash,
        revision: 0n,
        validUntil: startedAt + DAY,
      };
      const calls = [
        escrow.interface.encodeFunctionData("submitAttestation", [attestation, stranger.address, "0x"]),
        escrow.interface.encodeFunctionData("deposit", [await termsOf(suite)]),
      ];
      const call = escrow.connect(buyer).multicall(calls);
      await expectRefusal(suite, call, "NotCompliant", buyer, Reason.NotListed);
    });
  });

  describe("draining as an operator", () => {
    it("moves at most twice the limit in any window", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, operator, approver } = suite;
      const { payment } = await fund(suite, { amount: 4n * OUTFLOW_LIMIT });
      const operated = escrow.connect(operator);
      let moved = 0n;
      const start = BigInt(await time.latest()) + HOUR;
      for (let elapsed = 0n; elapsed <= DAY; elapsed += DAY / 8n) {
        await time.increaseTo(start + elapsed);
        const amount = await escrow.availableOutflow(usdc);
        await escrow.connect(approver).approvePayout(payment, Action.Release, amount);
        await operated.release(payment, amount);
        moved += amount;
      }
      // The transactions themselves take some seconds, in which the limit goes on refilling.
      expect(moved).to.be.within(2n * OUTFLOW_LIMIT - usd(20), 2n * OUTFLOW_LIMIT + usd(20));
    });
  });

  describe("losing every admin key", () => {
    /** Nobody governs any more: the AccessManager itself is gone. */
    const withoutAuthority = async (suite: Suite) =>
      networkHelpers.setCode(await suite.manager.getAddress(), "0x");

    for (const [state, reach] of Object.entries({ Funded: fund, Disputed: fundAndDispute })) {
      it(`leaves a stranger able to end a payment that is ${state}`, async () => {
        const suite = await loadFixture(deployEscrow);
        const { payment, paymentId } = await reach(suite);
        await withoutAuthority(suite);
        await at(await suite.escrow.claimableAt(payment));
        await suite.escrow.connect(suite.stranger).claim(payment);
        expect((await suite.escrow.paymentState(paymentId)).status).to.equal(Status.Closed);
        await expectTotals(suite, suite.usdc, { held: 0n, credits: 0n });
      });
    }

    it("leaves the parties able to release, refund and withdraw what is owed to them", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, stranger } = suite;
      const { payment } = await fund(suite);
      await usdc.setBlacklisted(seller, true);
      await withoutAuthority(suite);
      await escrow.connect(buyer).release(payment, usd(500));
      await escrow.connect(seller).refund(payment, usd(500));
      await escrow.connect(seller).withdrawCredit(usdc, seller, stranger);
      await expectTotals(suite, usdc, { held: 0n, credits: 0n });
    });
  });

  describe("being bad to harm the other party", () => {
    it("a seller who can be paid nothing at all does not keep the buyer from a refund", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, feeRecipient, arbiter } = suite;
      const { payment } = await fundAndDispute(suite);
      await usdc.setBlacklisted(seller, true);
      await block(suite, seller, feeRecipient);
      await expect(
        escrow.connect(arbiter).resolve(payment, usd(100), usd(900), ethers.ZeroHash),
      ).to.changeTokenBalance(ethers, usdc, buyer, usd(900));
      await expectTotals(suite, usdc, { held: 0n, credits: usd(100) });
    });

    it("everybody being stopped at once still closes the payment, and owes everybody", async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, usdc, buyer, seller, feeRecipient } = suite;
      const { payment } = await fund(suite);
      for (const account of [buyer, seller, feeRecipient]) await usdc.setBlacklisted(account, true);
      await at(payment.deadline);
      await escrow.claim(payment);
      expect(await escrow.creditOf(usdc, seller)).to.equal(usd(990));
      expect(await escrow.creditOf(usdc, feeRecipient)).to.equal(usd(10));
      await expectTotals(suite, usdc, { held: 0n, credits: usd(1_000) });
    });
  });
});
