import { expect } from "chai";

import { Fault } from "../../../deploy/fault.js";
import { TARGET_INTERFACES } from "../../../deploy/selectors.js";
import { decodeCall, type Vocabulary } from "../../../scripts/lib/operations/calls.js";
import { formatAmount, formatDuration, formatTime } from "../../../scripts/lib/operations/units.js";

const [MANAGER, CONTROLLER, REGISTRY, ESCROW, USDC, ALICE, CODE] = Array.from(
  { length: 7 },
  (_, i) => `0x${String(i + 1).repeat(40)}`,
) as [string, string, string, string, string, string, string];

const vocabulary: Vocabulary = {
  names: { [ESCROW]: "escrow", [USDC]: "USDC", [ALICE]: "GUARDIAN" },
  tokens: [{ symbol: "USDC", address: USDC, decimals: 6 }],
  targets: {
    accessManager: MANAGER,
    upgradeController: CONTROLLER,
    complianceRegistry: REGISTRY,
    escrow: ESCROW,
  },
};

const { accessManager, escrow, upgradeController } = TARGET_INTERFACES;
const meanings = (to: string, data: string) =>
  Object.fromEntries(
    decodeCall(to, data, vocabulary).arguments.map(({ name, value, meaning }) => [name, meaning ?? value]),
  );

describe("a call in words", () => {
  it("says what is paused, and for how long", () => {
    const data = escrow.encodeFunctionData("pause", [5, 7_200, "why"]);
    expect(meanings(ESCROW, data)).to.deep.equal({
      bits: "DEPOSITS and EXITS",
      duration: "2 hours",
      reason: "why",
    });
  });

  it("says amounts in the token that the call is about", () => {
    const config = [true, 2_500_500_000n, 10_000_000n, 1n, 86_400];
    expect(meanings(ESCROW, escrow.encodeFunctionData("configureToken", [USDC, config]))).to.deep.equal({
      token: "USDC",
      "config.enabled": "true",
      "config.cap": "2,500.5 USDC",
      "config.approvalThreshold": "10 USDC",
      "config.outflowLimit": "0.000001 USDC",
      "config.outflowWindow": "1 day",
    });
  });

  it("says roles, people and delays by their names", () => {
    const data = accessManager.encodeFunctionData("grantRole", [2, ALICE, 0]);
    expect(meanings(MANAGER, data)).to.deep.equal({
      roleId: "GUARDIAN",
      account: "GUARDIAN",
      executionDelay: "0 seconds",
    });
  });

  it("says functions by their names", () => {
    const selectors = [escrow.getFunction("pause")!.selector, "0x12345678"];
    const data = accessManager.encodeFunctionData("setTargetFunctionRole", [ESCROW, selectors, 2]);
    expect(meanings(MANAGER, data)).to.deep.equal({
      target: "escrow",
      selectors: "pause, 0x12345678",
      roleId: "GUARDIAN",
    });
  });

  it("shows what is scheduled, through several calls at once", () => {
    const unpause = escrow.encodeFunctionData("unpause", [4]);
    const schedule = accessManager.encodeFunctionData("schedule", [ESCROW, unpause, 0]);
    const { calls } = decodeCall(
      MANAGER,
      accessManager.encodeFunctionData("multicall", [[schedule]]),
      vocabulary,
    );
    expect(calls[0]!.calls[0]).to.deep.include({ contract: "escrow", function: "unpause(uint8)" });
  });

  it("shows what is cancelled", () => {
    const unpause = escrow.encodeFunctionData("unpause", [4]);
    const cancel = accessManager.encodeFunctionData("cancel", [ALICE, ESCROW, unpause]);
    expect(decodeCall(MANAGER, cancel, vocabulary).calls[0]!.function).to.equal("unpause(uint8)");
  });

  describe("that is cancelled, and that there are no words for, is shown as it is:", () => {
    const cancelled = (target: string, data: string) =>
      decodeCall(MANAGER, accessManager.encodeFunctionData("cancel", [ALICE, target, data]), vocabulary)
        .calls;

    it("what an upgrade runs of a version that nobody here knows", () => {
      const upgrade = upgradeController.encodeFunctionData("upgrade", [ESCROW, CODE, "0x12345678"]);
      const [call] = cancelled(CONTROLLER, upgrade);
      expect(call!.function).to.equal("upgrade(address,address,bytes)");
      expect(call!.calls).to.deep.equal([
        {
          address: ESCROW,
          contract: "escrow",
          function: "0x12345678",
          arguments: [{ name: "data", type: "bytes", value: "0x12345678" }],
          calls: [],
        },
      ]);
    });

    const unpadded = upgradeController
      .encodeFunctionData("upgrade", [ESCROW, CODE, "0x12345678"])
      .slice(0, -56);
    const notText = escrow.encodeFunctionData("pause", [1, 60, "?"]).replace(/3f(0{62})$/, "ff$1");

    for (const [what, target, data] of [
      ["a call of a contract that is not the suite's", CODE, "0x123456789abcdef0"],
      ["a function that a contract of the suite does not have", ESCROW, "0x123456789abcdef0"],
      ["nothing at all", CODE, "0x"],
      ["an upgrade whose last bytes are not padded, which a contract takes", CONTROLLER, unpadded],
      ["a reason that is no UTF-8, which a contract takes", ESCROW, notText],
    ] as const) {
      it(what, () => {
        const [call] = cancelled(target, data);
        expect(call).to.deep.include({ address: target, function: data.slice(0, 10), calls: [] });
        expect(call!.arguments[0]!.value).to.equal(data);
      });
    }
  });

  describe("does not exist", () => {
    const refuse = (to: string, data: string) =>
      expect(() => decodeCall(to, data, vocabulary)).to.throw(Fault);

    it("for a contract that is not the suite's", () => {
      refuse(ALICE, "0x").with.property("message").that.includes("no contract of the suite");
    });

    it("for a function that the contract does not have", () => {
      refuse(ESCROW, "0x12345678").with.property("message").that.includes("no function 0x12345678");
    });

    it("for an upgrade that runs less than a selector", () => {
      refuse(CONTROLLER, upgradeController.encodeFunctionData("upgrade", [ESCROW, CODE, "0x12"]))
        .with.property("message")
        .that.includes("0x12, which has no name");
    });

    it("for bytes that say more than they show", () => {
      const data = `${escrow.encodeFunctionData("unpause", [4])}00`;
      refuse(ESCROW, data).with.property("message").that.includes("more than it shows");
    });

    it("for an upgrade that calls a function without a name", () => {
      refuse(CONTROLLER, upgradeController.encodeFunctionData("upgrade", [ESCROW, CODE, "0x12345678"]))
        .with.property("message")
        .that.includes("has no name");
    });

    it("for a scheduled call that cannot be read either", () => {
      refuse(MANAGER, accessManager.encodeFunctionData("schedule", [ALICE, "0x12345678", 0]));
    });
  });
});

describe("units", () => {
  it("write durations in as many parts as they have", () => {
    expect([0, 1, 90, 3_661, 172_800, 604_800, 691_200].map(formatDuration)).to.deep.equal([
      "0 seconds",
      "1 second",
      "1 minute 30 seconds",
      "1 hour 1 minute 1 second",
      "2 days",
      "1 week",
      "8 days",
    ]);
  });

  it("write times of day in UTC", () => {
    expect(formatTime(1_795_366_465)).to.equal("2026-11-22 16:54:25 UTC");
  });

  it("write every digit of an amount", () => {
    const dai = { symbol: "DAI", address: USDC, decimals: 18 };
    expect(formatAmount(12_345_678_000_000_000_000_000_001n, dai)).to.equal(
      "12,345,678.000000000000000001 DAI",
    );
    expect(formatAmount(5n, { ...dai, decimals: 0 })).to.equal("5 DAI");
  });
});
