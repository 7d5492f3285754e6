import { DEVICES, screensFor, type DeviceModel } from "../signers/screens.js";
import type { TypedMessage, UnsignedTransaction } from "../signers/signer.js";
import { toSign } from "../signers/transaction.js";
import { typedHashes, typedDataPayload } from "../signers/typed-data.js";
import { safeHashes } from "../safe/hash.js";
import { signingRequests, type SigningRequest } from "../safe/owners.js";
import type { SafeTransaction } from "../safe/transaction.js";
import { decodeCall, type Vocabulary } from "./calls.js";
import type { AccountInManifest, Manifest, Signing, Step, StepCore } from "./manifest.js";

/** What everything about a step follows from. */
export type Context = Pick<Manifest, "chainId" | "suite" | "proxies" | "accounts" | "names" | "tokens">;

const MODELS = Object.keys(DEVICES) as DeviceModel[];

/** A step with all that follows from it: its call in words, its hashes, what is signed and what the devices show. */
export const deriveStep = (context: Context, core: StepCore): Step => ({
  ...core,
  call: callOf(context, core.transaction) as Step["call"],
  ...deriveSigning(context, core),
});

/** A transaction in words. */
export const callOf = (context: Context, { to, data }: { to: string; data: string }) =>
  decodeCall(to, data, vocabularyOf(context));

function deriveSigning(context: Context, core: StepCore): Pick<Step, "safeTxHash" | "signing"> {
  const account = accountOf(context, core.account);
  if (account.kind === "key")
    return { safeTxHash: null, signing: [ofTransaction(account, unsignedOf(context, core))] };
  const transaction = safeTransactionOf(context, core);
  const requests = signingRequests(transaction, account.tree);
  return {
    safeTxHash: safeHashes(transaction).safeTxHash,
    signing: [...Map.groupBy(requests, ({ onBehalfOf }) => onBehalfOf.join()).values()].map(ofMessage),
  };
}

/** What a Safe's owners, and the owners of Safes among them, sign for a step. */
export const requestsFor = (context: Context, core: StepCore): SigningRequest[] => {
  const account = accountOf(context, core.account);
  return account.kind === "key" ? [] : signingRequests(safeTransactionOf(context, core), account.tree);
};

/** The same message for everybody who owns the Safe in the same way. */
function ofMessage(requests: readonly SigningRequest[]): Signing {
  const { message, onBehalfOf } = requests[0]!;
  const { domainSeparator, messageHash, digest } = typedHashes(message);
  return {
    kind: "message",
    signers: requests.map(({ signer }) => signer),
    onBehalfOf: [...onBehalfOf],
    ...{ domainSeparator, messageHash, digest },
    message: typedDataPayload(message) as (Signing & { kind: "message" })["message"],
    screens: screensOf(message),
  };
}

const ofTransaction = ({ address }: AccountInManifest, transaction: UnsignedTransaction): Signing => ({
  kind: "transaction",
  signers: [address],
  onBehalfOf: [],
  digest: toSign(transaction).unsignedHash,
  screens: screensOf(transaction, address),
});

const screensOf = (thing: TypedMessage | UnsignedTransaction, signer?: string) =>
  Object.fromEntries(MODELS.map((model) => [model, screensFor(model, thing, signer)]));

export function accountOf({ accounts }: Pick<Context, "accounts">, address: string): AccountInManifest {
  const found = accounts.find((account) => account.address === address);
  if (found === undefined) throw new Error(`${address} is not among the manifest's accounts`);
  return found;
}

/** A step as its Safe takes it. */
export const safeTransactionOf = (
  { chainId }: Pick<Context, "chainId">,
  { account, nonce, transaction: { to, value, data } }: StepCore,
): SafeTransaction => ({ safe: account, chainId, to, value: BigInt(value), data, nonce });

/** A step as an account with a key signs it, at the fees of the plan. */
export function unsignedOf(
  { chainId }: Pick<Context, "chainId">,
  { nonce, transaction: { to, value, data }, gas }: StepCore,
): UnsignedTransaction {
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas } = gas!;
  return {
    chainId,
    nonce,
    to,
    value: BigInt(value),
    data,
    gasLimit: BigInt(gasLimit),
    maxFeePerGas: BigInt(maxFeePerGas),
    maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
  };
}

function vocabularyOf(context: Context): Vocabulary {
  const { names, tokens, proxies } = context;
  const initializer = proxies.find((proxy) => proxy.initializer !== null)?.initializer;
  return { names, tokens, targets: targetsIn(context), ...(initializer != null && { initializer }) };
}

/** Where the suite's contracts are. */
export const targetsIn = ({ suite }: Pick<Context, "suite">): Vocabulary["targets"] => ({
  accessManager: suite.accessManager.address,
  upgradeController: suite.upgradeController.address,
  complianceRegistry: suite.complianceRegistry.address,
  escrow: suite.escrow.address,
});
