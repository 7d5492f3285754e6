import type { Collected } from "./collect.js";
import type { SafeState } from "./state.js";
import type { SafeTransaction } from "./transaction.js";

/**
 * Why a transaction cannot be executed on the Safe as it stands: whole sentences, none if nothing is in its way.
 *
 * @param collected The signatures there are, from {@link collect}.
 */
export const hindrances = (
  transaction: SafeTransaction,
  safe: SafeState,
  collected: Collected,
): readonly string[] => [
  ...ofPlace(transaction, safe),
  ...ofNonce(transaction, safe),
  ...ofSignatures(safe, collected),
];

function* ofPlace({ chainId, safe: address }: SafeTransaction, safe: SafeState) {
  if (chainId !== safe.chainId)
    yield `It is for chain ${chainId}, and this network is chain ${safe.chainId}.`;
  if (address !== safe.address) yield `It is for the Safe ${address}, and this is ${safe.address}.`;
}

function* ofNonce({ nonce }: SafeTransaction, safe: SafeState) {
  const at = `the Safe is at ${safe.nonce}`;
  if (nonce < safe.nonce) {
    yield `Its nonce ${nonce} is used, ${at}: take what was signed for a later nonce, or plan and sign again.`;
  }
  if (nonce > safe.nonce) {
    const before = nonce - safe.nonce;
    yield `Its nonce is ${nonce} and ${at}: ${before === 1 ? "one transaction" : `${before} transactions`} must go first.`;
  }
}

function* ofSignatures({ threshold, owners }: SafeState, { signatures, refused }: Collected) {
  const signed = signatures.map(({ owner }) => owner);
  for (const former of signed.filter((owner) => !owners.includes(owner))) {
    yield `${former} signed and is no owner of the Safe any more: collect the signatures again.`;
  }
  const missing = threshold - signatures.length;
  if (missing <= 0) return;
  const others = owners.filter((owner) => !signed.includes(owner)).join(", ");
  yield `${missing} of ${threshold} signatures ${missing === 1 ? "is" : "are"} missing; these can still sign: ${others}.`;
  for (const { source, why } of refused) yield `What ${source} holds does not count: ${why}`;
}
