import { Signature, Transaction, getAddress, recoverAddress } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { requireSealed } from "./sealed.js";
import type { Purpose, Signer, Submission, TypedMessage, UnsignedTransaction } from "./signer.js";
import { changes } from "./transaction.js";
import { typedHashes } from "./typed-data.js";

/** A {@link Signer} as its device or wallet comes: it takes whatever it is given, and may sign something else. */
export interface Hand extends Pick<Signer, "kind" | "address" | "close"> {
  signTypedData(message: TypedMessage): Promise<string>;
  signTransaction(transaction: UnsignedTransaction, purpose?: Purpose): Promise<Submission>;
}

/** The only way to a {@link Signer}: takes nothing but what is sealed, and gives nothing that it has not checked. */
export function checked(hand: Hand): Signer {
  const address = getAddress(hand.address);
  return {
    kind: hand.kind,
    address,
    async signTypedData(message) {
      requireSealed(message);
      const { digest } = typedHashes(message);
      return signatureOf(hand, digest, await hand.signTypedData(message));
    },
    async signTransaction(transaction, purpose) {
      requireSealed(transaction);
      const submission = await hand.signTransaction(transaction, purpose);
      if ("raw" in submission) requireSame(hand, transaction, submission.raw);
      return submission;
    },
    close: () => hand.close(),
  };
}

/** The signature in the one form that every contract takes, however the device writes it: low `s`, `v` 27 or 28. */
function signatureOf(hand: Hand, digest: string, given: string): string {
  let signature: Signature, signedBy: string;
  try {
    signature = Signature.from(given).getCanonical();
    signedBy = recoverAddress(digest, signature);
  } catch (cause) {
    throw new Fault(`The ${hand.kind} gave something that is no signature.`, { cause });
  }
  requireSignedBy(hand, signedBy);
  return signature.serialized;
}

function requireSame(hand: Hand, asked: UnsignedTransaction, raw: string): void {
  let signed: Transaction;
  try {
    signed = Transaction.from(raw);
  } catch (cause) {
    throw new Fault(`The ${hand.kind} gave something that is no transaction. It was not sent.`, { cause });
  }
  const details = changes(asked, signed);
  if (details.length > 0) {
    throw new Fault(`The ${hand.kind} signed another transaction than it was given. It was not sent.`, {
      details,
    });
  }
  requireSignedBy(hand, signed.from);
}

function requireSignedBy({ kind, address }: Hand, signedBy: string | null): void {
  if (signedBy !== getAddress(address)) {
    throw new Fault(`The ${kind} signed as ${signedBy ?? "nobody"} and not as ${address}: do not use it.`);
  }
}
