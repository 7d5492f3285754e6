import { Fault } from "../../../deploy/fault.js";
import { findMoved } from "./moved.js";
import type { OpenManifest } from "./open.js";
import { isBegun, type OperationProgress } from "./progress.js";
import { requireRehearsed } from "./rehearsal.js";
import { requireHonest } from "./scrutiny.js";
import type { Suite } from "./suite.js";
import { formatTime } from "./units.js";

/**
 * Makes sure that what is signed now can work: that it was rehearsed, the plan has its time, and nothing moved since.
 * Rungs that are kept ready may be ahead of their account's nonce, as long as one of them still works.
 *
 * @throws {@link Fault} that says what is in the way. Nobody should sign then.
 */
export async function requireSignable(
  suite: Suite,
  opened: OpenManifest,
  { times, outside, spent }: OperationProgress,
): Promise<void> {
  const { provider } = suite.connection.ethers;
  const { manifest } = opened;
  await requireRehearsed(opened, { provider, times });
  const done = Object.keys(times);
  const { timestamp: now } = (await provider.getBlock("latest"))!;
  if (!isBegun(manifest, times) && now > manifest.expiresAt)
    throw new Fault(`The plan expired on ${formatTime(manifest.expiresAt)}; plan again.`);
  const moved = await findMoved(provider, suite.record, manifest, { done, spent });
  if (moved.length > 0) {
    throw new Fault("The chain is not as it was when this was planned; nothing was signed:", {
      details: [...outside, ...moved],
    });
  }
  await requireHonest(suite, provider, manifest, done);
}
