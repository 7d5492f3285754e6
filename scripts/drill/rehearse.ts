import { rm } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Fault } from "../../deploy/fault.js";
import { phase } from "../start/screen.js";
import { formatTimings, play, type Timings } from "./play.js";
import type { Scenario } from "./scenario.js";
import { Stage } from "./stage.js";
import type { Theatre } from "./theatre.js";

const KEPT = fileURLToPath(new URL("../../.holdfast/", import.meta.url));

/**
 * Plays a scenario on a stage of its own.
 *
 * @throws {@link Fault} if it does not come as it should; what was written is kept then.
 */
export async function rehearse(scenario: Scenario, { running, connect }: Theatre): Promise<Timings> {
  const directory = path.join(KEPT, `drill-${process.pid}`);
  try {
    const stage = await phase("Starting a chain, Safes as admins, and the indexer", () =>
      Stage.set({ running, directory, connect }),
    );
    const taken = await play(scenario, stage);
    console.log(`\n${formatTimings(taken)}`);
    console.log(`${stage.payments.count} payments, and every unit of their money is where it belongs.`);
    await running.stop();
    await rm(directory, { recursive: true });
    return taken;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault(`${cause.message}\nWhat was planned, signed and sent is in ${directory}.`, { cause });
  }
}
