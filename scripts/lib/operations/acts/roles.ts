import { getAddress, type Result } from "ethers";

import { Fault } from "../../../../deploy/fault.js";
import { findRoleRepairs, formatDifference } from "../../../../deploy/roles-diff.js";
import { TARGET_INTERFACES } from "../../../../deploy/selectors.js";
import { roleName, type AddressBook } from "../names.js";
import type { Suite } from "../suite.js";
import type { Act, ActCall } from "./act.js";

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

/** Nobody is left without a role on the way: what is granted comes first, and ADMIN is taken away last. */
const ORDER = ["grantRole", "setRoleAdmin", "setRoleGuardian", "setGrantDelay", "setTargetFunctionRole"];

/**
 * Makes the chain agree with `deploy/roles.ts` and the holders in the parameters: grants, revokes, rotates.
 *
 * @throws {@link Fault} if they agree already.
 */
export async function mendRoles({ connection, record, parameters }: Suite, names: AddressBook): Promise<Act> {
  const repairs = await findRoleRepairs(connection, record, parameters.holders);
  const calls = repairs.map(({ repair }): ActCall => {
    const { name, args } = TARGET_INTERFACES.accessManager.parseTransaction({ data: repair })!;
    return { target: "accessManager", function: name, args: [...args] };
  });
  const [first, ...others] = calls.toSorted((one, other) => rank(one) - rank(other));
  if (first === undefined) {
    throw new Fault(
      "The roles on the chain are as deploy/roles.ts and the parameters say; to change who holds a role, change " +
        "`holders` in the parameters first.",
    );
  }
  const nameOf = (address: string) => names[getAddress(address)] ?? getAddress(address);
  return {
    title: `Mend the roles: ${inShort(repairs.map((repair) => formatDifference(repair).replace(/\.$/, "")))}`,
    role: "ADMIN",
    calls: [first, ...others],
    mayChange: calls.map(
      (call) => `accessManager ${CHANGES[call.function]!(call.args as unknown as Result, nameOf)}`,
    ),
  };
}

/** The first few; the calls show the rest. */
const inShort = (sentences: readonly string[]) =>
  [
    ...sentences.slice(0, SHOWN),
    ...(sentences.length > SHOWN ? [`${sentences.length - SHOWN} more`] : []),
  ].join("; ");

const SHOWN = 3;

function rank({ function: name, args: [role] }: ActCall): number {
  if (name === "revokeRole") return role === 0n ? ORDER.length + 2 : ORDER.length + 1;
  const place = ORDER.indexOf(name);
  return place < 0 ? ORDER.length : place;
}
