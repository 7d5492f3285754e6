import { callsMade } from "../operations/calls.js";
import type { Step } from "../operations/manifest.js";
import { contractsAt, type Suite } from "../operations/suite.js";
import { requireOpenGate } from "./gate.js";

const WHAT = "enforcing what screening only observes";

/**
 * Refuses a policy that begins to enforce while the gate is shut. One that goes on enforcing, or stops to, passes.
 *
 * @throws {@link Fault} with every reason.
 */
export async function requireGateForPolicy(suite: Suite): Promise<void> {
  if (suite.parameters.policy.enforced) await requireGate(suite);
}

/**
 * As {@link requireGateForPolicy}, of what is planned, whatever its verb is called, and of what was planned days ago: the
 * books may have gone wrong since.
 */
export async function requireGateForSteps(suite: Suite, steps: readonly Pick<Step, "call">[]): Promise<void> {
  if (steps.some(enforces)) await requireGate(suite);
}

async function requireGate({ connection, record }: Suite): Promise<void> {
  const { provider } = connection.ethers;
  const { complianceRegistry } = contractsAt(record, provider);
  const { enforced } = await complianceRegistry.policy();
  if (!enforced) await requireOpenGate({ provider, record }, WHAT);
}

/** Whether a step sets a policy that enforces: by itself, among other calls, or scheduled for later. */
const enforces = ({ call }: Pick<Step, "call">) =>
  callsMade(call).some(
    ({ function: signature, arguments: args }) =>
      signature.startsWith("setPolicy(") &&
      args.some(({ name, value }) => name.endsWith(".enforced") && value !== "false"),
  );
