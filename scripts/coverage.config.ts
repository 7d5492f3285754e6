import type { HardhatUserConfig } from "hardhat/config";

import config from "../hardhat.config.js";

/** Instrumented code is built in a place of its own, so that it is never deployed, measured or taken for the real one. */
export default {
  ...config,
  paths: { ...config.paths, artifacts: "coverage/artifacts", cache: "coverage/cache" },
  typechain: { dontOverrideCompile: true },
  coverage: { skipFiles: ["contracts/mocks/**"] },
} satisfies HardhatUserConfig;
