import type { ComplianceRegistry } from "../../../types/ethers-contracts/index.js";
import { BLOCKED, type RecordFields, type WrittenRecord } from "./record.js";

/** What the registry knows of an account. */
export async function readRecord(registry: ComplianceRegistry, account: string): Promise<WrittenRecord> {
  const [found, attestationHash] = await Promise.all([
    registry.recordOf(account),
    registry.attestationHashOf(account),
  ]);
  const { standing, riskScore, tier, jurisdiction, expiry, revision } = found;
  return { standing, riskScore, tier, jurisdiction, expiry, revision, attestationHash };
}

/** Whether a block that stands would not stand any more. */
export const isLift = (before: RecordFields, after: RecordFields) =>
  before.standing === BLOCKED && after.standing !== BLOCKED;

/** What an officer may not have meant. Whole sentences. */
export function warningsOf(
  before: RecordFields,
  after: RecordFields,
  { maxRiskScore }: { readonly maxRiskScore: bigint },
): string[] {
  const warnings: string[] = [];
  if (isLift(before, after)) warnings.push("this lifts a block. Legal is asked before that.");
  if (after.standing !== BLOCKED && after.riskScore > maxRiskScore)
    warnings.push(
      `the risk score ${after.riskScore} is above the policy's maximum, ${maxRiskScore}: the account would be stopped all the same.`,
    );
  return warnings;
}
