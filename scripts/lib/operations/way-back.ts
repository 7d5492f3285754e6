import type { Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { nonceOf } from "./accounts.js";
import { callsMade } from "./calls.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import type { OperationProgress } from "./progress.js";
import { findHindrances, type Hindrance } from "./readiness.js";
import { operationIn, toType } from "./to-type.js";

/** Whether a step, when it is carried out, puts new code in place. What it only schedules is still to come. */
export const changesCode = ({ id, branch, call }: Step): boolean =>
  branch === "main" &&
  id !== "schedule" &&
  callsMade(call).some((made) => made.function === "upgrade(address,address,bytes)");

/** Whether nothing but the step before it is in the way of a rung, or the owner who sends it. */
export const isAtHand = ({ kind, ahead, lastOwners }: Hindrance): boolean =>
  (kind === "later" && ahead === undefined) || (kind === "unsigned" && lastOwners !== undefined);

/**
 * Makes sure, before new code is put in place, that it can be taken back at once: that the rollback whose turn it would be
 * was signed.
 *
 * @throws {@link Fault} that says which rollback is missing, and why.
 */
export async function requireWayBack(
  provider: Provider,
  record: DeploymentRecord,
  opened: OpenManifest,
  progress: OperationProgress,
): Promise<void> {
  const missing: string[] = [];
  const rungs = opened.manifest.steps.filter(
    ({ branch, call }) => branch === "ready" && call.function === "rollback(address)",
  );
  for (const step of rungs) {
    const next = await nonceOf(provider, opened.accountOf(step.id));
    if (step.nonce !== next) continue;
    const found = await findHindrances({ provider, record, opened, step, progress });
    if (found.every(isAtHand)) return;
    missing.push(...found.filter((one) => !isAtHand(one)).map(({ why }) => `${step.id}: ${why.join(" ")}`));
  }
  throw new Fault("No rollback would work once the new code is in place, so nothing was sent:", {
    details: [
      ...(missing.length > 0
        ? missing
        : ["None was planned for the next nonce of the account that rolls back."]),
      `Have it signed, or upgrade all the same with --without-rollback: ${toType("ops sign", operationIn(opened), "--signer <theirs>")}`,
    ],
  });
}
