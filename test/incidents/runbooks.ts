import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { network } from "hardhat";

import { play } from "../../scripts/drill/exercise/play.js";
import type { PlayedTimings } from "../../scripts/drill/exercise/times.js";
import { INCIDENTS } from "../../scripts/drill/incidents/index.js";
import { writeResults } from "../../scripts/drill/results.js";
import { whatIsMissing } from "../../scripts/drill/stack/missing.js";
import { IncidentStack } from "../../scripts/drill/stack/stack.js";
import { Running } from "../../scripts/lib/running.js";

/*
 * Each incident happens on one stack, in this order; what its runbook says is typed, word for word. To see what is typed
 * and printed: SHOW_INCIDENTS=1. To write down how long everything took: npm run bench:incidents
 */

const RESULTS = process.env.INCIDENTS_RESULTS;
const [missing] = whatIsMissing();
const tell = process.env.SHOW_INCIDENTS === "1" ? console.log : undefined;

(missing === undefined ? describe : describe.skip)(
  missing === undefined ? "the runbooks" : `the runbooks (skipped: ${missing})`,
  function () {
    this.timeout(800_000);

    const running = new Running();
    let stack: IncidentStack;
    const taken: PlayedTimings[] = [];
    before(async () => {
      const connect = (url: string) => network.create({ network: "local", override: { url } });
      const daysAgo = Math.max(...INCIDENTS.map((incident) => incident.daysAgo ?? 0));
      stack = await IncidentStack.start({ running, connect, daysAgo });
    });
    after(async () => {
      await running.stop();
      if (RESULTS !== undefined) await writeResults(RESULTS, "npm run bench:incidents", { incidents: taken });
    });

    it("are typed with nothing set that the README of the pages does not name", async () => {
      const said = await readFile("docs/runbooks/README.md", "utf8");
      for (const name of Object.keys({ ...stack.suite.variables, ...stack.variables }))
        expect(said, name).to.match(new RegExp(`\\b${name}\\b`));
    });

    for (const incident of INCIDENTS) {
      const { runbook, happens, unavailable } = incident;
      if (unavailable !== undefined) it.skip(`${runbook}.md: ${happens} (skipped: ${unavailable})`);
      else it(`${runbook}.md: ${happens}`, async () => void taken.push(await play(stack, incident, tell)));
    }
  },
);
