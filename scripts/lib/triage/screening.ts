import { complianceReasonOf } from "../reasons.js";
import { askEscrow } from "./ask-escrow.js";
import type { Site } from "./site.js";

/** Why each account would not be paid now, in one word; accounts that would be paid are left out. */
export async function findStopped(site: Site, accounts: readonly string[]): Promise<Map<string, string>> {
  const asked = [...new Set(accounts)];
  const answers = await askEscrow(
    site,
    "screen",
    asked.map((account) => [account] as const),
  );
  return new Map(
    asked.flatMap((account, i) => {
      const [reason, enforced] = answers[i] as [bigint, boolean];
      return enforced && reason !== 0n ? [[account, complianceReasonOf(reason).name] as const] : [];
    }),
  );
}
