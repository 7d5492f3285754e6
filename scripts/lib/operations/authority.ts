import { dataSlice, getAddress } from "ethers";

import { askMany } from "../../../deploy/ask-many.js";
import { readAuthorityLogs } from "../../../deploy/authority-logs.js";
import { Fault } from "../../../deploy/fault.js";
import type { Holders } from "../../../deploy/index.js";
import { FUNCTION_ROLES, HELD_ROLES, ROLES, type HeldRole, type RoleName } from "../../../deploy/roles.js";
import { TARGET_INTERFACES } from "../../../deploy/selectors.js";
import type { AccessManager } from "../../../types/ethers-contracts/index.js";
import type { Transaction } from "./fork.js";
import { toType } from "./to-type.js";

/** Something that waits for its delay to pass. Times in Unix seconds. */
export interface PendingOperation {
  readonly id: string;
  /** Counts how often the same was scheduled. */
  readonly nonce: number;
  readonly caller: string;
  readonly target: string;
  readonly data: string;
  readonly readyAt: number;
  readonly expiresAt: number;
}

/** What is scheduled and neither executed, cancelled nor expired, oldest first. */
export async function pendingOperations(
  accessManager: AccessManager,
  fromBlock: number,
): Promise<PendingOperation[]> {
  const told = await readAuthorityLogs(accessManager, fromBlock);
  // What was scheduled again counts once, by its last time.
  const latest = new Map(told("OperationScheduled").map(({ args }) => [args.operationId as string, args]));
  const lifetime = Number(await accessManager.expiration());
  const schedules = await askMany(
    accessManager,
    "getSchedule",
    [...latest.keys()].map((id) => [id]),
  );
  return [...latest].flatMap(([id, { nonce, caller, target, data }], i): PendingOperation[] => {
    const readyAt = Number(schedules[i]![0]);
    if (readyAt === 0) return [];
    const known = { caller: getAddress(caller as string), target: getAddress(target as string) };
    return [
      {
        ...{ id, nonce: Number(nonce), ...known, data: data as string },
        ...{ readyAt, expiresAt: readyAt + lifetime },
      },
    ];
  });
}

/**
 * Who acts: the account named, or the only one of those who should hold the role that does.
 *
 * @throws {@link Fault} that says whom to name.
 */
export async function chooseAccount(
  accessManager: AccessManager,
  holders: Holders,
  role: RoleName,
  named: string | undefined,
): Promise<string> {
  const holds = async (account: string) => (await accessManager.hasRole(ROLES[role].id, account)).isMember;
  if (named !== undefined) {
    if (await holds(named)) return getAddress(named);
    throw new Fault(`${named} does not hold ${role}; ask who does with \`${toType("roles")}\`.`);
  }
  const heldRole = HELD_ROLES.find((name) => name === role);
  const candidates = heldRole === undefined ? [] : holders[heldRole];
  const found: string[] = [];
  for (const candidate of candidates) if (await holds(candidate)) found.push(getAddress(candidate));
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new Fault(
      `Nobody whom the parameters name holds ${role} on this chain; name the account yourself.`,
    );
  }
  throw new Fault(`Several accounts hold ${role}; say which of them acts:`, { details: found });
}

/** The roles that an account holds. */
export async function rolesOf(accessManager: AccessManager, account: string): Promise<HeldRole[]> {
  const held: HeldRole[] = [];
  for (const role of HELD_ROLES) {
    const { isMember } = await accessManager.hasRole(ROLES[role].id, account);
    if (isMember) held.push(role);
  }
  return held;
}

/**
 * Seconds that an account has to wait between scheduling a call and making it; 0 if it may at once.
 *
 * @throws {@link Fault} if it may not make it at all.
 */
export async function delayOf(
  accessManager: AccessManager,
  account: string,
  { to, data }: Pick<Transaction, "to" | "data">,
): Promise<number> {
  const own = to === (await accessManager.getAddress());
  const { immediate, delay } = own
    ? await canAdminister(accessManager, account, data)
    : await accessManager.canCall(account, to, dataSlice(data, 0, 4));
  if (immediate) return 0;
  if (delay === 0n) {
    throw new Fault(
      `${account} may not call ${dataSlice(data, 0, 4)} of ${to}, neither at once nor after a delay.`,
    );
  }
  return Number(delay);
}

/** Those of the AccessManager's own functions whose delay is also that of the contract they concern. */
const CONCERN_A_TARGET = ["setTargetFunctionRole", "setTargetClosed", "updateAuthority"];

/** What the AccessManager works out for its own functions and has no getter for. */
async function canAdminister(accessManager: AccessManager, account: string, data: string) {
  const { name, args } = TARGET_INTERFACES.accessManager.parseTransaction({ data })!;
  if (FUNCTION_ROLES.accessManager.anyone!.some((open) => open === name))
    return { immediate: true, delay: 0n };
  const concernsRole = name === "grantRole" || name === "revokeRole";
  const role = concernsRole ? await accessManager.getRoleAdmin(args[0] as bigint) : ROLES.ADMIN.id;
  const targetDelay = CONCERN_A_TARGET.includes(name)
    ? await accessManager.getTargetAdminDelay(args[0] as string)
    : 0n;
  const { isMember, executionDelay } = await accessManager.hasRole(role, account);
  const delay = targetDelay > executionDelay ? targetDelay : executionDelay;
  return isMember ? { immediate: delay === 0n, delay } : { immediate: false, delay: 0n };
}
