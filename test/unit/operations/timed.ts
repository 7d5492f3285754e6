import { expect } from "chai";

import { Fault } from "../../../deploy/fault.js";
import type { Change } from "../../../scripts/lib/operations/state-diff.js";
import { findSurprises, markTimes, type Run } from "../../../scripts/lib/operations/timed.js";

const change = (name: string, before: string, after: string): Change => ({
  contract: "vault",
  address: "0x00000000000000000000000000000000000c0FFe",
  slot: `0x${"00".repeat(32)}`,
  name,
  type: "uint40",
  before,
  after,
});

const run = (times: Record<string, number>, ...changes: Change[]): Run => ({ times, changes });

describe("times in a state diff", () => {
  it("are told from constants by two runs, and by the step that they follow", () => {
    const one = run(
      { schedule: 1_000, execute: 5_000 },
      change("until", "1100", "5007"),
      change("limit", "3", "4"),
    );
    const other = run(
      { schedule: 1_010, execute: 5_700 },
      change("until", "1110", "5707"),
      change("limit", "3", "4"),
    );
    const [until, limit] = markTimes(one, other);
    expect(until).to.deep.include({
      before: { timeOf: "schedule", plusSeconds: 100 },
      after: { timeOf: "execute", plusSeconds: 7 },
    });
    expect(limit).to.deep.include({ before: "3", after: "4" });
  });

  it("make a value that follows no step unforeseeable", () => {
    const [one, other] = [
      run({ act: 1_000 }, change("until", "0", "1100")),
      run({ act: 2_000 }, change("until", "0", "7")),
    ];
    expect(() => markTimes(one, other)).to.throw(Fault, "is no time after a step");
  });

  it("make a change that happens only sometimes unforeseeable", () => {
    const [one, other] = [run({ act: 1_000 }, change("since", "0", "1")), run({ act: 2_000 })];
    expect(() => markTimes(one, other)).to.throw(Fault, "depends on when it is executed");
  });
});

describe("what was foretold", () => {
  const expected = [{ ...change("until", "0", ""), after: { timeOf: "act", plusSeconds: 60 } }];

  it("holds at any time", () => {
    expect(findSurprises(expected, run({ act: 777 }, change("until", "0", "837")))).to.deep.equal([]);
  });

  it("does not hold if the value is another", () => {
    const [surprise] = findSurprises(expected, run({ act: 777 }, change("until", "0", "838")));
    expect(surprise).to.include("from 0 to 837").and.to.include("from 0 to 838");
  });

  it("does not hold if it was another before", () => {
    expect(findSurprises(expected, run({ act: 777 }, change("until", "5", "837")))).to.have.length(1);
  });

  it("does not hold if it does not happen", () => {
    expect(findSurprises(expected, run({ act: 777 }))[0]).to.include("but does not");
  });

  it("does not hold if something else happens too", () => {
    const more = run({ act: 777 }, change("until", "0", "837"), change("limit", "3", "4"));
    expect(findSurprises(expected, more)[0]).to.include(
      "vault limit changes from 3 to 4, which was not foretold",
    );
  });
});
