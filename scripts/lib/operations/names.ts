import { getAddress, ZeroAddress } from "ethers";

import { NATIVE_COIN } from "../../../deploy/parameters.js";
import { HELD_ROLES, ROLE_NAMES, ROLES, type HeldRole } from "../../../deploy/roles.js";
import { TARGET_INTERFACES, TARGET_NAMES } from "../../../deploy/selectors.js";
import type { DeploymentRecord, Holders } from "../../../deploy/index.js";
import type { Keys } from "./layout.js";

/** What people call addresses, by their checksummed form. */
export type AddressBook = Readonly<Record<string, string>>;

/** The names that the record of a deployment gives. */
export function namesInRecord({ contracts, tokens }: DeploymentRecord): AddressBook {
  const { accessManager, upgradeController, complianceRegistry, escrow, escrowLens, permit2 } = contracts;
  return Object.fromEntries(
    [
      ...Object.entries({
        accessManager,
        upgradeController,
        complianceRegistry,
        escrow,
        escrowLens,
        permit2,
      }).map(([name, { address }]) => [address, name] as const),
      [escrow.proxyAdmin, "escrow's ProxyAdmin"] as const,
      [complianceRegistry.proxyAdmin, "complianceRegistry's ProxyAdmin"] as const,
      [escrow.implementation, "escrow's first implementation"] as const,
      [complianceRegistry.implementation, "complianceRegistry's first implementation"] as const,
      ...tokens.map(({ symbol, address }) => [address, symbol] as const),
    ].map(([address, name]) => [getAddress(address), name]),
  );
}

/** Those who should hold roles, by what they hold: `GUARDIAN`, or `GUARDIAN 2` if several do. */
export function namesOfHolders(holders: Holders): AddressBook {
  const names = new Map<string, string[]>();
  for (const role of HELD_ROLES) {
    holders[role].forEach((holder, i) => {
      const address = getAddress(holder);
      const name = holders[role].length === 1 ? role : `${role} ${i + 1}`;
      names.set(address, [...(names.get(address) ?? []), name]);
    });
  }
  return Object.fromEntries([...names].map(([address, held]) => [address, held.join("+")]));
}

const HOLDER = `(${HELD_ROLES.join("|")})( [1-9]\\d*)?`;
const NAME_OF_HOLDER = new RegExp(`^${HOLDER}(\\+${HOLDER})*$`);

/** Whether it is a name as {@link namesOfHolders} gives them. */
export const isNameOfHolder = (name: string) => NAME_OF_HOLDER.test(name);

/** The roles that such a name says somebody holds. */
export const rolesInName = (name: string): string[] =>
  name.split("+").map((part) => part.replace(/ \d+$/, ""));

/** What a version that an operation puts in place is called, as long as it has no other name. */
export const nameOfVersion = (proxy: string, { contract, version }: { contract: string; version: string }) =>
  `${proxy}'s ${contract} ${version}`;

/** A role by its id; the number itself if `deploy/roles.ts` has none of that id. */
export const roleName = (id: bigint) => ROLE_NAMES.find((name) => ROLES[name].id === id) ?? id.toString();

export const roleById = (id: bigint) => HELD_ROLES.find((name): name is HeldRole => ROLES[name].id === id);

/**
 * What mappings of the suite may be keyed by: everybody who has a name, every role, every function, and hashes.
 *
 * @param hashes Such as the ids of scheduled operations, with their names.
 */
export function keysOf(book: AddressBook, hashes: ReadonlyMap<string, string>): Keys {
  const selectors = new Map<string, string>();
  for (const target of TARGET_NAMES) {
    TARGET_INTERFACES[target].forEachFunction(({ selector, name }) => selectors.set(selector, name));
  }
  return {
    address: new Map([
      ...Object.entries(book),
      [NATIVE_COIN, book[NATIVE_COIN] ?? "native"],
      [ZeroAddress, "zero"],
    ]),
    uint64: new Map(ROLE_NAMES.map((name) => [ROLES[name].id.toString(), name])),
    bytes32: hashes,
    bytes4: selectors,
  };
}
