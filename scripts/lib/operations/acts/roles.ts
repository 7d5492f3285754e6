import { getAddress, type Result } from "ethers";

import { Fault } from "../../../../deploy/fault.js";
import { findRoleRepairs, formatDifference, type RoleRepair } from "../../../../deploy/roles-diff.js";
import { ROLES, type HeldRole } from "../../../../deploy/roles.js";
import { TARGET_INTERFACES } from "../../../../deploy/selectors.js";
import { roleName, type AddressBook } from "../names.js";
import { contractsAt, type Suite } from "../suite.js";
import type { Act, ActCall } from "./act.js";
import { delayUntilHeld } from "./succession.js";
import { toType } from "../to-type.js";

/* All acts of roles mend differences between the chain and the parameters, which say who should hold what. */

/** Makes the chain agree with `deploy/roles.ts` and the holders in the parameters. @throws {@link Fault} if it does. */
export async function mendRoles(suite: Suite, names: AddressBook): Promise<Act> {
  const repairs = await repairsOf(suite);
  if (repairs.length === 0) {
    throw new Fault(
      "The roles on the chain are as deploy/roles.ts and the parameters say; to change who holds a role, change " +
        "`holders` in the parameters first.",
    );
  }
  const title = `Mend the roles: ${inShort(repairs.map((repair) => formatDifference(repair).replace(/\.$/, "")))}`;
  return await actOf(suite, names, repairs, title);
}

/** Somebody of whom a role is given or taken. */
export interface Holding {
  readonly role: HeldRole;
  readonly account: string;
}

/** Gives a role to somebody whom the parameters name for it. @throws {@link Fault} if they do not. */
export async function grantRole(suite: Suite, names: AddressBook, holding: Holding): Promise<Act> {
  const repair = findGrant(suite, await repairsOf(suite), holding);
  return await actOf(suite, names, [repair], `Grant ${holding.role} to ${holding.account}`);
}

/** Takes a role from somebody whom the parameters do not name for it any more. @throws {@link Fault} if they do. */
export async function revokeRole(suite: Suite, names: AddressBook, holding: Holding): Promise<Act> {
  const repair = findRevocation(suite, await repairsOf(suite), holding);
  return await actOf(suite, names, [repair], `Revoke ${holding.role} from ${holding.account}`);
}

/** A role that goes from one holder to another. */
export interface Rotation {
  readonly role: HeldRole;
  readonly from: string;
  readonly to: string;
}

/** Gives a role to a new holder, and then takes it from the old one, as the parameters say already. */
export async function rotateRole(
  suite: Suite,
  names: AddressBook,
  { role, from, to }: Rotation,
): Promise<Act> {
  const all = await repairsOf(suite);
  const repairs = [
    findGrant(suite, all, { role, account: to }),
    findRevocation(suite, all, { role, account: from }),
  ];
  return await actOf(suite, names, repairs, `Rotate ${role} from ${from} to ${to}`);
}

const repairsOf = async ({ connection, record, parameters }: Suite) =>
  await findRoleRepairs(connection, record, parameters.holders);

const isNamed = ({ parameters }: Suite, { role, account }: Holding) =>
  parameters.holders[role].some((holder) => getAddress(holder) === account);

const findOf = (repairs: readonly RoleRepair[], kind: RoleRepair["kind"], { role, account }: Holding) =>
  repairs.find((repair) => repair.kind === kind && repair.subject === `${role} of ${account}`);

function findGrant(suite: Suite, repairs: readonly RoleRepair[], holding: Holding): RoleRepair {
  const { role, account } = holding;
  if (!isNamed(suite, holding)) {
    throw new Fault(
      `The parameters do not name ${account} for ${role}: add it to holders.${role}, have that reviewed, then plan again.`,
    );
  }
  const found = findOf(repairs, "missing holder", holding);
  if (found !== undefined) return found;
  throw new Fault(`${account} was granted ${role} already; compare with \`${toType("roles")}\`.`);
}

function findRevocation(suite: Suite, repairs: readonly RoleRepair[], holding: Holding): RoleRepair {
  const { role, account } = holding;
  if (isNamed(suite, holding)) {
    throw new Fault(
      `The parameters name ${account} for ${role}: take it out of holders.${role}, have that reviewed, then plan again.`,
    );
  }
  const found = findOf(repairs, "unexpected holder", holding);
  if (found !== undefined) return found;
  throw new Fault(`${account} does not hold ${role}; compare with \`${toType("roles")}\`.`);
}

/** What each function of the AccessManager that mends a difference may change, from its arguments. */
const CHANGES: Readonly<Record<string, (args: Result, nameOf: (address: string) => string) => string>> = {
  grantRole: ([role, account], nameOf) =>
    `_roles[${roleName(role as bigint)}].members[${nameOf(account as string)}].*`,
  revokeRole: ([role, account], nameOf) =>
    `_roles[${roleName(role as bigint)}].members[${nameOf(account as string)}].*`,
  setRoleAdmin: ([role]) => `_roles[${roleName(role as bigint)}].admin`,
  setRoleGuardian: ([role]) => `_roles[${roleName(role as bigint)}].guardian`,
  setGrantDelay: ([role]) => `_roles[${roleName(role as bigint)}].grantDelay.*`,
  setTargetFunctionRole: ([target], nameOf) => `_targets[${nameOf(target as string)}].allowedRoles[*]`,
  setTargetAdminDelay: ([target], nameOf) => `_targets[${nameOf(target as string)}].adminDelay.*`,
  setTargetClosed: ([target], nameOf) => `_targets[${nameOf(target as string)}].closed`,
};

/** Grants come first, revocations last, and such as would leave nobody with a role only when a grant counts. */
async function actOf(
  { connection, record, parameters }: Suite,
  names: AddressBook,
  repairs: readonly RoleRepair[],
  title: string,
): Promise<Act> {
  const calls = repairs.map(({ repair }) => callOf(repair)).toSorted((one, other) => rank(one) - rank(other));
  const { accessManager } = contractsAt(record, connection.ethers.provider);
  const waits = await Promise.all(
    calls.map((call) => delayUntilHeld(accessManager, parameters.holders, calls, call)),
  );
  const now = calls.filter((_, i) => waits[i] === 0);
  const later = calls.filter((_, i) => waits[i]! > 0);
  const nameOf = (address: string) => names[getAddress(address)] ?? getAddress(address);
  const changesOf = (some: readonly ActCall[]) =>
    some.map((call) => `accessManager ${CHANGES[call.function]!(call.args as unknown as Result, nameOf)}`);
  return {
    title,
    role: "ADMIN",
    // Whatever waits, waits for one of these.
    calls: now as [ActCall, ...ActCall[]],
    mayChange: changesOf(now),
    ...(later.length > 0 && {
      afterwards: {
        id: "revoke",
        title: `${title}: revoke, now that what was granted counts`,
        calls: later as [ActCall, ...ActCall[]],
        mayChange: changesOf(later),
        seconds: Math.max(...waits),
      },
    }),
  };
}

function callOf(repair: string): ActCall {
  const { name, args } = TARGET_INTERFACES.accessManager.parseTransaction({ data: repair })!;
  return { target: "accessManager", function: name, args: [...args] };
}

const ORDER = ["grantRole", "setRoleAdmin", "setRoleGuardian", "setGrantDelay", "setTargetFunctionRole"];

function rank({ function: name, args: [role] }: ActCall): number {
  if (name === "revokeRole") return role === ROLES.ADMIN.id ? ORDER.length + 2 : ORDER.length + 1;
  const place = ORDER.indexOf(name);
  return place < 0 ? ORDER.length : place;
}

/** The first few; the calls show the rest. */
const inShort = (sentences: readonly string[]) =>
  [
    ...sentences.slice(0, SHOWN),
    ...(sentences.length > SHOWN ? [`${sentences.length - SHOWN} more`] : []),
  ].join("; ");

const SHOWN = 3;
