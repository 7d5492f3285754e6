import { expect } from "chai";
import { getAddress, solidityPackedKeccak256, toBeHex } from "ethers";

import type { ContractLayout } from "../../../deploy/storage-layout.js";
import { Fault } from "../../../deploy/fault.js";
import type { Trace } from "../../../scripts/lib/operations/fork.js";
import { readChanges, StorageNames } from "../../../scripts/lib/operations/state-diff.js";

const CONTRACT = getAddress("0x00000000000000000000000000000000000c0ffe");
const SENDER = getAddress("0x0000000000000000000000000000000000005e4d");
const MINER = getAddress("0x0000000000000000000000000000000000000a17");
const ALICE = getAddress("0x000000000000000000000000000000000000a11c");

/** A layout with everything in it that the suite's contracts use. */
const LAYOUT: ContractLayout = {
  contract: "Test",
  regions: [
    {
      namespace: "slot 0",
      root: toBeHex(0, 32),
      entries: [
        { name: "small", type: "uint40", slot: 0, offset: 0, bytes: 5 },
        { name: "mode", type: "enum Mode", slot: 0, offset: 5, bytes: 1 },
        { name: "who", type: "address", slot: 0, offset: 6, bytes: 20 },
        { name: "delay", type: "Time.Delay", slot: 1, offset: 0, bytes: 14 },
        { name: "balances", type: "mapping(address => struct Balance)", slot: 2, offset: 0, bytes: 32 },
      ],
    },
    {
      namespace: "erc7201:holdfast.storage.Names",
      root: toBeHex(0x1000, 32),
      entries: [{ name: "flag", type: "bool", slot: 0, offset: 0, bytes: 1 }],
    },
  ],
  types: {
    "enum Mode": { kind: "enum", values: ["Off", "On"] },
    "mapping(address => struct Balance)": { kind: "mapping", key: "address", value: "struct Balance" },
    "struct Balance": {
      kind: "struct",
      bytes: 64,
      members: [
        { name: "held", type: "uint128", slot: 0, offset: 16, bytes: 16 },
        { name: "nonce", type: "uint256", slot: 1, offset: 0, bytes: 32 },
      ],
    },
  },
};

const names = new StorageNames([{ address: CONTRACT, name: "vault", layouts: [LAYOUT] }], {
  address: new Map([[ALICE, "Alice"]]),
});

const word = (value: bigint) => toBeHex(value, 32);
const stored = (before: Record<string, bigint>, after: Record<string, bigint>): Trace => {
  const storage = (words: Record<string, bigint>) =>
    Object.fromEntries(Object.entries(words).map(([slot, value]) => [word(BigInt(slot)), word(value)]));
  return {
    pre: { [CONTRACT]: { storage: storage(before) } },
    post: { [CONTRACT]: { storage: storage(after) } },
  };
};

const read = (trace: Trace) =>
  readChanges(trace, { receipt: { from: SENDER } as never, miner: MINER }, names);
const shown = (trace: Trace) =>
  read(trace).map(({ name, type, before, after }) => [name, type, before, after]);

describe("the state diff of a transaction", () => {
  it("names each of the variables that share a slot, and leaves out those that stay", () => {
    const before = 5n | (1n << 40n) | (BigInt(ALICE) << 48n);
    const after = 6n | (0n << 40n) | (BigInt(ALICE) << 48n);
    expect(shown(stored({ 0: before }, { 0: after }))).to.deep.equal([
      ["mode", "enum Mode", "On", "Off"],
      ["small", "uint40", "5", "6"],
    ]);
  });

  it("takes what the tracer leaves out for zero", () => {
    expect(shown(stored({}, { 0: 7n }))).to.deep.equal([["small", "uint40", "0", "7"]]);
    expect(shown(stored({ 0: 7n }, {}))).to.deep.equal([["small", "uint40", "7", "0"]]);
  });

  it("tells the seconds of a delay from the time at which they count", () => {
    const delay = (effect: bigint, before: bigint, after: bigint) =>
      (effect << 64n) | (before << 32n) | after;
    expect(shown(stored({ 1: delay(0n, 0n, 60n) }, { 1: delay(1_000n, 60n, 90n) }))).to.deep.equal([
      ["delay.after", "uint32", "60", "90"],
      ["delay.before", "uint32", "0", "60"],
      ["delay.effect", "uint48", "0", "1000"],
    ]);
  });

  it("finds the entries of a mapping under the keys that it is told", () => {
    const slot = BigInt(solidityPackedKeccak256(["uint256", "uint256"], [ALICE, 2]));
    const trace = stored({}, { [word(slot)]: 3n << 128n, [word(slot + 1n)]: 9n });
    expect(shown(trace)).to.deep.equal([
      ["balances[Alice].held", "uint128", "0", "3"],
      ["balances[Alice].nonce", "uint256", "0", "9"],
    ]);
  });

  it("puts a namespace's last word before its variables", () => {
    expect(shown(stored({}, { 0x1000: 1n }))).to.deep.equal([["Names.flag", "bool", "false", "true"]]);
  });

  describe("is refused", () => {
    const refusal = (trace: Trace) => {
      try {
        read(trace);
      } catch (error) {
        expect(error).to.be.instanceOf(Fault);
        return (error as Fault).message;
      }
      return expect.fail("it was taken");
    };

    it("if a slot has no name", () => {
      expect(refusal(stored({}, { 77: 1n })))
        .to.include("slot")
        .and.to.include("has no name");
    });

    it("if bits change beside the variables of a slot", () => {
      expect(refusal(stored({}, { 0: 1n << 255n }))).to.include("has no name");
    });

    it("if it is of a contract that has no name", () => {
      const trace = { pre: {}, post: { [ALICE]: { storage: { [word(0n)]: word(1n) } } } };
      expect(refusal(trace)).to.include(`${ALICE}, which is no contract that it may change`);
    });

    it("if coin moves, but for gas from the sender to the miner", () => {
      const gas = { [SENDER]: { balance: "0x1", nonce: 2 }, [MINER]: { balance: "0x2" } };
      expect(read({ pre: gas, post: gas })).to.deep.equal([]);
      expect(refusal({ pre: {}, post: { [ALICE]: { balance: "0x5" } } })).to.include(
        `moves coin to or from ${ALICE}`,
      );
    });

    it("if code is made", () => {
      expect(refusal({ pre: {}, post: { [ALICE]: { code: "0x60" } } })).to.include(`the code of ${ALICE}`);
    });
  });
});
