import { expect } from "chai";

import { findShortfalls, parseLcov } from "../../scripts/lib/coverage.js";

const LCOV = `TN:
SF:contracts/Whole.sol
DA:12,1
DA:13,1
LH:2
LF:2
end_of_record
SF:contracts/Partial.sol
DA:31,0
DA:7,1
DA:30,0
LH:1
LF:3
end_of_record
`;

const sources = (files: Record<string, string>) => new Map(Object.entries(files));
const shortfallsOf = (files: Record<string, string>) => findShortfalls(sources(files), parseLcov(LCOV));

describe("coverage", () => {
  it("is complete when every line of every file was run", () => {
    expect(shortfallsOf({ "contracts/Whole.sol": "contract Whole {}" })).to.deep.equal([]);
  });

  it("falls short of each line that was not run", () => {
    expect(
      shortfallsOf({
        "contracts/Whole.sol": "contract Whole {}",
        "contracts/Partial.sol": "library Partial {}",
      }),
    ).to.deep.equal(["contracts/Partial.sol: 2 of 3 lines not run: 30, 31"]);
  });

  for (const declaration of ["contract", "abstract contract", "library", "function"]) {
    it(`falls short of a file that the report does not know, if it has code: ${declaration}`, () => {
      const file = `// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n\n${declaration} Forgotten`;
      expect(shortfallsOf({ "contracts/Forgotten.sol": file })).to.deep.equal([
        "contracts/Forgotten.sol: nothing of it was run",
      ]);
    });
  }

  it("asks nothing of a file that has interfaces, types, constants and errors only", () => {
    const file = `/// @dev Every contract and function of it is elsewhere.
interface IVault {
    function balance() external view returns (uint256);
}
struct Account {
    uint256 balance;
}
uint8 constant LIMIT = 3;
error Full();
`;
    expect(shortfallsOf({ "contracts/interfaces/IVault.sol": file })).to.deep.equal([]);
  });
});
