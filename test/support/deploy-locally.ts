import { network } from "hardhat";

import { deploySuite } from "../../deploy/index.js";
import { localParameters } from "./suite.js";

// Run as a process of its own by the test that kills it: npx hardhat run --network local test/support/deploy-locally.ts
await deploySuite({ connection: await network.create(), parameters: await localParameters() });
