import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";

import { network } from "hardhat";

import type { Timings } from "../../scripts/drill/exercise/play.js";
import { play } from "../../scripts/drill/exercise/play.js";
import { IncidentStack, missing } from "../../scripts/drill/stack/stack.js";
import { INCIDENTS } from "../../scripts/drill/incidents/index.js";

/*
 * Each incident happens on one stack, in this order; what its runbook says is typed, word for word. To see what is typed
 * and printed: SHOW_INCIDENTS=1. To write down how long everything took: npm run bench:incidents
 */

const RESULTS = process.env.INCIDENTS_RESULTS;

(missing === undefined ? describe : describe.skip)(
  missing === undefined ? "the runbooks" : `the runbooks (skipped: ${missing})`,
  function () {
    this.timeout(800_000);

    let stack: IncidentStack;
    const taken: Timings[] = [];
    before(async () => {
      stack = await IncidentStack.start((url) => network.create({ network: "local", override: { url } }));
    });
    after(async () => {
      await stack?.stop();
      if (RESULTS !== undefined) await write(RESULTS, taken);
    });

    for (const incident of INCIDENTS) {
      const { runbook, happens, unavailable } = incident;
      if (unavailable !== undefined) it.skip(`${runbook}.md: ${happens} (skipped: ${unavailable})`);
      else it(`${runbook}.md: ${happens}`, async () => void taken.push(await play(stack, incident)));
    }
  },
);

async function write(file: string, incidents: readonly Timings[]): Promise<void> {
  const [{ model } = { model: "unknown" }, ...others] = cpus();
  const machine = { cpu: model, cores: others.length + 1, node: process.version };
  const content = { command: "npm run bench:incidents", machine, incidents };
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}
