import { getAddress, type Provider, type Result } from "ethers";

import { readLogs, type LogSource, type NamedLog } from "../../../deploy/logs.js";
import { TARGET_INTERFACES } from "../../../deploy/selectors.js";
import { plain } from "../plain.js";
import { roleName } from "./names.js";
import { formatBits, formatDuration, formatTime } from "./units.js";

/** What it takes to put an event in words. */
export interface Words {
  readonly nameOf: (address: string) => string;
  /** A function by its selector. */
  readonly functionOf: (selector: string) => string;
  /** What was scheduled under an id, in words. */
  readonly scheduled: (id: string) => string;
}

type Say = (args: Result, words: Words) => string;

const role = (args: Result) => roleName(args.roleId as bigint);
const address = (args: Result, name: string) => getAddress(args[name] as string);
const delay = (args: Result) => formatDuration(Number(args.delay));

/** Every event that tells of an admin's doing, by contract, with its sentence. */
const EVENTS: Readonly<Record<"upgradeController" | "escrow" | "accessManager", Record<string, Say>>> = {
  upgradeController: {
    ProxyDeployed: (args, { nameOf }) =>
      `${nameOf(address(args, "proxy"))} deployed with ${nameOf(address(args, "implementation"))}`,
    Upgraded: (args, { nameOf }) =>
      `${nameOf(address(args, "proxy"))} upgraded from ${nameOf(address(args, "from"))} to ${nameOf(address(args, "to"))}`,
    RolledBack: (args, { nameOf }) =>
      `${nameOf(address(args, "proxy"))} rolled back from ${nameOf(address(args, "from"))} to ${nameOf(address(args, "to"))}`,
  },
  escrow: {
    Paused: (args) =>
      `${formatBits(Number(args.bits))} paused until ${formatTime(Number(args.until))}: ${plain(args.reason as string)}`,
    Unpaused: (args) => `${formatBits(Number(args.bits))} unpaused`,
  },
  accessManager: {
    OperationScheduled: (args, { scheduled }) =>
      `scheduled for ${formatTime(Number(args.schedule))}: ${scheduled(args.operationId as string)}`,
    OperationExecuted: (args, { scheduled }) => `executed: ${scheduled(args.operationId as string)}`,
    OperationCanceled: (args, { scheduled }) => `cancelled: ${scheduled(args.operationId as string)}`,
    RoleGranted: (args, { nameOf }) =>
      args.newMember
        ? `${role(args)} granted to ${nameOf(address(args, "account"))} from ${formatTime(Number(args.since))} on, with a delay of ${delay(args)}`
        : `delay of ${nameOf(address(args, "account"))} as ${role(args)} set to ${delay(args)}`,
    RoleRevoked: (args, { nameOf }) => `${role(args)} revoked from ${nameOf(address(args, "account"))}`,
    RoleAdminChanged: (args) => `${role(args)} is administered by ${roleName(args.admin as bigint)}`,
    RoleGuardianChanged: (args) => `${role(args)} is guarded by ${roleName(args.guardian as bigint)}`,
    RoleGrantDelayChanged: (args) => `grant delay of ${role(args)} set to ${delay(args)}`,
    TargetClosed: (args, { nameOf }) =>
      `${nameOf(address(args, "target"))} ${args.closed ? "closed" : "opened"}`,
    TargetFunctionRoleUpdated: (args, { nameOf, functionOf }) =>
      `${nameOf(address(args, "target"))}.${functionOf(args.selector as string)} given to ${role(args)}`,
    TargetAdminDelayUpdated: (args, { nameOf }) =>
      `admin delay of ${nameOf(address(args, "target"))} set to ${delay(args)}`,
  },
};

type Watched = keyof typeof EVENTS;

/** Where to look for what admins did. */
export interface Governed {
  readonly contracts: Readonly<Record<Watched, { readonly address: string }>>;
  readonly startBlock: number;
}

/** All that admins did from a block on, such as that of the deployment; oldest first. */
export async function readGovernance(
  provider: Provider,
  { contracts, startBlock }: Governed,
  toBlock: number,
  signal?: AbortSignal,
): Promise<NamedLog[]> {
  const sources = (Object.keys(EVENTS) as Watched[]).map((contract): LogSource => ({
    contract,
    address: contracts[contract].address,
    abi: TARGET_INTERFACES[contract],
    events: Object.keys(EVENTS[contract]),
  }));
  return await readLogs(provider, sources, startBlock, toBlock, signal);
}

/** An event in words. One with a text in it that is no UTF-8 must not hide the others. */
export function sentenceOf({ contract, event, args }: NamedLog, words: Words): string {
  try {
    return EVENTS[contract as Watched][event]!(args, words);
  } catch {
    return `${contract} tells of ${event} in a way that cannot be decoded`;
  }
}

/** Who did it, as far as the event itself tells. */
export const actorIn = ({ args }: NamedLog): string | undefined => {
  // One by one: another argument may be a text that is no UTF-8.
  const found = ["by", "caller"].map((name) => args[name] as string | undefined).find(Boolean);
  return found === undefined ? undefined : getAddress(found);
};
