import type { Provider } from "ethers";

import { nonceOf } from "./accounts.js";
import { collectFor } from "./consents.js";
import type { Step } from "./manifest.js";
import type { OpenManifest } from "./open.js";
import { readRaw } from "./raw.js";
import type { Registered } from "./register.js";

/**
 * What was signed to the last signature, was not sent, and could be: whoever has the files needs nobody's consent for it.
 * Only the nonce of its account stands for or against it, whatever an operation has come to.
 */
export async function findLive(provider: Provider, { opened, progress }: Registered): Promise<Step[]> {
  const live: Step[] = [];
  for (const step of opened.manifest.steps) {
    if (step.id in progress.times) continue;
    const next = await nonceOf(provider, opened.accountOf(step.id));
    if (next <= step.nonce && (await isComplete(provider, opened, step))) live.push(step);
  }
  return live;
}

async function isComplete(provider: Provider, opened: OpenManifest, { id }: Step): Promise<boolean> {
  if (opened.accountOf(id).kind === "key")
    return (await readRaw(opened, id).catch(() => undefined)) !== undefined;
  return (await collectFor(provider, opened, id)).missing === 0;
}

/** Whether an operation that was planned or begun can still go on: its next step's nonce is not used by something else. */
export async function canGoOn(provider: Provider, { opened, progress, standing }: Registered) {
  const [next] = progress.left;
  if (next === undefined || (standing !== "planned" && standing !== "under way")) return false;
  return (await nonceOf(provider, opened.accountOf(next.id))) <= next.nonce;
}

/** What to do about signatures that can be used and that nobody wants used any more; a sentence an account. */
export function warningsAbout({ operation, standing }: Registered, live: readonly Step[]): string[] {
  return [...Map.groupBy(live, ({ account }) => account)].map(([account, steps]) => {
    const names = steps.map(({ id }) => id).join(", ");
    const nonces = [...new Set(steps.map(({ nonce }) => nonce))].toSorted((one, other) => one - other);
    return (
      `${names} of operation ${operation.number} (${standing}): anybody who has the files can send what is signed for ` +
      `${nonces.length === 1 ? "nonce" : "nonces"} ${nonces.join(", ")} of ${account}. Use ` +
      `${nonces.length === 1 ? "it" : "them"} up with other transactions of that account, such as one of no coin and no ` +
      "data to itself."
    );
  });
}
