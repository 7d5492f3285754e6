/*
 * Why the screening lets an account not pass, in words for people: for docs/compliance.md, which prints the table, and for
 * whatever has a code and owes somebody a sentence. In the order of Solidity's `ComplianceReason`.
 */

export interface ComplianceReason {
  /** The member's name in Solidity. */
  readonly name: string;
  /** What is the matter, for the person whom it concerns. */
  readonly happened: string;
  /** Who can change that, and how. */
  readonly lifted: string;
}

export const COMPLIANCE_REASONS: readonly ComplianceReason[] = [
  { name: "None", happened: "The account passes.", lifted: "" },
  {
    name: "Blocked",
    happened: "An officer blocked the account.",
    lifted: "Only an officer: `setRecords` with another standing.",
  },
  {
    name: "NotListed",
    happened: "Only cleared accounts pass, and nobody has cleared this one.",
    lifted: "The user finishes verification and submits the attestation; or an officer clears the account.",
  },
  {
    name: "Expired",
    happened:
      "Only cleared accounts pass, and this clearing ran out. Under a deny-list the account would pass here like any that " +
      "has no record.",
    lifted: "As for `NotListed`: a new attestation, for the record's present revision.",
  },
  {
    name: "RiskTooHigh",
    happened:
      "The score in the record is above the policy's maximum. It counts even when the clearing ran out, so that waiting " +
      "never lowers anybody's risk.",
    lifted:
      "After a review, an officer or a new attestation with a lower score; or CONFIGURATOR raises the maximum for everybody.",
  },
  {
    name: "Sanctioned",
    happened: "The sanctions oracle lists the account.",
    lifted: "Nobody here: the publisher of the list. If the list is wrong, CONFIGURATOR changes the oracle.",
  },
  {
    name: "OracleUnavailable",
    happened:
      "The oracle reverted, used up its 50,000 gas, is gone, or answered something that is neither yes nor no. Nobody " +
      "passes who would have to be asked.",
    lifted: "The oracle's operator repairs it; or CONFIGURATOR names another one, or none.",
  },
];

/** The reason that the contracts mean by a code. Throws on a code that they do not have. */
export function complianceReasonOf(code: bigint | number): ComplianceReason {
  const reason = COMPLIANCE_REASONS[Number(code)];
  if (reason === undefined) throw new Error(`There is no compliance reason ${code}.`);
  return reason;
}

/** The table of `docs/compliance.md`, which a test compares with it. */
export function complianceReasonsTable(): string {
  const head = ["code", "reason", "what happened", "who lifts it, and how"];
  const rows = COMPLIANCE_REASONS.map(({ name, happened, lifted }, code) => [
    String(code),
    `\`${name}\``,
    happened,
    lifted,
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
