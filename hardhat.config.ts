import { createRequire } from "node:module";

import hardhatToolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { defineConfig } from "hardhat/config";

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
  outputSelection: { "*": { "*": ["storageLayout"] } },
};

export default defineConfig({
  plugins: [hardhatToolbox],
  solidity: {
    profiles: {
      default: { compilers: [compiler("0.8.37", "solc", settings)] },
      production: { compilers: [compiler("0.8.37", "solc", settings)] },
    },
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/proxy/transparent/ProxyAdmin.sol",
      "@openzeppelin/contracts/proxy/transparent/TransparentUpgradeableProxy.sol",
    ],
  },
  paths: {
    tests: { mocha: "test", solidity: "test/solidity" },
  },
  test: { mocha: { timeout: 120_000 } },
});
