import { HDNodeWallet } from "ethers";

import { safeTypedMessage } from "../../scripts/lib/safe/hash.js";
import type { Person } from "../../scripts/lib/signers/person.js";
import { sealed } from "../../scripts/lib/signers/sealed.js";
import type { TypedMessage, UnsignedTransaction } from "../../scripts/lib/signers/signer.js";

export const MNEMONIC = "test test test test test test test test test test test junk";
export const PATH = "m/44'/60'/0'/0/0";
export const CHAIN_ID = 31337;

export const walletAt = (path: string, passphrase = "") =>
  HDNodeWallet.fromPhrase(MNEMONIC, passphrase, path);
export const WALLET = walletAt(PATH);
export const OTHER_WALLET = walletAt("m/44'/60'/0'/0/7");

const SAFE = "0x41675C099F32341bf84BFc5382aF534df5C7461a";
const TARGET = "0x8464135c8F25Da09e49BC8782676a84730C318bC";

/** What a Safe's owner signs most often: a call of another contract. */
export const SAFE_TX = sealed(
  safeTypedMessage({
    safe: SAFE,
    chainId: CHAIN_ID,
    to: TARGET,
    value: 0n,
    data: `0x5c975abb${"0123456789abcdef".repeat(12)}`,
    nonce: 4_294_967_296,
  }),
);

/** Every kind of type that EIP-712 knows. */
export const NESTED = sealed<TypedMessage>({
  domain: { name: "Holdfast", version: "1", chainId: CHAIN_ID, verifyingContract: SAFE },
  types: {
    Instruction: [
      { name: "purpose", type: "string" },
      { name: "isUrgent", type: "bool" },
      { name: "temperature", type: "int16" },
      { name: "salt", type: "bytes4" },
      { name: "first", type: "Payee" },
      { name: "others", type: "Payee[]" },
      { name: "amounts", type: "uint64[2]" },
      { name: "witnesses", type: "address[]" },
    ],
    Payee: [
      { name: "account", type: "address" },
      { name: "share", type: "uint256" },
    ],
  },
  primaryType: "Instruction",
  message: {
    purpose: "Übergabe",
    isUrgent: true,
    temperature: -40,
    salt: "0xdeadbeef",
    first: { account: SAFE, share: 1n },
    others: [
      { account: TARGET, share: 2n },
      { account: SAFE, share: 10n ** 30n },
    ],
    amounts: [7n, 8n],
    witnesses: [TARGET],
  },
});

/** A transaction with `bytes` of data, in which no two bytes that follow each other are alike. */
export function transactionOf(bytes: number, changed: Partial<UnsignedTransaction> = {}) {
  const data = Array.from({ length: bytes }, (_, index) => (index % 251).toString(16).padStart(2, "0"));
  return sealed<UnsignedTransaction>({
    chainId: CHAIN_ID,
    nonce: 300,
    to: TARGET,
    value: 0n,
    data: `0x${data.join("")}`,
    gasLimit: 1_234_567n,
    maxFeePerGas: 31_500_000_000n,
    maxPriorityFeePerGas: 1_000_000_001n,
    ...changed,
  });
}

/** Somebody at the keyboard who answers each question, and remembers what was said. */
export class ScriptedPerson implements Person {
  readonly heard: string[] = [];

  constructor(readonly answers: readonly string[] = []) {}

  tell(sentence: string): void {
    this.heard.push(sentence);
  }

  askSecret(question: string, signal: AbortSignal): Promise<string> {
    const answer = this.answers[this.heard.push(question) - 1];
    if (answer !== undefined) return Promise.resolve(answer);
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("The question was not answered.")));
    });
  }
}
