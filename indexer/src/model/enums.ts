/**
 * The Solidity enums by position, `None` members included, because events carry positions.
 * A test compares them with the sources in `contracts/types`.
 */
export const paymentStatuses = ["None", "Funded", "Disputed", "Closed"] as const;
export const deadlineActions = ["Refund", "Release"] as const;
export const payoutActions = ["Release", "Refund"] as const;
export const payoutCauses = ["Release", "Refund", "Claim", "Resolve", "Settle"] as const;
export const standings = ["Unlisted", "Cleared", "Blocked"] as const;
export const listModes = ["Deny", "Allow"] as const;
export const complianceReasons = [
  "None",
  "Blocked",
  "NotListed",
  "Expired",
  "RiskTooHigh",
  "Sanctioned",
  "OracleUnavailable",
] as const;

/** The pause bits by position: bit `1 << i` pauses what stands at `i`. */
export const pauseBits = ["Deposits", "Payouts", "Exits"] as const;

/** The member of a Solidity enum that an event carries as `index`. */
export function named<const Names extends readonly string[]>(names: Names, index: number): Names[number] {
  const name = names[index];
  if (name === undefined) {
    throw new Error(
      `An event carries enum member ${index}, but only ${names.length} are known: ${names.join(", ")}.`,
    );
  }
  return name;
}

/** What the bits of a pause event stand for. */
export function namedBits(bits: number): (typeof pauseBits)[number][] {
  return pauseBits.filter((_, position) => bits & (1 << position));
}
