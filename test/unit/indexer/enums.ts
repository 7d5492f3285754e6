import { expect } from "chai";

import * as enums from "../../../indexer/src/model/enums.js";
import { solidityEnum } from "../../support/solidity-enum.js";

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
