import { getAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { AccessManager__factory, type AccessManager } from "../types/ethers-contracts/index.js";
import { askMany } from "./ask-many.js";
import { readAuthorityLogs } from "./authority-logs.js";
import { Fault } from "./fault.js";
import type { Holders } from "./parameters.js";
import type { DeploymentRecord } from "./record.js";
import { HELD_ROLES, ROLE_NAMES, ROLES, TARGET_ADMIN_DELAY, type RoleName } from "./roles.js";
import { mappedFunctions, TARGET_INTERFACES, TARGET_NAMES } from "./selectors.js";

/** One thing that the chain and the data disagree on. */
export interface RoleDifference {
  kind:
    | "unexpected holder"
    | "missing holder"
    | "execution delay"
    | "function role"
    | "role admin"
    | "role guardian"
    | "grant delay"
    | "target admin delay"
    | "closed target";
  /** What it is about: a role, a role's holder, a contract's function. */
  subject: string;
  /** What `deploy/roles.ts` and the parameters say. */
  expected: string;
  /** What the chain says. */
  found: string;
}

/** A difference, and the call of the AccessManager that would make the chain agree with the data. */
export interface RoleRepair extends RoleDifference {
  readonly repair: string;
}

export const formatDifference = ({ kind, subject, expected, found }: RoleDifference) =>
  `${kind}: ${subject} is ${found} on the chain, but should be ${expected}.`;

/** A contract's authority as the chain has it: getters for what is, logs for whom and what to ask about. */
interface Chain {
  accessManager: AccessManager;
  told: Awaited<ReturnType<typeof readAuthorityLogs>>;
  record: DeploymentRecord;
}

/**
 * The difference between the role data, with its holders, and the chain. Empty if there is none.
 *
 * Delays that were set but are not yet in effect (OpenZeppelin lets 5 days pass) count as set.
 *
 * @throws {@link Fault} if the chain has no contract where the record says.
 */
export async function findRoleDifferences(
  connection: NetworkConnection,
  record: DeploymentRecord,
  holders: Holders,
): Promise<RoleDifference[]> {
  const repairs = await findRoleRepairs(connection, record, holders);
  return repairs.map(({ kind, subject, expected, found }) => ({ kind, subject, expected, found }));
}

/** As {@link findRoleDifferences}, with what to do about each of them. */
export async function findRoleRepairs(
  { ethers }: NetworkConnection,
  record: DeploymentRecord,
  holders: Holders,
): Promise<RoleRepair[]> {
  const { address } = record.contracts.accessManager;
  if ((await ethers.provider.getCode(address)) === "0x") {
    throw new Fault(
      `The record deploy/records/${record.chainId}.json is of another chain: deploy again, or point --network at the right one.`,
    );
  }
  const accessManager = AccessManager__factory.connect(address, ethers.provider);
  const chain: Chain = {
    accessManager,
    told: await readAuthorityLogs(accessManager, record.startBlock),
    record,
  };
  const differences = await Promise.all([
    diffHolders(chain, holders),
    diffFunctions(chain),
    diffRoleSettings(chain),
    diffTargets(chain),
  ]);
  return differences.flat();
}

async function diffHolders({ accessManager, told }: Chain, holders: Holders): Promise<RoleRepair[]> {
  const pairs = new Map<string, { roleId: bigint; account: string }>();
  const add = (roleId: bigint, account: string) => pairs.set(`${roleId} ${account}`, { roleId, account });
  for (const role of HELD_ROLES)
    for (const account of holders[role]) add(ROLES[role].id, getAddress(account));
  for (const { args } of told("RoleGranted")) add(args.roleId as bigint, getAddress(args.account as string));
  const access = await askMany(
    accessManager,
    "getAccess",
    [...pairs.values()].map(({ roleId, account }) => [roleId, account]),
  );

  const differences: RoleRepair[] = [];
  for (const [i, { roleId, account }] of [...pairs.values()].entries()) {
    const role = nameOf(roleId);
    const expected = isHeldBy(holders, role, account);
    const [since, currentDelay, pendingDelay, effect] = access[i] as unknown as [
      since: bigint,
      currentDelay: bigint,
      pendingDelay: bigint,
      effect: bigint,
    ];
    const found = since !== 0n;
    const subject = `${role} of ${account}`;
    if (found && !expected) {
      const repair = encode("revokeRole", [roleId, account]);
      differences.push({
        kind: "unexpected holder",
        subject,
        expected: "not granted",
        found: "granted",
        repair,
      });
    } else if (expected) {
      const delay = effect === 0n ? currentDelay : pendingDelay;
      const wanted = ROLES[role as RoleName].executionDelay;
      const repair = encode("grantRole", [roleId, account, wanted]);
      if (!found) {
        differences.push({
          kind: "missing holder",
          subject,
          expected: "granted",
          found: "not granted",
          repair,
        });
      } else if (Number(delay) !== wanted) {
        differences.push({
          kind: "execution delay",
          subject,
          expected: `${wanted} s`,
          found: `${delay} s`,
          repair,
        });
      }
    }
  }
  return differences;
}

async function diffFunctions({ accessManager, told, record }: Chain): Promise<RoleRepair[]> {
  const expected = new Map<string, bigint>();
  const subjects = new Map<string, { target: string; selector: string; name: string }>();
  const add = (target: string, selector: string, name: string) => {
    const key = `${getAddress(target)} ${selector}`;
    if (!subjects.has(key)) subjects.set(key, { target, selector, name });
    return key;
  };

  for (const { target, role, functions, selectors } of mappedFunctions()) {
    selectors.forEach((selector, i) => {
      const key = add(record.contracts[target].address, selector, `${target}.${functions[i]}`);
      expected.set(key, ROLES[role].id);
    });
  }
  for (const name of TARGET_NAMES) {
    TARGET_INTERFACES[name].forEachFunction(({ selector, name: functionName }) => {
      add(record.contracts[name].address, selector, `${name}.${functionName}`);
    });
  }
  for (const { args } of told("TargetFunctionRoleUpdated")) {
    const [target, selector] = [args.target as string, args.selector as string];
    add(target, selector, `${target} ${selector}`);
  }

  const roles = await askMany(
    accessManager,
    "getTargetFunctionRole",
    [...subjects.values()].map(({ target, selector }) => [target, selector]),
  );

  const differences: RoleRepair[] = [];
  for (const [i, [key, { target, selector, name }]] of [...subjects].entries()) {
    const found = roles[i]![0] as bigint;
    // What was never mapped is ADMIN's.
    const wanted = expected.get(key) ?? ROLES.ADMIN.id;
    if (found !== wanted) {
      differences.push({
        kind: "function role",
        subject: name,
        expected: nameOf(wanted),
        found: nameOf(found),
        repair: encode("setTargetFunctionRole", [target, [selector], wanted]),
      });
    }
  }
  return differences;
}

async function diffRoleSettings({ accessManager, told }: Chain): Promise<RoleRepair[]> {
  const grantDelays = new Map<bigint, bigint>();
  for (const { args } of told("RoleGrantDelayChanged"))
    grantDelays.set(args.roleId as bigint, args.delay as bigint);
  const ids = ROLE_NAMES.map((name) => [ROLES[name].id]);
  const [admins, guardians] = await Promise.all([
    askMany(accessManager, "getRoleAdmin", ids),
    askMany(accessManager, "getRoleGuardian", ids),
  ]);

  const differences: RoleRepair[] = [];
  for (const [i, name] of ROLE_NAMES.entries()) {
    const role = ROLES[name];
    const admin = admins[i]![0] as bigint;
    const guardian = guardians[i]![0] as bigint;
    const grantDelay = grantDelays.get(role.id) ?? 0n;
    const add = (difference: Omit<RoleRepair, "subject" | "repair">, ...call: [string, unknown[]]) =>
      differences.push({ ...difference, subject: name, repair: encode(...call) });
    if (admin !== ROLES[role.admin].id) {
      const difference = { kind: "role admin", expected: role.admin, found: nameOf(admin) } as const;
      add(difference, "setRoleAdmin", [role.id, ROLES[role.admin].id]);
    }
    if (guardian !== ROLES[role.guardian].id) {
      const difference = { kind: "role guardian", expected: role.guardian, found: nameOf(guardian) } as const;
      add(difference, "setRoleGuardian", [role.id, ROLES[role.guardian].id]);
    }
    if (Number(grantDelay) !== role.grantDelay) {
      const difference = {
        kind: "grant delay",
        expected: `${role.grantDelay} s`,
        found: `${grantDelay} s`,
      } as const;
      add(difference, "setGrantDelay", [role.id, role.grantDelay]);
    }
  }
  return differences;
}

async function diffTargets({ accessManager, told, record }: Chain): Promise<RoleRepair[]> {
  const adminDelays = new Map<string, bigint>();
  for (const { args } of told("TargetAdminDelayUpdated"))
    adminDelays.set(getAddress(args.target as string), args.delay as bigint);
  const addresses = TARGET_NAMES.map((name) => getAddress(record.contracts[name].address));
  const closed = await askMany(
    accessManager,
    "isTargetClosed",
    addresses.map((address) => [address]),
  );

  const differences: RoleRepair[] = [];
  for (const [i, subject] of TARGET_NAMES.entries()) {
    const address = addresses[i]!;
    const delay = adminDelays.get(address) ?? 0n;
    if (Number(delay) !== TARGET_ADMIN_DELAY) {
      const [expected, found] = [`${TARGET_ADMIN_DELAY} s`, `${delay} s`];
      const repair = encode("setTargetAdminDelay", [address, TARGET_ADMIN_DELAY]);
      differences.push({ kind: "target admin delay", subject, expected, found, repair });
    }
    if (closed[i]![0] as boolean) {
      const repair = encode("setTargetClosed", [address, false]);
      differences.push({ kind: "closed target", subject, expected: "open", found: "closed", repair });
    }
  }
  return differences;
}

const encode = (name: string, args: readonly unknown[]) =>
  TARGET_INTERFACES.accessManager.encodeFunctionData(name, args);

function isHeldBy(holders: Holders, role: string, account: string): boolean {
  const found = HELD_ROLES.find((name) => name === role);
  return found !== undefined && holders[found].some((holder) => getAddress(holder) === account);
}

function nameOf(roleId: bigint): string {
  return ROLE_NAMES.find((name) => ROLES[name].id === roleId) ?? `role ${roleId}`;
}
