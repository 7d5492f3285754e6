import { getAddress, isHexString, ZeroAddress, ZeroHash } from "ethers";

import { Fault } from "../../deploy/fault.js";
import { NO_RECORD, STANDINGS, type RecordFields, type Standing } from "../lib/compliance/record.js";
import { oneOf, parseAddress, parseDuration, required } from "../ops/arguments.js";

export interface RecordArguments {
  readonly account?: string;
  readonly standing?: string;
  readonly riskScore?: string;
  readonly tier?: string;
  readonly jurisdiction?: string;
  readonly expiry?: string;
  readonly evidence?: string;
}

/** What was typed; whatever was left out stays as it is. */
export interface TypedUpdate extends Partial<Omit<RecordFields, "standing" | "expiry">> {
  readonly account: string;
  readonly standing: Standing;
  readonly expiry?: Expiry;
}

/** An end by the calendar, in Unix seconds, or so many seconds after the chain's present. */
type Expiry = { readonly at: bigint } | { readonly after: bigint };

/** @throws {@link Fault} that says what was typed wrong, before anybody waits for anything. */
export function parseUpdate(args: RecordArguments): TypedUpdate {
  const account = getAddress(
    parseAddress(required(args.account, "--account", "whose record").trim(), "--account"),
  );
  if (account === ZeroAddress) throw new Fault("--account: the zero address can have no record.");
  const standing = oneOf(
    STANDINGS,
    required(args.standing, "--standing", "how the account stands", "--standing cleared").toLowerCase(),
    "--standing",
  );
  const { riskScore, tier, jurisdiction, expiry, evidence } = args;
  if (standing === "unlisted") {
    const others = Object.entries({ riskScore, tier, jurisdiction, expiry, evidence });
    const [given] = others.find(([, text]) => text !== undefined) ?? [];
    if (given === undefined) return { account, standing };
    throw new Fault(`--standing unlisted takes the whole record back: leave --${kebab(given)} out.`);
  }
  if (standing === "blocked" && expiry !== undefined)
    throw new Fault(
      "--standing blocked: leave --expiry out, for a block does not end by itself; an officer lifts it.",
    );
  if (standing === "cleared")
    required(expiry, "--expiry", "when the clearing ends", "--expiry 365d, or never");
  const hash = required(evidence, "--evidence", "on what evidence", "--evidence 0x<64 digits>, or none");
  return {
    account,
    standing,
    ...(riskScore !== undefined && { riskScore: whole(riskScore, "--risk-score", 255) }),
    ...(tier !== undefined && { tier: whole(tier, "--tier", 255) }),
    ...(jurisdiction !== undefined && { jurisdiction: whole(jurisdiction, "--jurisdiction", 999) }),
    ...(expiry !== undefined && { expiry: parseExpiry(expiry) }),
    attestationHash: parseEvidence(hash),
  };
}

/**
 * The whole record that is to be written.
 *
 * @param now The chain's time, in Unix seconds.
 * @throws {@link Fault} if it is a clearing that is over already, which the contract refuses.
 */
export function updateOf(typed: TypedUpdate, before: RecordFields, now: number): RecordFields {
  const standing = BigInt(STANDINGS.indexOf(typed.standing));
  if (typed.standing === "unlisted") return NO_RECORD;
  const { riskScore, tier, jurisdiction, attestationHash, expiry } = typed;
  const ends = expiry === undefined ? before.expiry : "at" in expiry ? expiry.at : BigInt(now) + expiry.after;
  if (typed.standing === "cleared" && ends !== 0n && ends <= BigInt(now))
    throw new Fault("--expiry is over already, and such a clearing clears nobody. Nothing was sent.");
  return {
    standing,
    riskScore: riskScore ?? before.riskScore,
    tier: tier ?? before.tier,
    jurisdiction: jurisdiction ?? before.jurisdiction,
    expiry: ends,
    attestationHash: attestationHash ?? ZeroHash,
  };
}

function whole(text: string, option: string, most: number): bigint {
  if (/^\d{1,3}$/.test(text) && Number(text) <= most) return BigInt(text);
  throw new Fault(`${option} is a whole number from 0 to ${most}; it was ${text.slice(0, 80)}.`);
}

function parseExpiry(text: string): Expiry {
  if (text === "never") return { at: 0n };
  if (/^\d{1,6}[smhd]$/.test(text)) return { after: BigInt(parseDuration(text, "--expiry")) };
  // Without a Z, a time would be that of the machine.
  if (/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text)) {
    const moment = new Date(text);
    // The thirtieth of February would become a day of March.
    if (moment.getTime() > 0 && moment.toISOString().startsWith(text.slice(0, 10)))
      return { at: BigInt(moment.getTime() / 1000) };
  }
  throw new Fault(
    `--expiry is such as 365d, a day or a time in UTC such as 2027-01-31T12:00Z, or never; it was ${text.slice(0, 80)}.`,
  );
}

function parseEvidence(text: string): string {
  if (text === "none") return ZeroHash;
  if (isHexString(text, 32)) return text.toLowerCase();
  throw new Fault(
    `--evidence is the hash of the evidence, 0x and 64 hexadecimal digits, or none; it was ${text.slice(0, 80)}. What goes ` +
      "to the chain stays there: neither names nor documents.",
  );
}

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
