import { readFileSync } from "node:fs";

import { expect } from "chai";
import { Interface, type JsonFragment } from "ethers";

import { mergedEvents } from "../../../scripts/lib/indexer-abis.js";

const abi = (...declarations: string[]) =>
  JSON.parse(new Interface(declarations).formatJson()) as JsonFragment[];
const names = (events: JsonFragment[]) => events.map(({ name }) => name);

describe("the events that the indexer knows", () => {
  it("are those of the present version and those that only earlier ones emitted", () => {
    const present = abi("event Paid(bytes32 id)", "function pay()", "event Noted(bytes32 id, string note)");
    expect(names(mergedEvents("escrowAbi", present, abi("event Parked(bytes32 id)")))).to.deep.equal([
      "Paid",
      "Noted",
      "Parked",
    ]);
  });

  it("have each a name of its own: an event that changed needs a new one", () => {
    const merge = () =>
      mergedEvents("escrowAbi", abi("event Paid(bytes32 id, uint256 fee)"), abi("event Paid(bytes32 id)"));
    expect(merge).to.throw(
      "indexer/retired-events.json has Paid(bytes32) in escrowAbi, and the build has Paid(bytes32,uint256): give",
    );
  });

  it("have their retired ones under the names of the ABIs", () => {
    const retired = JSON.parse(readFileSync("indexer/retired-events.json", "utf8")) as Record<
      string,
      JsonFragment[]
    >;
    const source = readFileSync("scripts/lib/indexer-abis.ts", "utf8");
    for (const name of Object.keys(retired)) expect(source).to.include(`  ${name}: "`);
  });
});
