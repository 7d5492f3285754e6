import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import hardhatKeystore from "@nomicfoundation/hardhat-keystore";
import { expect } from "chai";
import { Transaction, verifyTypedData, type TypedDataField } from "ethers";
import { configVariable } from "hardhat/config";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import type { HttpNetworkAccountsUserConfig } from "hardhat/types/config";
import type { HardhatPlugin } from "hardhat/types/plugins";

import { openKeystore } from "../../../scripts/lib/signers/keystore.js";
import { itFollows } from "../../specs/outline.js";
import { faultIn } from "../../support/fault.js";
import { MNEMONIC, OTHER_WALLET, SAFE_TX, WALLET, transactionOf } from "../../support/signing.js";

const KEY = WALLET.privateKey;

describe("keystore", () => {
  /** Hardhat with a network of these accounts, which nobody asks anything. */
  const hardhatWith = (accounts: HttpNetworkAccountsUserConfig | undefined, plugins: HardhatPlugin[] = []) =>
    createHardhatRuntimeEnvironment({
      plugins,
      networks: { signing: { type: "http", url: "http://127.0.0.1:1", accounts } },
    });

  async function open(accounts: HttpNetworkAccountsUserConfig | undefined, address?: string) {
    const hre = await hardhatWith(accounts);
    return openKeystore({ accounts: hre.config.networks.signing!.accounts, address });
  }

  describe("that holds the key", () => {
    it("signs typed data", async () => {
      const { domain, types, message } = SAFE_TX;
      const signature = await (await open([KEY])).signTypedData(SAFE_TX);
      const signer = verifyTypedData(domain, types as Record<string, TypedDataField[]>, message, signature);
      expect(signer).to.equal(WALLET.address);
    });

    it("signs a transaction", async () => {
      const transaction = transactionOf(200);
      const { raw } = (await (await open([KEY])).signTransaction(transaction)) as { raw: string };
      expect(Transaction.from(raw)).to.include({ from: WALLET.address, data: transaction.data });
    });

    it("is asked for nothing that is not sealed", async () => {
      const signer = await open([KEY]);
      expect(await faultIn(signer.signTypedData({ ...SAFE_TX }))).to.match(/stands in a manifest/);
      expect(await faultIn(signer.signTransaction({ ...transactionOf(4) }))).to.match(/stands in a manifest/);
    });

    it("does not show it", async () => {
      const signer = await open([KEY]);
      await signer.close();
      expect(JSON.stringify(signer)).to.not.include(KEY.slice(2));
    });
  });

  describe("where it is kept", () => {
    it("is Hardhat's own keystore", async () => {
      const directory = await mkdtemp(join(tmpdir(), "holdfast-keystore-"));
      const hre = await hardhatWith(
        [configVariable("HOLDFAST_TEST_KEY")],
        [hardhatKeystore, keptIn(directory)],
      );
      // Where Hardhat asks for the secret; it keeps it encrypted, and makes up the password of the development keystore.
      hre.hooks.registerHandlers("userInterruptions", { requestSecretInput: () => Promise.resolve(KEY) });
      const { env } = process;
      const { log } = console;
      // Hardhat leaves the keystore alone on machines that build and test by themselves.
      process.env = { HH_TEST: "true" };
      console.log = () => undefined;
      try {
        await hre.tasks.getTask(["keystore", "set"]).run({ dev: true, key: "HOLDFAST_TEST_KEY" });
        const signer = await openKeystore({ accounts: hre.config.networks.signing!.accounts });
        expect(signer.address).to.equal(WALLET.address);
      } finally {
        process.env = env;
        console.log = log;
        await rm(directory, { recursive: true });
      }
    });

    it("is a variable of the environment", async () => {
      process.env.HOLDFAST_TEST_KEY = KEY;
      try {
        expect((await open([configVariable("HOLDFAST_TEST_KEY")])).address).to.equal(WALLET.address);
      } finally {
        delete process.env.HOLDFAST_TEST_KEY;
      }
    });

    it("is a phrase of many keys", async () => {
      const signer = await open({ mnemonic: MNEMONIC }, OTHER_WALLET.address.toLowerCase());
      expect(signer.address).to.equal(OTHER_WALLET.address);
    });
  });

  describe("that holds another key", () => {
    it("names the accounts that it has keys of", async () => {
      expect(await faultIn(open([KEY], OTHER_WALLET.address))).to.equal(
        `The network has no key of ${OTHER_WALLET.address}, only of:\n  ${WALLET.address}`,
      );
    });

    it("is not chosen from where there are several", async () => {
      expect(await faultIn(open([KEY, OTHER_WALLET.privateKey]))).to.equal(
        `The network has several accounts: say which one.\n  ${WALLET.address}\n  ${OTHER_WALLET.address}`,
      );
    });
  });

  describe("that holds none", () => {
    it("says how to put one there", async () => {
      expect(await faultIn(open(undefined))).to.match(/no accounts of its own.*\n.*npx hardhat keystore set/);
    });

    it("does not repeat what it holds instead", async () => {
      process.env.HOLDFAST_TEST_KEY = KEY.slice(0, -2);
      try {
        const said = await faultIn(open([configVariable("HOLDFAST_TEST_KEY")]));
        expect(said).to.equal("What the network's accounts hold as a private key is none.");
      } finally {
        delete process.env.HOLDFAST_TEST_KEY;
      }
    });
  });

  itFollows("signers/keystore.tree");
});

/** Has the plugin keep its files in a directory of the test, and not in that of whoever runs it. */
function keptIn(directory: string): HardhatPlugin {
  const files = {
    filePath: join(directory, "keystore.json"),
    devFilePath: join(directory, "dev.keystore.json"),
    devPasswordFilePath: join(directory, "password"),
  };
  return {
    id: "holdfast-test-keystore",
    hookHandlers: {
      config: () =>
        Promise.resolve({
          default: () =>
            Promise.resolve({
              resolveUserConfig: async (config, resolve, next) => ({
                ...(await next(config, resolve)),
                keystore: files,
              }),
            }),
        }),
    },
  };
}
