import { createRequire } from "node:module";

import hardhatToolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";

import { DEPLOY_DIR } from "./deploy/place.js";
import { dependencyWarnings } from "./scripts/lib/dependency-warnings.js";
import { modePlugin } from "./scripts/lib/mode/plugin.js";
import { tasks } from "./scripts/tasks.js";

const require = createRequire(import.meta.url);

/** The compiler comes from npm, so a closed network builds the same bytecode as everybody else. */
const compiler = (version: string, npmPackage: string, settings: object) => ({
  version,
  path: require.resolve(`${npmPackage}/soljson.js`),
  settings,
});

/** Tests run the bytecode that is deployed: one set of settings, no separate "production" profile. */
const settings = {
  viaIR: true,
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  // The hash of the metadata depends on what else was compiled in the same go; without it the same source has the same
  // codehash on every machine, which is what deployment and upgrades compare.
  metadata: { bytecodeHash: "none" },
  outputSelection: { "*": { "*": ["storageLayout"] } },
};

const compilers = [
  compiler("0.8.37", "solc", settings),
  // Uniswap's Permit2, which local networks get the real code of, was written for exactly this one.
  compiler("0.8.17", "solc-0.8.17", { viaIR: true, optimizer: { enabled: true, runs: 1_000_000 } }),
];

/**
 * Runs for each of the six invariants. In 2,000 calls every function of every handler succeeds, which each run checks.
 * Handlers try only what must work, so a revert is a fault. They hash what they are given, so values that EDR finds in
 * code and storage would be of no use to them.
 */
const invariantRuns = (runs: number) => ({
  runs,
  depth: 2_000,
  failOnRevert: true,
  shrinkRunLimit: 50,
  dictionaryWeight: 0,
  includeStorage: false,
  includePushBytes: false,
});

export default defineConfig({
  plugins: [hardhatToolbox, dependencyWarnings, modePlugin],
  tasks,
  networks: {
    local: {
      type: "http",
      chainId: 31337,
      // A variable is looked at when a command connects, which can then say in its exit code that it could not.
      url: process.env.LOCAL_RPC_URL ? configVariable("LOCAL_RPC_URL") : "http://127.0.0.1:8545",
      // Named, its keys sign here; otherwise the node signs for whom it knows.
      accounts: process.env.LOCAL_MNEMONIC ? { mnemonic: configVariable("LOCAL_MNEMONIC") } : "remote",
    },
    sepolia: {
      type: "http",
      chainId: 11155111,
      url: configVariable("SEPOLIA_RPC_URL"),
      accounts: [configVariable("DEPLOYER_KEY")],
    },
  },
  solidity: {
    // Who only wants to run the suite does not wait for its tests to compile.
    splitTestsCompilation: true,
    profiles: {
      default: { compilers },
      production: { compilers },
    },
    npmFilesToBuild: [
      "@uniswap/v4-periphery/lib/permit2/src/Permit2.sol",
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol",
      "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol",
    ],
  },
  paths: {
    tests: { mocha: "test", solidity: "test/solidity" },
    ignition: DEPLOY_DIR,
  },
  test: {
    mocha: { timeout: 120_000 },
    solidity: {
      profiles: {
        default: { invariant: invariantRuns(1) },
        deep: { invariant: invariantRuns(85) },
      },
    },
  },
});
