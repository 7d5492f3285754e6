import type { Address, Hex } from "viem";

/**
 * Double entry: what an event moves, as debits and credits of named accounts. An account's balance is the sum of its
 * credits less that of its debits, so money that arrives at an account is a credit of it.
 */
export interface Entry {
  account: string;
  debit: bigint;
  credit: bigint;
}

/** The accounts of the ledger. Addresses and ids are lower case, as everywhere in the read model. */
export const account = {
  wallet: (address: Address) => `wallet:${address.toLowerCase()}`,
  payment: (paymentId: Hex) => `payment:${paymentId.toLowerCase()}`,
  credit: (address: Address) => `credit:${address.toLowerCase()}`,
  fees: (address: Address) => `fees:${address.toLowerCase()}`,
  surplus: "surplus",
};

/** A deposit: the buyer's wallet to the payment. */
export function depositEntries(payment: { paymentId: Hex; buyer: Address; amount: bigint }): Entry[] {
  return balanced([
    debit(account.wallet(payment.buyer), payment.amount),
    credit(account.payment(payment.paymentId), payment.amount),
  ]);
}

/** A release: the payment to the seller's wallet, less the fee, which goes to the fee recipient. */
export function releaseEntries(release: {
  paymentId: Hex;
  seller: Address;
  feeRecipient: Address;
  amount: bigint;
  fee: bigint;
}): Entry[] {
  return balanced([
    debit(account.payment(release.paymentId), release.amount),
    credit(account.wallet(release.seller), release.amount - release.fee),
    credit(account.fees(release.feeRecipient), release.fee),
  ]);
}

/** A refund: the payment to the buyer's wallet. */
export function refundEntries(refund: { paymentId: Hex; buyer: Address; amount: bigint }): Entry[] {
  return balanced([
    debit(account.payment(refund.paymentId), refund.amount),
    credit(account.wallet(refund.buyer), refund.amount),
  ]);
}

/**
 * A payout that could not be pushed. The payout event before it has booked the amount as received, so this takes it
 * back from there: from the wallet of a party, or from the fees of anybody else. A fee recipient who is also a party
 * cannot be told apart and is booked as the party.
 */
export function creditedEntries(credited: {
  account: Address;
  buyer: Address;
  seller: Address;
  amount: bigint;
}): Entry[] {
  const isParty = [credited.buyer, credited.seller].some(
    (party) => party.toLowerCase() === credited.account.toLowerCase(),
  );
  return balanced([
    debit((isParty ? account.wallet : account.fees)(credited.account), credited.amount),
    credit(account.credit(credited.account), credited.amount),
  ]);
}

/** A credit paid out: the credit to the wallet its owner named. */
export function withdrawnEntries(withdrawn: { account: Address; to: Address; amount: bigint }): Entry[] {
  return balanced([
    debit(account.credit(withdrawn.account), withdrawn.amount),
    credit(account.wallet(withdrawn.to), withdrawn.amount),
  ]);
}

/** What nobody owned, moved out. Donations emit nothing, so `surplus` falls below zero by all that was swept. */
export function sweptEntries(swept: { to: Address; amount: bigint }): Entry[] {
  return balanced([debit(account.surplus, swept.amount), credit(account.wallet(swept.to), swept.amount)]);
}

/** The same entries without empty ones, if they sum to zero; money cannot appear or vanish. */
export function balanced(entries: Entry[]): Entry[] {
  const sum = entries.reduce((total, entry) => total + entry.credit - entry.debit, 0n);
  const negative = entries.find((entry) => entry.debit < 0n || entry.credit < 0n);
  if (negative) throw new Error(`A ledger entry of ${negative.account} is negative.`);
  if (sum !== 0n) {
    throw new Error(
      `Ledger entries of ${entries.map((e) => e.account).join(", ")} sum to ${sum} instead of zero.`,
    );
  }
  return entries.filter((entry) => entry.debit !== entry.credit);
}

const debit = (name: string, amount: bigint): Entry => ({ account: name, debit: amount, credit: 0n });
const credit = (name: string, amount: bigint): Entry => ({ account: name, debit: 0n, credit: amount });
