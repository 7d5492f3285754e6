import { network } from "hardhat";

import { withFork } from "../../scripts/lib/operations/fork.js";

// Run as a process of its own by the test that interrupts it:
// HOLD_FORK=1 npx hardhat run --network local test/support/hold-fork.ts
// Without the variable it does nothing: the runner of the tests loads every file below test/.
if (process.env.HOLD_FORK !== undefined) {
  const connection = await network.create();
  await withFork(connection, await connection.ethers.provider.getBlockNumber(), async ({ url }) => {
    console.log(`The fork is at ${url}.`);
    await new Promise(() => setInterval(() => {}, 1_000));
  });
}
