import type { Incident } from "../support/incidents/incident.js";

/** A guardian pauses, and whoever is on call knows of nothing. */
export const strangePause: Incident = {
  runbook: "pause",
  happens: "deposits are paused, and nobody on call knows why",
  alert: "HoldfastPaused",
  async cause(stack) {
    await stack.type('ops pause --bits deposits --duration 3d --reason "exercise"');
    for (const who of ["GUARDIAN-1", "GUARDIAN-2"])
      await stack.type(`ops sign ${stack.signerOf(who)}`);
    await stack.type(`ops execute ${stack.signerOf("GUARDIAN-1")} --yes`);
  },
};
