import { readFile } from "node:fs/promises";

import { expect } from "chai";
import json5 from "json5";

import { checkParameters, readParameters } from "../../deploy/parameters.js";
import { HELD_ROLES, type HeldRole } from "../../deploy/roles.js";

interface Written {
  production: boolean;
  rollbackWindow: number;
  permit2: string;
  tokens: Record<string, unknown>[];
  holders: Record<HeldRole, string[]>;
}

const read = async (network: string) =>
  json5.parse<Written>(await readFile(`deploy/parameters/${network}.json5`, "utf8"));

/** Names another holder for each role, as whoever deploys has to. */
function withHolders(written: Written): Written {
  HELD_ROLES.forEach((role, i) => (written.holders[role] = [`0x${String(i + 1).padStart(40, "0")}`]));
  return written;
}

describe("the deployment parameters", () => {
  /** What is refused of a network's parameters after `change`; empty if they are accepted. */
  async function refusalOf(network: "local" | "sepolia", change: (written: Written) => void = () => {}) {
    const written = network === "sepolia" ? withHolders(await read(network)) : await read(network);
    change(written);
    try {
      checkParameters(written, "they");
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  }

  it("are accepted as they are for a local chain", async () => {
    expect(await refusalOf("local")).to.equal("");
  });

  it("are accepted for Sepolia once every role has a holder", async () => {
    expect(await refusalOf("sepolia")).to.equal("");
  });

  it("refuse to invent a holder", async () => {
    const refusal = await refusalOf("sepolia", ({ holders }) => (holders.ADMIN = []));
    expect(refusal).to.equal("they cannot be deployed:\n  holders.ADMIN: needs at least one holder");
  });

  it("turn whole tokens into the smallest unit", async () => {
    const { tokens } = checkParameters(withHolders(await read("sepolia")));
    expect(tokens.map(({ symbol, approvalThreshold }) => [symbol, approvalThreshold])).to.deep.equal([
      ["USDC", 1_000n * 10n ** 6n],
      ["ETH", 5n * 10n ** 17n],
    ]);
  });

  for (const [name, change, reason] of [
    [
      "the zero address",
      (p) => (p.holders.ADMIN = [`0x${"0".repeat(40)}`]),
      "holders.ADMIN.0: is the zero address",
    ],
    ["what is no address", (p) => (p.holders.ADMIN = ["0x12"]), "holders.ADMIN.0: is not an address: 0x12"],
    ["a rollback window of an hour", (p) => (p.rollbackWindow = 3600), "rollbackWindow: "],
    ["a field that nobody reads", (p) => Object.assign(p, { rollbackwindow: 1 }), "Unrecognized key"],
    ["a number for an amount", (p) => (p.tokens[0]!.cap = 5), "tokens.0.cap: "],
    ["a token in two places", (p) => (p.tokens[0]!.native = true), "tokens.0: needs exactly one of"],
    ["a symbol twice", (p) => p.tokens.push({ ...p.tokens[0] }), "tokens names a symbol twice"],
    [
      "a holder named twice",
      (p) => p.holders.ARBITER.push(p.holders.ARBITER[0]!),
      "holders.ARBITER names an address twice",
    ],
  ] as [string, (written: Written) => void, string][]) {
    it(`refuse ${name}`, async () => {
      expect(await refusalOf("local", change)).to.include(reason);
    });
  }

  describe("in production", () => {
    for (const [one, other] of [
      ["GUARDIAN", "UPGRADER"],
      ["GUARDIAN", "ADMIN"],
      ["GUARDIAN", "CONFIGURATOR"],
      ["OPERATOR", "APPROVER"],
      ["ADMIN", "UPGRADER"],
    ] as const) {
      it(`refuse one address as ${one} and ${other}`, async () => {
        const share = ({ holders }: Written) => (holders[other] = holders[one]);
        expect(await refusalOf("sepolia", share)).to.include(`may not hold both ${one} and ${other}`);
        expect(await refusalOf("local", share)).to.equal("");
      });
    }

    it("refuse test tokens and a Permit2 of our own", async () => {
      const refusal = await refusalOf("local", (written) => (written.production = true));
      expect(refusal).to.include("permit2 must be an address in production");
      expect(refusal).to.include("tokens.USDC would deploy a test token in production");
    });
  });

  it("say which file to write when there is none", async () => {
    const failure = await readParameters("deploy/parameters/nowhere.json5").catch(
      (error: Error) => error.message,
    );
    expect(failure).to.equal(
      "There are no deployment parameters at deploy/parameters/nowhere.json5; " +
        "copy deploy/parameters/sepolia.json5 there and fill it in.",
    );
  });
});
