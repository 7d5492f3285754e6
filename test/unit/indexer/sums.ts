import { expect } from "chai";

import {
  added,
  deposited,
  disputed,
  noParty,
  noToken,
  refunded,
  released,
  type Movement,
  type PartySums,
  type TokenSums,
} from "../../../indexer/src/model/sums.js";

/** The sums after movements of one payment between one buyer and one seller. */
function after(...movements: Movement[]) {
  let [buyer, seller, token]: [PartySums, PartySums, TokenSums] = [
    { ...noParty },
    { ...noParty },
    { ...noToken },
  ];
  for (const movement of movements) {
    buyer = { ...buyer, ...added<PartySums>(buyer, movement.buyer) };
    seller = { ...seller, ...added<PartySums>(seller, movement.seller) };
    token = { ...token, ...added<TokenSums>(token, movement.token) };
  }
  return { buyer, seller, token };
}

describe("sums of parties and tokens", () => {
  it("count a deposit for both parties, as held", () => {
    const { buyer, seller, token } = after(deposited(100n));
    expect(buyer).to.include({ paid: 100n, heldAsBuyer: 100n, buyerPaymentCount: 1, sellerPaymentCount: 0 });
    expect(seller).to.include({ paid: 0n, heldAsSeller: 100n, sellerPaymentCount: 1, received: 0n });
    expect(token).to.include({ held: 100n, deposited: 100n, paymentCount: 1, paidOut: 0n });
  });

  it("give the seller what is released less the fee, and the buyer what is refunded", () => {
    const { buyer, seller, token } = after(deposited(100n), released(60n, 2n, false), refunded(40n, false));
    expect(seller).to.include({ received: 58n, feesCharged: 2n, heldAsSeller: 0n });
    expect(buyer).to.include({ paid: 100n, refunded: 40n, heldAsBuyer: 0n });
    expect(token).to.include({ held: 0n, released: 60n, refunded: 40n, fees: 2n, paidOut: 100n });
  });

  it("hold a disputed amount for both until it is paid out", () => {
    const during = after(deposited(100n), disputed(100n));
    expect(during.buyer.disputedAsBuyer).to.equal(100n);
    expect(during.seller.disputedAsSeller).to.equal(100n);

    const ruled = after(deposited(100n), disputed(100n), released(30n, 0n, true), refunded(70n, true));
    expect(ruled.buyer.disputedAsBuyer).to.equal(0n);
    expect(ruled.seller.disputedAsSeller).to.equal(0n);
  });

  it("forget a dispute that was taken back", () => {
    expect(after(deposited(100n), disputed(100n), disputed(-100n)).buyer).to.include({
      heldAsBuyer: 100n,
      disputedAsBuyer: 0n,
    });
  });

  it("refuse to mix amounts and counts", () => {
    expect(() => added({ held: 1n }, { held: 1 as unknown as bigint })).to.throw(
      'Cannot add number to bigint in the sum "held".',
    );
  });
});
