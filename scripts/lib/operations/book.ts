import { getAddress } from "ethers";

import { namesInRecord, namesOfHolders, type AddressBook } from "./names.js";
import type { Register } from "./register.js";
import type { Suite } from "./suite.js";

/** Everybody who has a name: from the parameters, the record, and the code that operations put in place. */
export function addressBook({ parameters, record }: Suite, { operations }: Register): AddressBook {
  const implementations = operations.flatMap(({ opened }) =>
    opened.manifest.proxies.map(
      ({ name, after }) =>
        [getAddress(after.implementation), `${name}'s ${after.contract} ${after.version}`] as const,
    ),
  );
  return {
    ...Object.fromEntries(implementations),
    ...namesOfHolders(parameters.holders),
    ...namesInRecord(record),
  };
}
