import { expect } from "chai";
import { Transaction, verifyTypedData, type TypedDataField } from "ethers";

import { screensFor } from "../../../scripts/lib/signers/screens.js";
import type { Signer, TypedMessage } from "../../../scripts/lib/signers/signer.js";
import { openTrezor, type TrezorOptions } from "../../../scripts/lib/signers/trezor.js";
import { itFollows } from "../../specs/outline.js";
import { faultIn } from "../../support/fault.js";
import { NoInternet } from "../../support/no-internet.js";
import {
  TrezorDevice,
  type Act,
  type TrezorDeviceOptions,
  type TrezorModel,
} from "../../support/trezor-device.js";
import { takePort } from "../../support/trezor/port.js";
import { signInAProcessOfItsOwn } from "../../support/process-of-its-own.js";
import {
  NESTED,
  OTHER_WALLET,
  PATH,
  SAFE_TX,
  ScriptedPerson,
  WALLET,
  transactionOf,
  walletAt,
} from "../../support/signing.js";

type Types = Record<string, TypedDataField[]>;

/** The real `@trezor/connect` talks to a device double over UDP: one port, so one device and one test at a time. */
describe("Trezor", () => {
  let givePortBack: () => Promise<void>;
  let internet: NoInternet;
  let device: TrezorDevice | undefined;
  let signer: Signer | undefined;
  let person: ScriptedPerson;

  before(async function () {
    this.timeout(300_000);
    givePortBack = await takePort();
    internet = await NoInternet.begin();
  });
  after(async () => {
    await internet.end();
    await givePortBack();
  });

  async function letGo() {
    await signer?.close();
    await device?.unplug();
    signer = device = undefined;
  }

  async function plugIn(options: TrezorDeviceOptions): Promise<TrezorDevice> {
    return (device = await TrezorDevice.plugIn(options));
  }

  async function open(options: Partial<TrezorOptions> = {}): Promise<Signer> {
    person = (options.person as ScriptedPerson | undefined) ?? new ScriptedPerson();
    const defaults = { transport: "udp", path: PATH, deviceMs: 30_000, personMs: 30_000, person } as const;
    return (signer = await openTrezor({ ...defaults, ...options }));
  }

  const signerOf = ({ domain, types, message }: TypedMessage, signature: string) =>
    verifyTypedData(domain, types as Types, message, signature);

  const MODELS: [model: TrezorModel, title: string][] = [
    ["trezor-one", "a model that shows hashes only"],
    ["trezor-safe", "a model that shows fields"],
  ];
  for (const [model, title] of MODELS) {
    describe(title, () => {
      before(async () => {
        await plugIn({ model });
        await open();
      });
      beforeEach(() => device!.screens.splice(0));
      after(letGo);

      describe("whose owner confirms", () => {
        const messages: [string, typeof SAFE_TX][] = [
          ["a Safe's transaction", SAFE_TX],
          ["a message of nested types and arrays", NESTED],
        ];
        for (const [what, message] of messages) {
          it(`signs ${what}, and shows the screens foretold`, async () => {
            const signature = await signer!.signTypedData(message);
            expect(signerOf(message, signature)).to.equal(WALLET.address);
            expect(parseInt(signature.slice(-2), 16)).to.be.oneOf([27, 28]);
            expect(device!.screens).to.deep.equal(screensFor(model, message, WALLET.address));
          });
        }

        const transactions: [string, ReturnType<typeof transactionOf>][] = [
          ["of money without data", transactionOf(0, { value: 1_234_500_000_000_000_000_000n })],
          ["of dust with a short call", transactionOf(68, { value: 999_999_999n })],
          ["with as much data as the older model shows", transactionOf(120)],
          ["on a chain that the device knows", transactionOf(300, { chainId: 1, value: 10n ** 9n })],
          ["longer than any device takes in at once", transactionOf(7_500)],
        ];
        for (const [what, transaction] of transactions) {
          it(`signs a transaction ${what}, and shows the screens foretold`, async () => {
            const { raw } = (await signer!.signTransaction(transaction)) as { raw: string };
            const signed = Transaction.from(raw);
            expect([signed.from, signed.data]).to.deep.equal([WALLET.address, transaction.data]);
            expect(device!.screens).to.deep.equal(screensFor(model, transaction, WALLET.address));
          });
        }

        it("is asked for nothing that is not sealed", async () => {
          expect(await faultIn(signer!.signTypedData({ ...SAFE_TX }))).to.match(/stands in a manifest/);
          const unsealed = { ...transactionOf(4) };
          expect(await faultIn(signer!.signTransaction(unsealed))).to.match(/stands in a manifest/);
          expect(device!.screens).to.deep.equal([]);
        });
      });

      describe("whose owner does not", () => {
        /** Acts when the device shows its `screen`th, and confirms all others. */
        const actAt = (screen: number, act: Act) => {
          device!.act = () => (device!.screens.length === screen ? act : "confirm");
        };
        afterEach(() => (device!.act = () => "confirm"));

        it("says that it was declined on the last screen, and can be asked again", async () => {
          actAt(screensFor(model, SAFE_TX).length, "decline");
          expect(await faultIn(signer!.signTypedData(SAFE_TX))).to.match(/declined on the Trezor/);
          expect(signerOf(SAFE_TX, await signer!.signTypedData(SAFE_TX))).to.equal(WALLET.address);
        });
      });
    });
  }

  describe("whose owner is absent", () => {
    afterEach(letGo);

    it("takes its question back, so that nobody else can answer it", async () => {
      await plugIn({ model: "trezor-one" });
      await open({ personMs: 400 });
      device!.act = () => "be absent";
      device!.refusals.splice(0);
      expect(await faultIn(signer!.signTypedData(SAFE_TX))).to.match(
        /Nothing was done on the Trezor for 0.4 s/,
      );
      expect(device!.refusals).to.deep.equal(["Failure_ActionCancelled"]);
    });
  });

  describe("that is locked", () => {
    afterEach(letGo);

    it("has the PIN typed by its positions where the device has no keys for it", async () => {
      await plugIn({ model: "trezor-one", pin: "1793" });
      const { address } = await open({ person: new ScriptedPerson(["1793"]) });
      expect(address).to.equal(WALLET.address);
      expect(person.heard).to.deep.equal([
        "PIN, by the positions of its digits on the Trezor (7 8 9 / 4 5 6 / 1 2 3):",
      ]);
    });

    it("says that the PIN was wrong, after three of them", async () => {
      await plugIn({ model: "trezor-one", pin: "1793" });
      const wrong = new ScriptedPerson(["1111", "", "2222", "", "3333"]);
      expect(await faultIn(open({ person: wrong }))).to.match(/PIN was wrong/);
      expect(person.heard.filter((sentence) => sentence.startsWith("PIN,"))).to.have.lengthOf(3);
    });

    it("waits for a PIN no longer than it was told", async () => {
      await plugIn({ model: "trezor-one", pin: "1793" });
      expect(await faultIn(open({ personMs: 300 }))).to.match(/Nothing was done on the Trezor/);
    });

    it("has the PIN entered on a device that can take it", async () => {
      await plugIn({ model: "trezor-safe", pin: "1793" });
      const { address } = await open();
      expect([address, person.heard]).to.deep.equal([WALLET.address, ["Enter the PIN on the Trezor."]]);
    });
  });

  describe("with a passphrase", () => {
    afterEach(letGo);

    const hidden = walletAt(PATH, "correct horse");

    it("asks for it once, at the keyboard where the device has no keys for it", async () => {
      await plugIn({ model: "trezor-one", passphrase: "" });
      const { address } = await open({ person: new ScriptedPerson(["correct horse"]) });
      expect(address).to.equal(hidden.address);
      expect(signerOf(SAFE_TX, await signer!.signTypedData(SAFE_TX))).to.equal(hidden.address);
      expect(person.heard).to.deep.equal([
        "Passphrase (empty for the standard wallet):",
        "Read and confirm on the Trezor, screen by screen.",
      ]);
    });

    it("has it entered on a device that can take it", async () => {
      await plugIn({ model: "trezor-safe", passphrase: "correct horse" });
      const { address } = await open();
      expect(address).to.equal(hidden.address);
      expect(person.heard).to.deep.equal(["Enter the passphrase on the Trezor."]);
    });
  });

  describe("that is not the one", () => {
    afterEach(letGo);

    it("names both addresses and the path", async () => {
      await plugIn({ model: "trezor-one", mnemonic: `${"abandon ".repeat(11)}about` });
      expect(await faultIn(open({ address: WALLET.address }))).to.match(
        new RegExp(
          `not the Trezor of ${WALLET.address}: at ${PATH} it has 0x9858EfFD232B4033E47d90003D41EC34EcaEda94`,
        ),
      );
    });

    it("is refused where its seed has no backup", async () => {
      await plugIn({ model: "trezor-safe", hasBackup: false });
      expect(await faultIn(open())).to.match(/seed of this Trezor has no backup/);
    });

    it("is the one at another path", async () => {
      await plugIn({ model: "trezor-safe" });
      const path = "m/44'/60'/0'/0/7";
      const { address } = await open({ address: OTHER_WALLET.address.toLowerCase(), path });
      expect(address).to.equal(OTHER_WALLET.address);
    });
  });

  describe("that is not there", () => {
    afterEach(letGo);

    it("is an error after the time given, where an emulator is looked for", async () => {
      const since = Date.now();
      expect(await faultIn(open({ deviceMs: 200 }))).to.match(/No Trezor was found by udp/);
      expect(person.heard).to.deep.equal(["Waiting for a Trezor …"]);
      expect(Date.now() - since).to.be.lessThan(20_000);
    });

    it("is an error after the time given, where USB is looked at", async () => {
      expect(await faultIn(open({ transport: "usb", deviceMs: 200 }))).to.match(/found by usb.*\n.*udev/);
    });

    it("is an error at once where Bridge does not run", async () => {
      expect(await faultIn(open({ transport: "bridge" }))).to.match(/found by bridge.*\n.*Suite/);
    });

    it("is an error when it hangs", async () => {
      await plugIn({ model: "trezor-one" });
      await open({ deviceMs: 1_500 });
      device!.freeze();
      expect(await faultIn(signer!.signTypedData(SAFE_TX))).to.match(/The Trezor did not answer for 1.5 s/);
    });

    it("is an error when the cable is pulled while it signs", async () => {
      await plugIn({ model: "trezor-safe" });
      await open();
      device!.act = () => (device!.screens.length === 3 ? "unplug" : "confirm");
      expect(await faultIn(signer!.signTypedData(SAFE_TX))).to.match(/was disconnected: nothing was signed/);
    });
  });

  describe("as a library", () => {
    it("is loaded only when it is asked for, and missed in a sentence", async () => {
      const printed = await signInAProcessOfItsOwn("keystore,trezor", { hasVendors: false });
      expect(printed).to.equal(
        [
          await WALLET.signTypedData(SAFE_TX.domain, SAFE_TX.types as Types, SAFE_TX.message),
          "To sign with a Trezor, @trezor/connect is needed, which is not installed.",
          "  npm install --no-save @trezor/connect@9.7.3\n",
        ].join("\n"),
      );
    });

    it("lets the process end when it has signed", async () => {
      await plugIn({ model: "trezor-one" });
      const printed = await signInAProcessOfItsOwn("trezor");
      await letGo();
      expect(printed).to.match(/^0x[0-9a-f]{130}\n$/);
    });

    it("asks nobody on the internet but Trezor", () => {
      expect([...internet.asked]).to.deep.equal(["data.trezor.io"]);
    });
  });

  itFollows("signers/trezor.tree");
});
