import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

import type { default as connectModule, Response, UiEvent } from "@trezor/connect";

import packageJson from "../../../package.json" with { type: "json" };
import { Fault } from "../../../deploy/fault.js";
import { Alarm } from "./alarm.js";
import type { Person } from "./person.js";
import { faultOf, noAnswer, notFound, silent, type TrezorTransport } from "./trezor-faults.js";

export type Connect = typeof connectModule.default;
type UiAnswer = Parameters<Connect["uiResponse"]>[0];
type Devices = Extract<UiEvent, { type: "ui-select_device" }>["payload"]["devices"];

export interface TrezorSessionOptions {
  readonly transport: TrezorTransport;
  /** How long to look for a device, in milliseconds. */
  readonly deviceMs: number;
  /** How long a person may take for each thing that is asked of them, in milliseconds. */
  readonly personMs: number;
  readonly person: Person;
}

const TRANSPORTS = { bridge: "BridgeTransport", usb: "NodeUsbTransport", udp: "UdpTransport" } as const;

const CANCEL_MS = 1_000;

/** The digits on the screen of a Trezor One are shuffled: a person types where they stand, not which they are. */
const PIN_QUESTION = "PIN, by the positions of its digits on the Trezor (7 8 9 / 4 5 6 / 1 2 3):";
const PASSPHRASE_QUESTION = "Passphrase (empty for the standard wallet):";

/** A conversation with one Trezor through `@trezor/connect`, of which a process can hold only one. Never waits for ever. */
export class TrezorSession {
  readonly #connect: Connect;
  readonly #options: TrezorSessionOptions;
  #alarm = new Alarm();
  #isAskedToConfirm = false;
  #hasAnswered = false;
  #isClosed = false;

  private constructor(connect: Connect, options: TrezorSessionOptions) {
    this.#connect = connect;
    this.#options = options;
    this.#listen(connect);
  }

  static async open(options: TrezorSessionOptions): Promise<TrezorSession> {
    const connect = loadConnect();
    const session = new TrezorSession(connect, options);
    // Ends by itself within seconds, and must be let: what is disposed of half-way stays open for ever.
    await connect.init({
      manifest: { appName: "Holdfast", appUrl: "https://holdfast.example", email: "admin@holdfast.example" },
      transports: [TRANSPORTS[options.transport]],
      // A transport that still tries to come up when it is disposed of throws where nobody can catch it.
      transportReconnect: false,
    });
    return session;
  }

  /** @throws {@link Fault} instead of an unsuccessful response, and when nothing happens for too long. */
  async call<Payload>(ask: (connect: Connect) => Response<Payload>): Promise<Payload> {
    const { deviceMs, transport } = this.#options;
    const alarm = (this.#alarm = new Alarm());
    this.#isAskedToConfirm = false;
    alarm.set(deviceMs, () => (this.#hasAnswered ? silent(deviceMs) : notFound(transport)));
    const asked = ask(this.#connect);
    try {
      const response = await Promise.race([asked, alarm.rung]);
      this.#hasAnswered ||= response.success;
      if (response.success) return response.payload;
      throw faultOf(response.payload, transport);
    } finally {
      if (alarm.hasRung) await this.#takeBack(asked);
      alarm.stop();
    }
  }

  close(): Promise<void> {
    if (!this.#isClosed) this.#connect.dispose();
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** What was asked must not stay on the device's screen, where somebody might confirm it later. */
  async #takeBack(asked: Promise<unknown>): Promise<void> {
    this.#connect.cancel();
    // A device that does not even answer to that is not waited for.
    await Promise.race([asked, sleep(CANCEL_MS)]);
  }

  /** Does what `@trezor/connect` asks for on the way: has the person look at the device, or type something. */
  #listen(connect: Connect): void {
    connect.on("ui-button", ({ code }) => {
      if (code === "ButtonRequest_PinEntry") this.#sendTo("Enter the PIN on the Trezor.");
      else this.#askToConfirm();
    });
    connect.on("ui-request_pin", () => {
      this.#ask(PIN_QUESTION, (pin) => ({ type: "ui-receive_pin", payload: pin }));
    });
    connect.on("ui-invalid_pin", () => this.#options.person.tell("The PIN was wrong."));
    connect.on("ui-request_passphrase", ({ device }) => {
      if (takesPassphrases(device)) {
        this.#answer({ type: "ui-receive_passphrase", payload: { value: "", passphraseOnDevice: true } });
      } else {
        this.#ask(PASSPHRASE_QUESTION, (value) => ({ type: "ui-receive_passphrase", payload: { value } }));
      }
    });
    connect.on("ui-request_passphrase_on_device", () => this.#sendTo("Enter the passphrase on the Trezor."));
    connect.on("ui-select_device", ({ devices }) => this.#choose(devices));
    connect.on("ui-request_confirmation", () => {
      // Asked only of a seed without a backup, with which an admin's key would be lost.
      this.#answer({ type: "ui-receive_confirmation", payload: false });
    });
    connect.on("ui-request_thp_pairing", () => {
      this.#alarm.ring(
        new Fault("This Trezor must be paired with the computer first, which is not supported."),
      );
    });
  }

  #answer(answer: UiAnswer): void {
    this.#connect.uiResponse(answer);
  }

  /** From its first sign of life on, it is no longer the device that is waited for. */
  #waitForPerson(): void {
    const { personMs } = this.#options;
    this.#alarm.set(personMs, () => noAnswer(personMs));
  }

  #sendTo(sentence: string): void {
    this.#waitForPerson();
    this.#options.person.tell(sentence);
  }

  /** The device asks for a button screen after screen; the terminal says so once. */
  #askToConfirm(): void {
    this.#waitForPerson();
    if (!this.#isAskedToConfirm)
      this.#options.person.tell("Read and confirm on the Trezor, screen by screen.");
    this.#isAskedToConfirm = true;
  }

  #ask(question: string, answer: (typed: string) => UiAnswer): void {
    const alarm = this.#alarm;
    this.#waitForPerson();
    this.#options.person.askSecret(question, alarm.over).then(
      (typed) => this.#answer(answer(typed)),
      (fault: unknown) => alarm.ring(fault),
    );
  }

  /** Asked when it is not clear which device is meant: there is none yet, it is taken, or there are several. */
  #choose(devices: Devices): void {
    if (devices.length === 0) this.#options.person.tell("Waiting for a Trezor …");
    else if (devices.length > 1)
      this.#alarm.ring(new Fault("Several Trezors are plugged in: leave only one."));
    else if (devices[0]!.type !== "acquired") {
      this.#alarm.ring(new Fault("Another program holds the Trezor: close it and try again."));
    }
  }
}

const takesPassphrases = (device: Devices[number]) =>
  device.type === "acquired" && device.features.capabilities.includes("Capability_PassphraseEntry");

/** By `require`, whose default export is the same thing in every loader of TypeScript. */
function loadConnect(): Connect {
  try {
    return (createRequire(import.meta.url)("@trezor/connect") as typeof connectModule).default;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw cause;
    throw new Fault("To sign with a Trezor, @trezor/connect is needed, which is not installed.", {
      details: [`npm install --no-save @trezor/connect@${packageJson.peerDependencies["@trezor/connect"]}`],
      cause,
    });
  }
}
