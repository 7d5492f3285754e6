import { dataSlice, isHexString } from "ethers";

import { Fault } from "../../../../deploy/fault.js";
import type { RoleName } from "../../../../deploy/roles.js";
import type { AccessManager } from "../../../../types/ethers-contracts/index.js";
import { pendingOperations } from "../authority.js";
import { roleName } from "../names.js";
import { formatTime } from "../units.js";
import type { Act } from "./act.js";

/**
 * Takes back what waits for its delay.
 *
 * @param id Of the operation, or the beginning of it.
 * @throws {@link Fault} with what is pending, if nothing or more than one thing has that id.
 */
export async function cancel(accessManager: AccessManager, fromBlock: number, id: string): Promise<Act> {
  const pending = await pendingOperations(accessManager, fromBlock);
  const found = pending.filter((operation) => isHexString(id) && operation.id.startsWith(id.toLowerCase()));
  const [operation] = found;
  if (operation === undefined || found.length > 1) {
    throw new Fault(`${found.length === 0 ? "Nothing" : "More than one thing"} pending has the id ${id}.`, {
      details:
        pending.length === 0
          ? ["nothing is pending"]
          : pending.map(({ id, readyAt }) => `${id}, from ${formatTime(readyAt)}`),
    });
  }
  const { caller, target, data } = operation;
  const functionRole = await accessManager.getTargetFunctionRole(target, dataSlice(data, 0, 4));
  const guardian = await accessManager.getRoleGuardian(functionRole);
  return {
    title: `Cancel the operation ${operation.id}`,
    role: roleName(guardian) as RoleName,
    calls: [{ target: "accessManager", function: "cancel", args: [caller, target, data] }],
    mayChange: ["accessManager _schedules[*].timepoint"],
  };
}
