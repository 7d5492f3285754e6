import { signatureFileName } from "../safe/files.js";
import type { SafeTree } from "../safe/owners.js";
import type { Consents } from "./consents.js";
import type { OpenManifest } from "./open.js";

/** Of a Safe of whose signatures one was held back: the owners with a key who have not signed. */
export function lastOwnersOf(
  opened: OpenManifest,
  step: string,
  { tree, signatures, refused, missing }: Consents,
): string[] {
  if (missing !== 1 || signatures.length === 0) return [];
  const planned = opened.accountOf(step);
  // Also of those who have left since: what they gave is not there any more either.
  const trees = planned.kind === "safe" ? [planned.tree, tree] : [tree];
  const { safeTxHash } = opened.step(step);
  const own = new Set(trees.flatMap((one) => [...sourcesOf(one, safeTxHash!)]));
  // What an owner gave and does not count was not held back, but lost. What anybody else has left there, or a service does
  // not know, says nothing of any owner.
  if (refused.some(({ source }) => own.has(source))) return [];
  const signed = signatures.map(({ owner }) => owner);
  const keys = tree.owners.filter(({ kind }) => kind === "key").map(({ address }) => address);
  return keys.filter((address) => !signed.includes(address));
}

/** What a refusal calls what an owner gave: its file, or a Safe whose own owners have agreed. */
function* sourcesOf(
  { owners }: SafeTree,
  safeTxHash: string,
  onBehalfOf: readonly string[] = [],
): Generator<string> {
  for (const owner of owners) {
    yield signatureFileName({ safeTxHash, onBehalfOf: [...onBehalfOf], signer: owner.address });
    if (owner.kind !== "safe") continue;
    yield `the Safe ${owner.address}`;
    yield* sourcesOf(owner.tree, safeTxHash, [...onBehalfOf, owner.address]);
  }
}
