import { ComplianceRegistry__factory } from "../../../types/ethers-contracts/index.js";
import type { Manifest } from "../operations/manifest.js";
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

/** As {@link requireGateForPolicy}, of what was planned days ago: the books may have gone wrong since. */
export async function requireGateForManifest(suite: Suite, manifest: Manifest): Promise<void> {
  if (enforces(manifest)) await requireGate(suite);
}

async function requireGate({ connection, record }: Suite): Promise<void> {
  const { complianceRegistry } = contractsAt(record, connection.ethers.provider);
  const { enforced } = await complianceRegistry.policy();
  if (!enforced) await requireOpenGate(record.chainId, WHAT);
}

/** Whether any step carries a policy that enforces, as itself or inside of a scheduled call. */
function enforces({ steps }: Manifest): boolean {
  const abi = ComplianceRegistry__factory.createInterface();
  const { selector } = abi.getFunction("setPolicy");
  return steps.some(({ transaction: { data } }) => {
    const start = data.indexOf(selector.slice(2));
    if (start < 0) return false;
    const [policy] = abi.decodeFunctionData("setPolicy", `0x${data.slice(start)}`).toArray() as [
      { enforced: boolean },
    ];
    return policy.enforced;
  });
}
