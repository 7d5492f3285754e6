import { expect } from "chai";

import {
  balanced,
  creditedEntries,
  depositEntries,
  refundEntries,
  releaseEntries,
  sweptEntries,
  withdrawnEntries,
  type Entry,
} from "../../../indexer/src/model/ledger.js";

const paymentId = `0x${"Aa".repeat(32)}` as const;
const buyer = `0x${"B1".repeat(20)}` as const;
const seller = `0x${"5E".repeat(20)}` as const;
const feeRecipient = `0x${"FE".repeat(20)}` as const;

/** Balance changes by account: credits less debits. */
function changes(...entries: Entry[][]): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const { account, debit, credit } of entries.flat()) {
    sums[account] = (sums[account] ?? 0n) + credit - debit;
  }
  return sums;
}

const inWallet = (address: string) => `wallet:${address.toLowerCase()}`;
const inPayment = `payment:${paymentId.toLowerCase()}`;

describe("ledger", () => {
  it("moves a deposit from the buyer's wallet to the payment", () => {
    expect(changes(depositEntries({ paymentId, buyer, amount: 100n }))).to.deep.equal({
      [inWallet(buyer)]: -100n,
      [inPayment]: 100n,
    });
  });

  it("splits a release between seller and fee recipient", () => {
    const entries = releaseEntries({ paymentId, seller, feeRecipient, amount: 100n, fee: 3n });
    expect(changes(entries)).to.deep.equal({
      [inPayment]: -100n,
      [inWallet(seller)]: 97n,
      [`fees:${feeRecipient.toLowerCase()}`]: 3n,
    });
  });

  it("books no fee entry if no fee was taken", () => {
    const entries = releaseEntries({ paymentId, seller, feeRecipient, amount: 100n, fee: 0n });
    expect(entries.map((entry) => entry.account)).to.deep.equal([inPayment, inWallet(seller)]);
  });

  it("returns a refund to the buyer's wallet", () => {
    expect(changes(refundEntries({ paymentId, buyer, amount: 40n }))).to.deep.equal({
      [inPayment]: -40n,
      [inWallet(buyer)]: 40n,
    });
  });

  it("leaves nothing in the wallet of a seller whose payout became a credit, until it is withdrawn", () => {
    const release = releaseEntries({ paymentId, seller, feeRecipient, amount: 100n, fee: 3n });
    const credited = creditedEntries({ account: seller, buyer, seller, amount: 97n });
    expect(changes(release, credited)).to.include({
      [inWallet(seller)]: 0n,
      [`credit:${seller.toLowerCase()}`]: 97n,
    });

    const withdrawn = withdrawnEntries({ account: seller, to: buyer, amount: 97n });
    expect(changes(release, credited, withdrawn)).to.include({
      [inWallet(buyer)]: 97n,
      [`credit:${seller.toLowerCase()}`]: 0n,
    });
  });

  it("takes a credited fee back from the fees, whatever the case of the addresses", () => {
    const credited = creditedEntries({ account: feeRecipient, buyer, seller, amount: 3n });
    expect(changes(credited)).to.deep.equal({
      [`fees:${feeRecipient.toLowerCase()}`]: -3n,
      [`credit:${feeRecipient.toLowerCase()}`]: 3n,
    });
    const lowerCase = seller.toLowerCase() as typeof seller;
    expect(changes(creditedEntries({ account: lowerCase, buyer, seller, amount: 1n }))).to.have.property(
      inWallet(seller),
      -1n,
    );
  });

  it("books swept surplus below zero, because donations are never booked", () => {
    expect(changes(sweptEntries({ to: buyer, amount: 5n }))).to.deep.equal({
      surplus: -5n,
      [inWallet(buyer)]: 5n,
    });
  });

  it("refuses entries that make or lose money", () => {
    const entries = [
      { account: "a", debit: 5n, credit: 0n },
      { account: "b", debit: 0n, credit: 4n },
    ];
    expect(() => balanced(entries)).to.throw("Ledger entries of a, b sum to -1 instead of zero.");
  });

  it("refuses a release whose fee is larger than itself", () => {
    const release = { paymentId, seller, feeRecipient, amount: 1n, fee: 2n };
    expect(() => releaseEntries(release)).to.throw(`A ledger entry of ${inWallet(seller)} is negative.`);
  });
});
