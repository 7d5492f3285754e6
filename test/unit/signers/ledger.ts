import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { Transaction, verifyTypedData, type TypedDataField } from "ethers";

import { openLedger, type LedgerOptions } from "../../../scripts/lib/signers/ledger.js";
import { screensFor } from "../../../scripts/lib/signers/screens.js";
import type { Signer, TypedMessage } from "../../../scripts/lib/signers/signer.js";
import { itFollows } from "../../specs/outline.js";
import { faultIn } from "../../support/fault.js";
import { LedgerDevice, type LedgerDeviceOptions } from "../../support/ledger-device.js";
import { NoInternet } from "../../support/no-internet.js";
import {
  NESTED,
  OTHER_WALLET,
  SAFE_TX,
  ScriptedPerson,
  WALLET,
  transactionOf,
  walletAt,
} from "../../support/signing.js";

/** Hardhat's plugin and Ledger's libraries run unchanged, down to the packets of USB, on a double of `node-hid`. */
describe("Ledger", () => {
  const { XDG_CONFIG_HOME: configHome } = process.env;
  let internet: NoInternet;
  let directory: string;
  let device: LedgerDevice | undefined;
  let signer: Signer | undefined;
  let person: ScriptedPerson;

  before(async () => {
    internet = await NoInternet.begin();
    // Where the plugin remembers which path an address has.
    directory = await mkdtemp(join(tmpdir(), "holdfast-ledger-"));
    process.env.XDG_CONFIG_HOME = directory;
  });
  after(async () => {
    await internet.end();
    if (configHome === undefined) delete process.env.XDG_CONFIG_HOME;
    else process.env.XDG_CONFIG_HOME = configHome;
    await rm(directory, { recursive: true });
  });
  afterEach(async () => {
    await signer?.close();
    device?.remove();
    signer = undefined;
  });

  const plugIn = (options?: LedgerDeviceOptions) => (device = LedgerDevice.plugIn(options));

  async function open(options: Partial<LedgerOptions> = {}): Promise<Signer> {
    person = new ScriptedPerson();
    const defaults = { address: WALLET.address, deviceMs: 0, personMs: 30_000, person };
    return (signer = await openLedger({ ...defaults, ...options }));
  }

  const signerOf = ({ domain, types, message }: TypedMessage, signature: string) =>
    verifyTypedData(domain, types as Record<string, TypedDataField[]>, message, signature);

  describe("whose owner confirms", () => {
    const messages: [string, typeof SAFE_TX][] = [
      ["a Safe's transaction", SAFE_TX],
      ["a message of nested types and arrays", NESTED],
    ];
    for (const [what, message] of messages) {
      it(`signs ${what} by its hashes, and shows the screens foretold`, async () => {
        plugIn();
        const signature = await (await open()).signTypedData(message);
        expect(signerOf(message, signature)).to.equal(WALLET.address);
        expect(device!.screens).to.deep.equal(screensFor("ledger-hashes", message, WALLET.address));
      });
    }

    const transactions: [string, ReturnType<typeof transactionOf>][] = [
      ["of money without data", transactionOf(0, { value: 1_500_000_000_000_000_000n })],
      ["with data on a chain that the device knows", transactionOf(68, { chainId: 1 })],
      ["with more data than fits into one message to the device", transactionOf(900, { value: 1n })],
    ];
    for (const [what, transaction] of transactions) {
      it(`signs a transaction ${what}, sends nothing, and shows the screens foretold`, async () => {
        plugIn();
        const { raw } = (await (await open()).signTransaction(transaction)) as { raw: string };
        expect(Transaction.from(raw)).to.include({ from: WALLET.address, data: transaction.data });
        expect(device!.screens).to.deep.equal(screensFor("ledger-hashes", transaction, WALLET.address));
      });
    }

    it("is asked for nothing that is not sealed", async () => {
      plugIn();
      await open();
      expect(await faultIn(signer!.signTypedData({ ...SAFE_TX }))).to.match(/stands in a manifest/);
      expect(await faultIn(signer!.signTransaction({ ...transactionOf(4) }))).to.match(
        /stands in a manifest/,
      );
      expect([device!.screens, person.heard]).to.deep.equal([[], []]);
    });

    it("is looked through for the path of an account", async () => {
      plugIn();
      const { address } = walletAt("m/44'/60'/3'/0/0");
      await open({ address });
      expect(signerOf(SAFE_TX, await signer!.signTypedData(SAFE_TX))).to.equal(address);
    });

    it("signs with the key at another path", async () => {
      plugIn();
      await open({ address: OTHER_WALLET.address, path: "m/44'/60'/0'/0/7" });
      expect(signerOf(SAFE_TX, await signer!.signTypedData(SAFE_TX))).to.equal(OTHER_WALLET.address);
    });
  });

  describe("whose owner does not", () => {
    it("says that the message was declined", async () => {
      plugIn({ act: () => "decline" });
      expect(await faultIn((await open()).signTypedData(SAFE_TX))).to.match(/declined on the Ledger/);
    });

    it("says that the transaction was declined", async () => {
      plugIn({ act: () => "decline" });
      expect(await faultIn((await open()).signTransaction(transactionOf(4)))).to.match(
        /declined on the Ledger/,
      );
    });

    it("waits no longer than it was told", async () => {
      plugIn({ act: () => "be absent" });
      await open({ personMs: 200 });
      expect(await faultIn(signer!.signTypedData(SAFE_TX))).to.match(
        /Nothing was decided on the Ledger for 0.2 s/,
      );
    });

    it("is an error when the cable is pulled", async () => {
      plugIn({ act: () => "unplug" });
      expect(await faultIn((await open()).signTransaction(transactionOf(4)))).to.match(/No Ledger was found/);
    });
  });

  describe("that cannot sign", () => {
    it("is an error and no endless search where there is no device", async () => {
      plugIn().unplug();
      expect(await faultIn((await open()).signTypedData(SAFE_TX))).to.match(
        /No Ledger was found that is ready to sign: nothing was signed.\n.*plug in your Ledger/,
      );
    });

    it("says what to turn on where it may not sign blindly", async () => {
      plugIn({ signsBlind: false });
      await open();
      expect(await faultIn(signer!.signTypedData(SAFE_TX))).to.match(/turn on blind signing/);
      expect(await faultIn(signer!.signTransaction(transactionOf(4)))).to.match(/turn on blind signing/);
    });

    it("says that it has no such account where it is another device", async () => {
      plugIn({ mnemonic: `${"abandon ".repeat(11)}about` });
      await open({ address: walletAt("m/44'/60'/0'/0/1").address, path: "m/44'/60'/0'/0/1" });
      expect(await faultIn(signer!.signTypedData(SAFE_TX))).to.match(
        /Cannot find .* path for address "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"/,
      );
    });

    it("is found out where it is another device than the plugin remembers", async () => {
      plugIn({ mnemonic: `${"abandon ".repeat(11)}about` });
      expect(await faultIn((await open()).signTypedData(SAFE_TX))).to.equal(
        `The ledger signed as 0x9858EfFD232B4033E47d90003D41EC34EcaEda94 and not as ${WALLET.address}: do not use it.`,
      );
    });

    it("says how to build what is not built when packages are installed", async () => {
      plugIn().unbuild();
      expect(await faultIn(open())).to.match(
        /npm rebuild node-hid --dangerously-allow-all-scripts\n(.*\n)*.*libudev/,
      );
    });
  });

  describe("as a library", () => {
    it("asks nobody on the internet but Ledger", () => {
      expect([...internet.asked]).to.deep.equal(["crypto-assets-service.api.ledger.com"]);
    });
  });

  itFollows("signers/ledger.tree");
});
