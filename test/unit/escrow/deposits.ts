import { expect } from "chai";

import { paymentIdOf, type Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import { DEPOSITS } from "../fixtures/deposits.js";
import {
  Bit,
  CAP,
  DAY,
  HOUR,
  NATIVE_COIN,
  Reason,
  allowList,
  at,
  block,
  clear,
  configure,
  deployEscrow,
  ethers,
  expectRefusal,
  expectToWait,
  expectTotals,
  loadFixture,
  termsOf,
  time,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { list } from "../fixtures/hostile.js";

const YEAR = 365n * DAY;

/** The suite whose buyer lets Permit2 take tokens too, so that each way in is open. */
async function openEverywhere() {
  const suite = await deployEscrow();
  await suite.usdc.connect(suite.buyer).approve(suite.permit2, ethers.MaxUint256);
  return suite;
}

describe("Escrow deposits of every kind", () => {
  itFollows("escrow/deposits.tree");

  for (const [name, deposit] of Object.entries(DEPOSITS)) {
    describe(name, () => {
      const load = () => loadFixture(openEverywhere);
      const attempt = async (suite: Suite, changes: Partial<Payment>) =>
        deposit(suite, await termsOf(suite, changes));

      it("moves the amount from the buyer to the escrow, and tells every term", async () => {
        const suite = await load();
        const { escrow, usdc, buyer } = suite;
        const payment = await termsOf(suite);
        const call = deposit(suite, payment);
        await expect(call).to.changeTokenBalances(ethers, usdc, [buyer, escrow], [-usd(1_000), usd(1_000)]);
        await expect(call)
          .to.emit(escrow, "PaymentCreated")
          .withArgs(paymentIdOf(suite.domain, payment), ...(Object.values(payment) as unknown[]));
        await expectTotals(suite, usdc, { held: usd(1_000), credits: 0n });
      });

      it("reverts with EnforcedPause until a pause of deposits ends", async () => {
        const suite = await load();
        const payment = await termsOf(suite);
        await expectToWait(suite, Bit.DEPOSITS, () => deposit(suite, payment));
      });

      it("reverts with InvalidParties given the buyer as seller", async () => {
        const suite = await load();
        const [buyer, arbiter] = [suite.buyer.address, suite.arbiter.address];
        await expectRefusal(
          suite,
          attempt(suite, { seller: buyer }),
          "InvalidParties",
          buyer,
          buyer,
          arbiter,
        );
      });

      it("reverts with InvalidFee given more than a tenth", async () => {
        const suite = await load();
        const call = attempt(suite, { feeBps: 1_001n });
        await expectRefusal(suite, call, "InvalidFee", 1_001, 1_000, suite.feeRecipient);
      });

      it("reverts with InvalidDeadline given this very second", async () => {
        const suite = await load();
        const now = BigInt(await time.latest()) + HOUR;
        await at(now);
        const call = attempt(suite, { deadline: now });
        await expectRefusal(suite, call, "InvalidDeadline", now, now + 1n, now + 5n * YEAR);
      });

      it("reverts with InvalidDisputeWindow given a second less than an hour", async () => {
        const suite = await load();
        const call = attempt(suite, { disputeWindow: HOUR - 1n });
        await expectRefusal(suite, call, "InvalidDisputeWindow", HOUR - 1n, HOUR, 180n * DAY);
      });

      it("reverts with PaymentAlreadyExists given terms that were deposited before", async () => {
        const suite = await load();
        const payment = await termsOf(suite);
        await deposit(suite, payment);
        const paymentId = paymentIdOf(suite.domain, payment);
        await expectRefusal(suite, deposit(suite, payment), "PaymentAlreadyExists", paymentId);
      });

      for (const who of ["buyer", "seller"] as const) {
        it(`reverts with NotCompliant given a blocked ${who}`, async () => {
          const suite = await load();
          await block(suite, suite[who]);
          await expectRefusal(suite, attempt(suite, {}), "NotCompliant", suite[who], Reason.Blocked);
        });

        it(`reverts with NotCompliant given a ${who} who is not on the allow-list`, async () => {
          const suite = await load();
          await suite.registry.setPolicy(allowList);
          await clear(suite, suite[who === "buyer" ? "seller" : "buyer"]);
          await expectRefusal(suite, attempt(suite, {}), "NotCompliant", suite[who], Reason.NotListed);
        });
      }

      it("reverts with TokenNotEnabled given a token whose deposits are off", async () => {
        const suite = await load();
        await configure(suite.escrow, suite.usdc, { enabled: false });
        await expectRefusal(suite, attempt(suite, {}), "TokenNotEnabled", suite.usdc);
      });

      it("reverts with InvalidAmount given zero", async () => {
        const suite = await load();
        await expectRefusal(suite, attempt(suite, { amount: 0n }), "InvalidAmount", 0, CAP);
      });

      it("reverts with CapExceeded given a unit more than the cap leaves", async () => {
        const suite = await load();
        await configure(suite.escrow, suite.usdc, { cap: usd(1_500) });
        await attempt(suite, {});
        const amount = usd(500) + 1n;
        await expectRefusal(suite, attempt(suite, { amount }), "CapExceeded", suite.usdc, amount, usd(500));
      });

      if (name !== "deposit") {
        it("reverts with NativeCoinNotSupported given the native coin", async () => {
          const suite = await load();
          await expectRefusal(suite, attempt(suite, { token: NATIVE_COIN }), "NativeCoinNotSupported");
        });
      }

      // An authorization is signed for one token's domain: see its own tree.
      if (name !== "depositWithAuthorization") {
        it("reverts with TransferAmountMismatch given a token that takes a fee", async () => {
          const suite = await load();
          const token = await list(suite, "TakesFee");
          await token.connect(suite.buyer).approve(suite.permit2, ethers.MaxUint256);
          await token.turn(true);
          const call = attempt(suite, { token: await token.getAddress() });
          await expectRefusal(suite, call, "TransferAmountMismatch", usd(990), usd(1_000));
        });
      }

      it("reverts with BalanceUnknown given a token that does not tell its balance", async () => {
        const suite = await load();
        const token = await list(suite, "HidesBalance");
        await token.turn(true);
        const call = attempt(suite, { token: await token.getAddress() });
        await expectRefusal(suite, call, "BalanceUnknown", token);
      });

      if (name === "deposit" || name === "depositWithPermit") {
        it("reverts with SafeERC20FailedOperation given a token that returns false", async () => {
          const suite = await load();
          const token = await list(suite, "ReturnsFalse");
          await token.turn(true);
          const call = attempt(suite, { token: await token.getAddress() });
          await expectRefusal(suite, call, "SafeERC20FailedOperation", token);
        });
      }
    });
  }
});
