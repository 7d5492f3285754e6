import { askMany } from "../../../../deploy/ask-many.js";
import { Fault } from "../../../../deploy/fault.js";
import type { Holders } from "../../../../deploy/index.js";
import { ROLES } from "../../../../deploy/roles.js";
import type { AccessManager } from "../../../../types/ethers-contracts/index.js";
import { roleById } from "../names.js";
import type { ActCall } from "./act.js";
import { toType } from "../to-type.js";

/**
 * How long a call has to wait for the grants of the same act, so that nobody's role is without a holder in between: a grant
 * of a powerful role counts only days later, and a revocation at once.
 *
 * @param calls All of the act.
 * @returns Seconds; 0 for whatever need not wait.
 * @throws {@link Fault} if nobody would be left with ADMIN, which nobody could mend.
 */
export async function delayUntilHeld(
  accessManager: AccessManager,
  holders: Holders,
  calls: readonly ActCall[],
  { function: name, args: [id] }: ActCall,
): Promise<number> {
  const role = name === "revokeRole" ? roleById(id as bigint) : undefined;
  if (role === undefined) return 0;
  const answers = await askMany(
    accessManager,
    "hasRole",
    holders[role].map((holder) => [id, holder]),
  );
  if (answers.some(([isMember]) => isMember === true)) return 0;
  const isGranted = calls.some(({ function: other, args }) => other === "grantRole" && args[0] === id);
  if (isGranted) {
    // A delay that was set may not have taken effect yet, and will have by then.
    const onTheChain = Number(await accessManager.getRoleGrantDelay(id as bigint));
    return Math.max(ROLES[role].grantDelay, onTheChain);
  }
  // Without anybody in another role ADMIN can grant it; and a stolen key must go at once.
  if (role !== "ADMIN") return 0;
  throw new Fault(
    "Nobody whom the parameters name would hold ADMIN, and nobody could ever grant anything again: rotate it instead " +
      `(${toType("ops roles rotate")}), or wait until what was granted counts.`,
  );
}
