import { expect } from "chai";
import hre from "hardhat";

import { openSigner } from "../../../scripts/lib/signers/open.js";
import { faultIn } from "../../support/fault.js";
import { serveJsonRpc } from "../../support/json-rpc-server.js";
import { OTHER_WALLET, WALLET } from "../../support/signing.js";

describe("a signer", () => {
  let connection: Awaited<ReturnType<typeof hre.network.create>>;

  before(async () => {
    connection = await hre.network.create();
  });

  it("is a key of the network's accounts", async () => {
    const signer = await openSigner("keystore", { connection, address: OTHER_WALLET.address });
    expect([signer.kind, signer.address]).to.deep.equal(["keystore", OTHER_WALLET.address]);
  });

  it("is a wallet that answers JSON-RPC", async () => {
    const wallet = await serveJsonRpc({ eth_requestAccounts: () => [WALLET.address] });
    try {
      const signer = await openSigner("wallet", { connection, walletUrl: wallet.url });
      expect([signer.kind, signer.address]).to.deep.equal(["wallet", WALLET.address]);
    } finally {
      await wallet.stop();
    }
  });

  it("is a Ledger whose owner is named", async () => {
    expect(await faultIn(openSigner("ledger", { connection }))).to.equal(
      "Say whose Ledger it is: give its address.",
    );
  });
});
