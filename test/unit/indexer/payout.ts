import { expect } from "chai";

import { afterPayout, feeOn, type PaymentBefore } from "../../../indexer/src/model/payout.js";

const paymentId = `0x${"11".repeat(32)}` as const;
const funded: PaymentBefore = {
  paymentId,
  status: "Funded",
  amount: 1000n,
  held: 1000n,
  released: 0n,
  feeBps: 125,
};

describe("payment after a payout", () => {
  it("stays funded while something is held", () => {
    const payout = { action: "Release", amount: 400n, fee: 5n, held: 600n, released: 400n } as const;
    expect(afterPayout(funded, payout)).to.deep.equal({
      status: "Funded",
      held: 600n,
      released: 400n,
      refunded: 0n,
      feeTaken: 5n,
    });
  });

  it("is closed exactly when nothing is held, and what is neither held nor released was refunded", () => {
    const before = { ...funded, held: 600n, released: 400n };
    const payout = { action: "Refund", amount: 600n, fee: 0n, held: 0n, released: 400n } as const;
    expect(afterPayout(before, payout)).to.deep.equal({
      status: "Closed",
      held: 0n,
      released: 400n,
      refunded: 600n,
      feeTaken: 5n,
    });
  });

  it("stays disputed between the two payouts of a ruling", () => {
    const disputed = { ...funded, status: "Disputed" } as const;
    const payout = { action: "Release", amount: 1n, fee: 0n, held: 999n, released: 1n } as const;
    expect(afterPayout(disputed, payout).status).to.equal("Disputed");
  });

  it("charges the fee on the running total, so that crumbs are not free", () => {
    // 1.25 % of 79 is nothing, of 80 it is 1.
    const before = { ...funded, held: 921n, released: 79n };
    const payout = { action: "Release", amount: 1n, fee: 1n, held: 920n, released: 80n } as const;
    expect(feeOn(79n, 125)).to.equal(0n);
    expect(afterPayout(before, payout).feeTaken).to.equal(1n);
  });

  it("refuses a fee that the terms do not say", () => {
    const payout = { action: "Release", amount: 400n, fee: 6n, held: 600n, released: 400n } as const;
    expect(() => afterPayout(funded, payout)).to.throw(/was charged a fee of 6, but its terms say 5/);
  });

  it("refuses a payout that does not follow from the row: an event was missed", () => {
    const payout = { action: "Release", amount: 100n, fee: 1n, held: 500n, released: 100n } as const;
    expect(() => afterPayout(funded, payout)).to.throw(
      /held 1000 and had released 0; a release of 100 cannot leave 500 held and 100 released/,
    );
  });

  it("refuses to pay out of a closed payment", () => {
    const closed = { ...funded, status: "Closed", held: 0n, released: 1000n } as const;
    const payout = { action: "Refund", amount: 0n, fee: 0n, held: 0n, released: 1000n } as const;
    expect(() => afterPayout(closed, payout)).to.throw(/is closed, yet 0 were paid out of it/);
  });
});
