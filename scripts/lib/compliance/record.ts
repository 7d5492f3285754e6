import { ZeroHash } from "ethers";

import { formatTime } from "../operations/units.js";

/** In the order of Solidity's `Standing`. */
export const STANDINGS = ["unlisted", "cleared", "blocked"] as const;
export type Standing = (typeof STANDINGS)[number];

/** An account's record, as an officer sets it. */
export interface RecordFields {
  /** Position in Solidity's `Standing`. */
  readonly standing: bigint;
  readonly riskScore: bigint;
  readonly tier: bigint;
  readonly jurisdiction: bigint;
  /** Unix seconds; 0 for never. */
  readonly expiry: bigint;
  /** Of the evidence, which stays off chain. */
  readonly attestationHash: string;
}

/** As it stands, and how often it was written. */
export interface WrittenRecord extends RecordFields {
  readonly revision: bigint;
}

export const NO_RECORD: RecordFields = {
  ...{ standing: 0n, riskScore: 0n, tier: 0n, jurisdiction: 0n, expiry: 0n },
  attestationHash: ZeroHash,
};

export const BLOCKED = BigInt(STANDINGS.indexOf("blocked"));

/** A record on one line, for a person. */
export function describeRecord(record: RecordFields): string {
  const { standing, riskScore, tier, jurisdiction, attestationHash } = record;
  if (standing === 0n) return "unlisted";
  const evidence = attestationHash === ZeroHash ? "no evidence" : `evidence ${attestationHash}`;
  return (
    `${STANDINGS[Number(standing)]} ${endOf(record)}, risk score ${riskScore}, tier ${tier}, jurisdiction ${jurisdiction}, ` +
    evidence
  );
}

/** The contract asks for a clearing's expiry and never for a block's, which is only kept. */
function endOf({ standing, expiry }: RecordFields): string {
  const at = expiry === 0n ? undefined : formatTime(Number(expiry));
  if (standing !== BLOCKED) return at === undefined ? "for ever" : `until ${at}`;
  const kept = at === undefined ? "" : ` (its expiry, ${at}, ends no block)`;
  return `until an officer lifts it${kept}`;
}
