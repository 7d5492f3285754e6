import { rm } from "node:fs/promises";

import { expect } from "chai";

import {
  parseRecord,
  readRecord,
  recordPath,
  writeRecord,
  type DeploymentRecord,
} from "../../deploy/record.js";

/** No chain has this id, so no real record is touched. */
const CHAIN_ID = 9_999_999_999;

const address = (digit: string) => `0x${digit.repeat(40)}`;
const codehash = `0x${"ab".repeat(32)}`;
const proxied = { address: address("1"), proxyAdmin: address("2"), implementation: address("3"), codehash };
const RECORD: DeploymentRecord = {
  chainId: CHAIN_ID,
  network: "nowhere",
  startBlock: 7,
  compiler: { version: "0.8.37", evmVersion: "cancun", viaIR: true, optimizerRuns: 200 },
  commit: "unknown",
  contracts: {
    accessManager: { address: address("4"), codehash },
    upgradeController: { address: address("5"), codehash },
    complianceRegistry: { ...proxied },
    escrow: { ...proxied },
    escrowLens: { address: address("8"), codehash },
    permit2: { address: address("6") },
  },
  tokens: [{ symbol: "USDC", address: address("7"), decimals: 6 }],
};

describe("the deployment record", () => {
  afterEach(() => rm(recordPath(CHAIN_ID), { force: true }));

  it("reads back as it was written", async () => {
    await writeRecord(RECORD);
    expect(await readRecord(CHAIN_ID)).to.deep.equal(RECORD);
  });

  const failureOf = async (attempt: () => unknown) => {
    try {
      await attempt();
    } catch (error) {
      return (error as Error).message;
    }
    return "no failure";
  };

  it("says what to do when there is none", async () => {
    expect(await failureOf(() => readRecord(CHAIN_ID))).to.equal(
      `There is no deployment record for chain ${CHAIN_ID} at ${recordPath(CHAIN_ID)}; ` +
        "deploy first: npx hardhat deploy --network <name>.",
    );
  });

  it("says where it is malformed", async () => {
    const damaged = structuredClone(RECORD) as {
      startBlock: unknown;
      contracts: { escrow: { codehash: string } };
    };
    damaged.startBlock = "7";
    damaged.contracts.escrow.codehash = "0x12";
    expect(await failureOf(() => parseRecord(JSON.stringify(damaged), "x.json"))).to.equal(
      "The deployment record x.json is malformed at startBlock (Expected number, received string), " +
        "contracts.escrow.codehash (is not 32 bytes of hex); restore it from git or deploy again.",
    );
  });

  it("says that it is not JSON", async () => {
    expect(await failureOf(() => parseRecord("{", "x.json"))).to.equal(
      "The deployment record x.json is not JSON; restore it from git or deploy again.",
    );
  });
});
