import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";

import { Fault } from "../../../deploy/fault.js";
import { eventually } from "../../lib/eventually.js";

/** An alert as Alertmanager tells a webhook of it. */
export interface Alert {
  readonly status: "firing" | "resolved";
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An alert, and when it was told of. */
export interface Heard {
  readonly at: number;
  readonly alert: Alert;
}

/** What tells alerts of one name apart: their labels, in no order. */
const identityOf = ({ labels }: Alert) => JSON.stringify(Object.entries(labels).sort());

/** What wakes whoever is on call: a webhook that remembers what it was told, and when. */
export class Pager {
  readonly #told: Heard[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void json(request).then((page) => {
        const at = Date.now();
        for (const alert of (page as { alerts: Alert[] }).alerts) this.#told.push({ at, alert });
        response.end();
      });
    });
  }

  static async start(): Promise<Pager> {
    const pager = new Pager();
    await new Promise<void>((listening) => pager.#server.listen(0, "127.0.0.1", listening));
    return pager;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until it is told of an alert, after a moment. Returns the alert and when it was told. */
  async hear(status: Alert["status"], name: string, after: number, seconds: number): Promise<Heard> {
    let heard: Heard | undefined;
    await eventually(() => {
      heard = this.#told.find(
        ({ at, alert }) => at >= after && alert.status === status && alert.labels.alertname === name,
      );
      if (heard === undefined) throw new Fault(`Nobody was told that ${name} is ${status}.`);
    }, seconds);
    return heard!;
  }

  /**
   * Waits until it was told that an alert which it heard is over. An alert of the same name about something else, such as
   * another chain, does not count, nor does an end after which the same one began to fire again.
   */
  async hearEndOf({ at, alert }: Heard, seconds: number): Promise<Heard> {
    let last: Heard | undefined;
    await eventually(() => {
      last = this.#told.findLast((told) => told.at >= at && identityOf(told.alert) === identityOf(alert));
      if (last?.alert.status !== "resolved")
        throw new Fault(`Nobody was told that ${alert.labels.alertname} is over.`);
    }, seconds);
    return last!;
  }

  /** All that it was told, in this order. */
  get told(): readonly Heard[] {
    return this.#told;
  }

  /** The alerts that fire, as far as it was told. */
  get firing(): string[] {
    const last = new Map(this.#told.map(({ alert }) => [identityOf(alert), alert]));
    return [...last.values()]
      .filter(({ status }) => status === "firing")
      .map(({ labels }) => labels.alertname!);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
