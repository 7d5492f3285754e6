import { Fault } from "../../deploy/fault.js";
import type { Suite } from "../lib/operations/suite.js";
import type { Option } from "./verbs.js";

export const SECOND_RPC = {
  name: "secondRpc",
  description:
    "URL of another RPC of the same chain, which has to agree on its head and on the code that runs",
} as const satisfies Option;

/** A witness that somebody waits for. */
const TIMEOUT_MS = 10_000;

/** Where the second RPC, if one was named, tells something else than the network's. Whole sentences. */
export async function secondOpinion(suite: Suite, url: string | undefined): Promise<string[]> {
  if (url === undefined) return [];
  const { networkConfig } = suite.connection;
  const own = networkConfig.type === "http" ? await networkConfig.url.get() : undefined;
  if (own !== undefined && URL.canParse(url) && new URL(url).href === new URL(own).href)
    throw new Fault(
      "--second-rpc is the network's own RPC, which confirms nothing: name that of another provider.",
    );
  const { openSecond } = await import("../lib/reconcile/second.js");
  const { findDisagreements } = await import("../lib/operations/second-opinion.js");
  const second = openSecond(url, suite.record.chainId, TIMEOUT_MS);
  try {
    const found = await findDisagreements(suite, second.rpc);
    if (found.length === 0)
      console.error("The second RPC agrees: on the chain, its head and the code that runs.");
    return found;
  } finally {
    second.close();
  }
}
