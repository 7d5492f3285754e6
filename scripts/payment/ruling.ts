import { isHexString, keccak256 } from "ethers";

import { Fault } from "../../deploy/fault.js";
import type { Ruling } from "../lib/payment/acts.js";
import type { Dossier } from "../lib/payment/dossier.js";
import { readRegularBytes } from "../lib/regular-file.js";
import { isSameAddress } from "../lib/same-address.js";
import { formatAmount } from "../lib/triage/money.js";
import type { Tokens } from "../lib/triage/tokens.js";
import { required } from "../ops/arguments.js";
import { parseAmount } from "../triage/verify-proof.js";

export interface RulingArguments {
  readonly toSeller?: string;
  readonly toBuyer?: string;
  readonly ruling?: string;
}

/** What a part may be instead of an amount: whatever the other one leaves. */
const REST = "rest";

/**
 * That all of it was typed, before anybody waits for anything.
 *
 * @returns Which ruling.
 */
export function requireRuling({ toSeller, toBuyer, ruling }: RulingArguments): string {
  const seller = required(toSeller, "--to-seller", "what the seller gets", "--to-seller 40.50, or 0");
  const buyer = required(toBuyer, "--to-buyer", "what the buyer gets", "--to-buyer rest, or 0");
  if (seller === REST && buyer === REST)
    throw new Fault("Only one of --to-seller and --to-buyer can be the rest: the other one is an amount.");
  return required(ruling, "--ruling", "which ruling", "--ruling ruling.pdf, or its keccak256 hash");
}

/** The hash of the written ruling, which is either a file or the hash itself. */
export async function readRuling(typed: string): Promise<string> {
  if (isHexString(typed, 32)) return typed.toLowerCase();
  const what = "--ruling is the file of the written ruling, or its hash, 0x and 64 hexadecimal digits";
  const written = await readRegularBytes(typed).catch((cause: NodeJS.ErrnoException) => {
    throw new Fault(`${what}; ${typed.slice(0, 200)} cannot be read (${cause.code ?? cause.message}).`, {
      cause,
    });
  });
  if (written.length === 0) throw new Fault(`${what}; ${typed} is empty, and rules nothing.`);
  return keccak256(written);
}

/**
 * How the money is divided.
 *
 * @throws {@link Fault} unless it is all that the payment holds, which is all that the contract accepts.
 */
export function rulingOf(
  { toSeller, toBuyer }: RulingArguments,
  rulingHash: string,
  dossier: Dossier,
  tokens: Tokens,
): Ruling {
  const { held, terms } = dossier;
  const [seller, buyer] = [
    typedPart(toSeller!, "--to-seller", dossier, tokens),
    typedPart(toBuyer!, "--to-buyer", dossier, tokens),
  ];
  const sellerAmount = seller ?? held - buyer!;
  const buyerAmount = buyer ?? held - seller!;
  // One that is the rest of too much is less than nothing, and sums up all the same.
  if (sellerAmount >= 0n && buyerAmount >= 0n && sellerAmount + buyerAmount === held)
    return { sellerAmount, buyerAmount, rulingHash };
  const given = (seller ?? 0n) + (buyer ?? 0n);
  const money = (amount: bigint) => formatAmount(tokens, terms.token, amount);
  throw new Fault(
    `A ruling divides all that the payment holds, which is ${money(held)}; --to-seller and --to-buyer are ` +
      `${money(given)}. Nothing was sent.`,
  );
}

const typedPart = (text: string, option: string, dossier: Dossier, tokens: Tokens) =>
  text === REST ? undefined : parsePart(text, option, dossier, tokens);

/** An amount in whole tokens of a payment's. */
export function parsePart(text: string, option: string, { terms }: Dossier, { tokens }: Tokens): bigint {
  const known = tokens.find(({ address }) => isSameAddress(address, terms.token));
  return parseAmount(text, known?.decimals ?? 0, option);
}
