import { randomBytes } from "node:crypto";

import { HDNodeWallet, Mnemonic } from "ethers";

import { fieldsFirmware } from "./trezor/fields-firmware.js";
import { Refused, type Device, type Firmware } from "./trezor/firmware.js";
import { hashesFirmware } from "./trezor/hashes-firmware.js";
import { Wire, type Message } from "./trezor/wire.js";

/** Two models: one that can show no more than the hashes of a message, one that shows its fields. */
const MODELS = { "trezor-one": hashesFirmware, "trezor-safe": fieldsFirmware } as const;
export type TrezorModel = keyof typeof MODELS;

/** What the person at the device does about a screen. Who is absent lets it wait. */
export type Act = "confirm" | "decline" | "unplug" | "be absent";

export interface TrezorDeviceOptions {
  readonly model: TrezorModel;
  readonly mnemonic?: string;
  /** Locks the device until it is entered: on the host, by its positions, if the model has too few buttons. */
  readonly pin?: string;
  /** Asks for a passphrase: this one is typed on the device, if the model has enough buttons. */
  readonly passphrase?: string;
  /** Whether its seed was written down. */
  readonly hasBackup?: boolean;
}

export const MNEMONIC = "test test test test test test test test test test test junk";
const HARDENED = 0x8000_0000;

/**
 * A Trezor without the hardware. It speaks a Trezor's protocol over UDP, as Trezor's emulators do, signs with a seed of
 * its own, and records on its {@link screens} what it makes of the bytes it receives: nothing tells it what to expect.
 */
export class TrezorDevice implements Device {
  readonly screens: string[][] = [];
  /** Codes of what it answered instead of what was asked. */
  readonly refusals: string[] = [];
  /** What the person at the device does about a screen, who may be replaced. */
  act: (screen: readonly string[]) => Act = () => "confirm";
  readonly #wire: Wire;
  readonly #options: TrezorDeviceOptions;
  readonly #firmware: Firmware;
  #isLocked: boolean;
  #sessionId = "";
  /** Of this session; not yet known if the device is to ask for one. */
  #passphrase?: string;

  private constructor(wire: Wire, options: TrezorDeviceOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#firmware = MODELS[options.model];
    this.#isLocked = options.pin !== undefined;
  }

  static async plugIn(options: TrezorDeviceOptions): Promise<TrezorDevice> {
    const device = new TrezorDevice(await Wire.listen(), options);
    void device.#run();
    return device;
  }

  async unplug(): Promise<void> {
    this.#wire.unplug();
    await this.#wire.close();
  }

  freeze(): void {
    this.#wire.freeze();
  }

  async keyOf({ address_n }: Message["message"]): Promise<HDNodeWallet> {
    await this.#unlock();
    this.#passphrase ??= await this.#askForPassphrase();
    const path = (address_n as number[]).map((step) => (step >= HARDENED ? `${step - HARDENED}'` : step));
    const mnemonic = Mnemonic.fromPhrase(this.#options.mnemonic ?? MNEMONIC, this.#passphrase);
    return HDNodeWallet.fromMnemonic(mnemonic, `m/${path.join("/")}`);
  }

  async show(screen: string[], code = "ButtonRequest_Other"): Promise<void> {
    this.screens.push(screen);
    await this.ask("ButtonRequest", { code }, "ButtonAck");
    switch (this.act(screen)) {
      case "confirm":
        break;
      case "decline":
        throw new Refused("Failure_ActionCancelled");
      case "unplug":
        this.#wire.unplug();
        break;
      case "be absent":
        // Until the host gives up, which `#expect` makes of it.
        await this.#expect("nothing");
    }
  }

  async ask(type: string, content: Message["message"], answer: string): Promise<Message["message"]> {
    this.#wire.send(type, content);
    return this.#expect(answer);
  }

  async #run(): Promise<void> {
    for (;;) {
      const request = await this.#wire.next();
      const answer = await this.#answer(request).catch((refused: unknown) => {
        if (!(refused instanceof Refused)) throw refused;
        this.refusals.push(refused.code);
        return { type: "Failure", message: { code: refused.code, message: refused.message } };
      });
      this.#wire.send(answer.type, answer.message);
    }
  }

  async #answer({ type, message }: Message): Promise<Message> {
    switch (type) {
      case "Initialize":
        this.#begin(message.session_id);
        return this.#features();
      case "GetFeatures":
        return this.#features();
      case "GetAddress":
        // Asked of a fixed path, to tell one seed and passphrase from another.
        return { type: "Address", message: { address: (await this.keyOf(message)).address } };
      case "EthereumGetAddress":
        return { type: "EthereumAddress", message: { address: (await this.keyOf(message)).address } };
      case "Cancel":
        throw new Refused("Failure_ActionCancelled");
      default: {
        const answer = this.#firmware.answers[type];
        if (answer === undefined) throw new Refused("Failure_UnexpectedMessage", type);
        return answer(this, message);
      }
    }
  }

  async #expect(type: string): Promise<Message["message"]> {
    const next = await this.#wire.next();
    if (next.type === type) return next.message;
    throw new Refused(
      next.type === "Cancel" ? "Failure_ActionCancelled" : "Failure_UnexpectedMessage",
      next.type,
    );
  }

  /** A session remembers its passphrase, and a host that names the session is not asked again. */
  #begin(sessionId: unknown): void {
    if (this.#sessionId !== "" && sessionId === this.#sessionId) return;
    this.#sessionId = randomBytes(32).toString("hex");
    this.#passphrase = this.#options.passphrase === undefined ? "" : undefined;
  }

  #features(): Message {
    const { pin, passphrase, hasBackup = true } = this.#options;
    const features = {
      vendor: "trezor.io",
      fw_vendor: "Trezor",
      device_id: "0123456789ABCDEF01234567",
      initialized: true,
      backup_availability: hasBackup ? "NotAvailable" : "Required",
      unlocked: !this.#isLocked,
      pin_protection: pin !== undefined,
      passphrase_protection: passphrase !== undefined,
      session_id: this.#sessionId,
      ...this.#firmware.features,
    };
    return { type: "Features", message: features };
  }

  get #hasEnoughButtons(): boolean {
    return this.#firmware === fieldsFirmware;
  }

  async #unlock(): Promise<void> {
    if (!this.#isLocked) return;
    if (this.#hasEnoughButtons) {
      await this.ask("ButtonRequest", { code: "ButtonRequest_PinEntry" }, "ButtonAck");
    } else {
      const request = { type: "PinMatrixRequestType_Current" };
      const { pin } = await this.ask("PinMatrixRequest", request, "PinMatrixAck");
      if (pin !== this.#options.pin) throw new Refused("Failure_PinInvalid", "PIN invalid");
    }
    this.#isLocked = false;
  }

  async #askForPassphrase(): Promise<string> {
    const { on_device, passphrase } = await this.ask("PassphraseRequest", {}, "PassphraseAck");
    if (on_device !== true) return String(passphrase);
    await this.ask("ButtonRequest", { code: "ButtonRequest_PassphraseEntry" }, "ButtonAck");
    return this.#options.passphrase!;
  }
}
