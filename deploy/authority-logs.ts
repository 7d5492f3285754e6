import type { AccessManager } from "../types/ethers-contracts/index.js";
import { readLogs, type NamedLog } from "./logs.js";
import { TARGET_INTERFACES } from "./selectors.js";

/** What the AccessManager tells only in its logs: whom and what to ask it about, and what it has no getter for. */
const EVENTS = [
  "RoleGranted",
  "RoleGrantDelayChanged",
  "TargetFunctionRoleUpdated",
  "TargetAdminDelayUpdated",
  "OperationScheduled",
  "OperationCanceled",
] as const;

/** All that a suite's AccessManager has told, oldest first: one request a page, whoever asks for whatever of it. */
export async function readAuthorityLogs(
  accessManager: AccessManager,
  fromBlock: number,
): Promise<(event: (typeof EVENTS)[number]) => NamedLog[]> {
  const provider = accessManager.runner!.provider!;
  const source = {
    contract: "accessManager",
    address: await accessManager.getAddress(),
    abi: TARGET_INTERFACES.accessManager,
    events: EVENTS,
  };
  const logs = await readLogs(provider, [source], fromBlock, await provider.getBlockNumber());
  return (event) => logs.filter((log) => log.event === event);
}
