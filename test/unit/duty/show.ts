import { expect } from "chai";

import { dutyTown, type DutyTown } from "./fixture.js";

describe("payment show", function () {
  this.timeout(240_000);

  let at: DutyTown;
  before(async () => (at = await dutyTown("duty-show")));
  after(() => at?.stop());

  const shown = async (change: Parameters<DutyTown["deposit"]>[0]) => {
    const { paymentId, terms } = await at.deposit(change);
    const { stdout, stderr, code } = await at.type(`payment show --payment ${paymentId}`);
    expect(code, stderr).to.equal(0);
    return { stdout, terms };
  };

  it("shows which order it is for, and who gets what of it as a fee", async () => {
    const free = await shown({});
    expect(free.stdout).to.include(`reference ${free.terms.paymentReference}\n`);
    expect(free.stdout).to.match(/^fee {7}none$/m);
    for (const [feeRecipient, whose] of [
      [at.elsewhere.address, ""],
      [at.buyer.address, ", who is the buyer"],
      [at.seller.address, ", who is the seller"],
    ] as const) {
      const { stdout } = await shown({ feeBps: 125, feeRecipient });
      expect(stdout).to.include(
        `\nfee       1.25 USDC (1.25 %), if all is released, to ${feeRecipient}${whose}\n`,
      );
    }
  });
});
