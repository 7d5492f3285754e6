import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createRequire } from "node:module";

import { decodeMessage, encodeMessage, parseConfigure } from "@trezor/protobuf";
import { v1 } from "@trezor/protocol";

import { PORT } from "./port.js";

const REPORT_BYTES = 64;
const CONTINUED = 1;

export interface Message {
  readonly type: string;
  /** As Trezor's own definitions decode it: bytes as hexadecimal digits, enumerations by name. */
  readonly message: Record<string, unknown>;
}

type Definitions = Parameters<typeof parseConfigure>[0];

const definitions = parseConfigure(
  createRequire(import.meta.url)("@trezor/protobuf/messages.json") as Definitions,
);

/** A device's end of the cable: UDP in the place of USB, reports of 64 bytes, Trezor's protocol v1 and protobuf. */
export class Wire {
  readonly #socket: Socket;
  readonly #arrived: Message[] = [];
  #waiting?: (message: Message) => void;
  #host?: { port: number; address: string };
  #received = Buffer.alloc(0);
  #isUnplugged = false;
  #isFrozen = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (report, host) => {
      // As at one end of a cable: whoever else looks for a device at this port gets no answer.
      this.#host ??= host;
      if (host.port === this.#host.port && !this.#isUnplugged) this.#take(report);
    });
  }

  static async listen(): Promise<Wire> {
    const socket = createSocket("udp4");
    const wire = new Wire(socket);
    socket.bind(PORT, "127.0.0.1");
    await once(socket, "listening");
    return wire;
  }

  /** The next message from the host. */
  next(): Promise<Message> {
    const message = this.#arrived.shift();
    if (message) return Promise.resolve(message);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  send(type: string, content: Record<string, unknown>): void {
    if (this.#isUnplugged) return;
    const { messageType, message } = encodeMessage(definitions, type, content);
    const bytes = v1.encode(message, { messageType });
    const [, mark] = v1.getHeaders(bytes);
    this.#report(bytes.subarray(0, REPORT_BYTES));
    for (let at = REPORT_BYTES; at < bytes.length; at += REPORT_BYTES - CONTINUED) {
      this.#report(Buffer.concat([mark, bytes.subarray(at, at + REPORT_BYTES - CONTINUED)]));
    }
  }

  /** Hangs: it is there, and answers nothing any more. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Falls silent, as a device whose cable was pulled. */
  unplug(): void {
    this.#isUnplugged = true;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #report(bytes: Buffer): void {
    const report = Buffer.alloc(REPORT_BYTES);
    bytes.copy(report);
    this.#socket.send(report, this.#host!.port, this.#host!.address);
  }

  #take(report: Buffer): void {
    if (report.equals(Buffer.from("PINGPING"))) {
      this.#socket.send("PONGPONG", this.#host!.port, this.#host!.address);
      return;
    }
    if (this.#isFrozen) return;
    const isFirst = this.#received.length === 0;
    this.#received = Buffer.concat([this.#received, isFirst ? report : report.subarray(CONTINUED)]);
    const { length, messageType, payload } = v1.decode(this.#received);
    if (payload.length < length) return;
    this.#received = Buffer.alloc(0);
    this.#deliver(decodeMessage(definitions, messageType, payload.subarray(0, length)));
  }

  #deliver(message: Message): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(message);
    else this.#arrived.push(message);
  }
}
