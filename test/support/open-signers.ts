import hre from "hardhat";

import { openSigner } from "../../scripts/lib/signers/open.js";
import type { SignerKind } from "../../scripts/lib/signers/signer.js";
import { NoInternet } from "./no-internet.js";
import { SAFE_TX, WALLET } from "./signing.js";

// Run as a process of its own by the tests that want to know what it loads, and that it ends:
// SIGNERS=keystore,trezor npx hardhat run --no-compile test/support/open-signers.ts
// Without the variable it does nothing: the runner of the tests loads every file below test/.
const signers = process.env.SIGNERS;
if (signers !== undefined) {
  const internet = await NoInternet.begin();
  const connection = await hre.network.create();
  for (const kind of signers.split(",") as SignerKind[]) {
    try {
      const options = { connection, address: WALLET.address, transport: "udp", deviceMs: 30_000 } as const;
      const signer = await openSigner(kind, options);
      console.log(await signer.signTypedData(SAFE_TX));
      await signer.close();
    } catch (error) {
      console.log((error as Error).message);
    }
  }
  await internet.end();
}
