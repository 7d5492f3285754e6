import { readFile } from "node:fs/promises";

import { expect } from "chai";

import * as enums from "../../../indexer/src/model/enums.js";

/** The members of an enum in a Solidity source, in order. */
async function solidityEnum(file: string, name: string): Promise<string[]> {
  const source = await readFile(new URL(`../../../contracts/types/${file}`, import.meta.url), "utf8");
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1];
  if (body === undefined) throw new Error(`${file} has no enum ${name}.`);
  return body.split(",").map((member) => member.trim());
}

describe("enums of the read model", () => {
  for (const [file, name, names] of [
    ["PaymentTypes.sol", "PaymentStatus", enums.paymentStatuses],
    ["PaymentTypes.sol", "DeadlineAction", enums.deadlineActions],
    ["PaymentTypes.sol", "PayoutAction", enums.payoutActions],
    ["PaymentTypes.sol", "PayoutCause", enums.payoutCauses],
    ["ComplianceTypes.sol", "Standing", enums.standings],
    ["ComplianceTypes.sol", "ListMode", enums.listModes],
    ["ComplianceTypes.sol", "ComplianceReason", enums.complianceReasons],
  ] as const) {
    it(`${name} has Solidity's members in Solidity's order`, async () => {
      expect([...names]).to.deep.equal(await solidityEnum(file, name));
    });
  }

  it("refuses a member it does not know", () => {
    expect(() => enums.named(enums.deadlineActions, 2)).to.throw(
      "An event carries enum member 2, but only 2 are known: Refund, Release.",
    );
  });

  it("names the pause bits that are set", () => {
    expect(enums.namedBits(5)).to.deep.equal(["Deposits", "Exits"]);
  });
});
