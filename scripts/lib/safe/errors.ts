import { isError, isHexString } from "ethers";

/** Selector of Solidity's `Error(string)`. */
const ERROR_WITH_REASON = "0x08c379a0";

interface SafeError {
  readonly means: string;
  readonly remedy: string;
}

const SIGN_AGAIN = "collect the signatures again";
const OWN_FAULT = "plan the call again; nothing was changed";

/** Every code that a Safe reverts with, as of 1.3.0 to 1.5.0. */
export const SAFE_ERRORS: Readonly<Record<string, SafeError>> = {
  GS000: { means: "its setup call failed", remedy: "create the Safe again" },
  GS001: { means: "it was never set up: its threshold is 0", remedy: "check the address of the Safe" },
  GS002: { means: "its setup calls an address without code", remedy: "create the Safe again" },
  GS010: { means: "the gas limit is too low for the call", remedy: "send again with a higher gas limit" },
  GS011: { means: "it could not refund gas in the native coin", remedy: "plan without a gas refund" },
  GS012: { means: "it could not refund gas in a token", remedy: "plan without a gas refund" },
  GS013: {
    means: "the call itself reverted, and this version of Safe hides the reason",
    remedy: "look at what the called contract says, then plan again",
  },
  GS020: { means: "there are fewer signatures than its threshold", remedy: "let more owners sign" },
  GS021: { means: "a contract signature points into the list of signatures", remedy: SIGN_AGAIN },
  GS022: { means: "a contract signature points beyond the end", remedy: SIGN_AGAIN },
  GS023: { means: "a contract signature is cut short", remedy: SIGN_AGAIN },
  GS024: {
    means: "an owner that is a contract does not accept its signature",
    remedy: "let its own owners sign again, for the same transaction and with the same nonce",
  },
  GS025: {
    means: "an owner counted as approving has not approved this hash on the chain",
    remedy: "let that owner call approveHash, send the transaction, or sign it",
  },
  GS026: {
    means:
      "a signature is not by an owner, is there twice, is out of order, or was made for another transaction, nonce, " +
      "chain or Safe",
    remedy: "compare the Safe's nonce and owners with those of the plan, then sign what differs again",
  },
  GS027: { means: "the hashed bytes do not belong to the hash", remedy: OWN_FAULT },
  GS030: { means: "only an owner can approve a hash", remedy: "approve from an owner's account" },
  GS031: { means: "only the Safe itself can call this", remedy: "plan it as a transaction of the Safe" },
  GS100: { means: "its modules have been set up already", remedy: OWN_FAULT },
  GS101: { means: "this address cannot be a module", remedy: OWN_FAULT },
  GS102: { means: "this module is enabled already", remedy: OWN_FAULT },
  GS103: { means: "the module named before this one in the list is another", remedy: OWN_FAULT },
  GS104: { means: "only an enabled module can call this", remedy: OWN_FAULT },
  GS105: { means: "the list of modules cannot be read from there", remedy: OWN_FAULT },
  GS106: { means: "the list of modules cannot be read in pages of none", remedy: OWN_FAULT },
  GS200: { means: "its owners have been set up already", remedy: OWN_FAULT },
  GS201: { means: "the threshold would be more than there are owners", remedy: OWN_FAULT },
  GS202: { means: "the threshold would be 0", remedy: OWN_FAULT },
  GS203: { means: "this address cannot be an owner", remedy: OWN_FAULT },
  GS204: { means: "this address is an owner already", remedy: OWN_FAULT },
  GS205: { means: "the owner named before this one in the list is another", remedy: OWN_FAULT },
  GS300: { means: "the guard does not have a guard's interface", remedy: OWN_FAULT },
  GS301: { means: "the module guard does not have a module guard's interface", remedy: OWN_FAULT },
  GS400: { means: "a Safe cannot be its own fallback handler", remedy: OWN_FAULT },
};

/**
 * What a Safe's error code means and what to do about it, in one sentence.
 *
 * @param error Whatever a call or transaction threw, whichever library it came through.
 * @returns `undefined` if the error is not a Safe's.
 */
export function explainSafeError(error: unknown): string | undefined {
  const code = /\bGS\d{3}\b/.exec(reasonOf(error))?.[0];
  if (code === undefined) return undefined;
  const known = SAFE_ERRORS[code];
  return known === undefined
    ? `The Safe refuses with ${code}, a code that we do not know; look it up in Safe's documentation.`
    : `The Safe refuses with ${code}: ${known.means}; ${known.remedy}.`;
}

/**
 * What a call that reverted answered, wherever the library put it.
 *
 * @returns Hex, `0x` for a revert without data; `undefined` if it was no revert.
 */
export const revertDataOf = (error: unknown): string | undefined =>
  dataIn(error) ?? (saysReverted(error) ? "0x" : undefined);

function dataIn(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { data, info, error: inner, cause } = error as Readonly<Record<string, unknown>>;
  if (isHexString(data)) return data;
  return dataIn(data) ?? dataIn(inner) ?? dataIn(info) ?? dataIn(cause);
}

/** Some nodes leave the data out if there is none. */
const saysReverted = (error: unknown) =>
  error instanceof Error && (isError(error, "CALL_EXCEPTION") || /\breverted\b/i.test(error.message));

function reasonOf(error: unknown): string {
  const data = revertDataOf(error);
  if (data?.startsWith(ERROR_WITH_REASON)) return Buffer.from(data.slice(2), "hex").toString("latin1");
  return error instanceof Error ? error.message : "";
}
