import { plain } from "../plain.js";
import { findApprovals } from "./approvals.js";
import { findCredits } from "./credits.js";
import { findOverdueDisputes } from "./disputes.js";
import { findDoublePayouts } from "./doubles.js";
import { judgeEndpoints, type Look } from "./endpoints.js";
import { CHECK_NAMES, type Check, type Finding, type Outcome, type Unknown } from "./finding.js";
import { findIndexLag } from "./index-lag.js";
import { findLeaks } from "./leaks.js";
import { Site, type Moment, type Place } from "./site.js";
import { findStuck } from "./stuck.js";

/** What triage found. */
export interface Triage {
  readonly network: string;
  readonly chainId: number;
  /** Null if no endpoint of the chain answers. */
  readonly block: Moment | null;
  readonly checks: readonly { readonly check: Check; readonly looked: string }[];
  readonly findings: readonly Finding[];
  readonly unknown: readonly Unknown[];
}

/** 0: nothing to see to. 1: something is. 2: nothing was found, and something could not be told. */
export const exitCodeOf = ({ findings, unknown }: Triage): 0 | 1 | 2 =>
  findings.length > 0 ? 1 : unknown.length > 0 ? 2 : 0;

/** What the checks of a site look with; those of the chain and the index need none. */
const LOOKS: Readonly<Record<Exclude<Check, "chain" | "index">, (site: Site) => Promise<Outcome>>> = {
  leaks: findLeaks,
  doubles: findDoublePayouts,
  stuck: findStuck,
  disputes: findOverdueDisputes,
  approvals: findApprovals,
  credits: findCredits,
};

/** What has nothing to look at if the payment that was named does not exist. */
const ABOUT_PAYMENTS: readonly Check[] = ["doubles", "stuck", "disputes", "approvals", "credits"];

/** A place of which nobody may answer. */
export interface Scene extends Omit<Place, "provider"> {
  readonly chainId: number;
  readonly looks: readonly Look[];
  readonly provider?: Place["provider"];
  /** Unix seconds; undefined where a chain's time is its own. */
  readonly now?: number;
}

/** Looks at what is asked, one check after the other. What one cannot tell does not keep the others from telling. */
export async function triage(scene: Scene, checks: readonly Check[] = CHECK_NAMES): Promise<Triage> {
  const told: Triage["checks"][number][] = [];
  const findings: Finding[] = [];
  const unknown: Unknown[] = [];
  const site = await visit(scene);
  const why = await findNoPayment(site);
  const bound = checks.filter((check) => ABOUT_PAYMENTS.includes(check));
  if (why !== undefined && bound.length > 0) unknown.push({ check: bound[0]!, why });
  for (const check of why === undefined ? checks : checks.filter((one) => !bound.includes(one))) {
    try {
      const outcome = await lookInto(check, scene, site);
      told.push({ check, looked: outcome.looked });
      findings.push(...outcome.findings);
      // Several checks look at the same payments, and lack the same.
      const untold = (outcome.unknown ?? []).filter(({ why }) => !unknown.some((one) => one.why === why));
      unknown.push(...untold.map((one) => ({ check, ...one })));
    } catch (problem) {
      unknown.push({
        check,
        why: sentenceOf(problem),
        command: `npx hardhat ops status --network ${scene.network}`,
      });
    }
  }
  const block = site instanceof Site ? site.at : null;
  return { network: scene.network, chainId: scene.chainId, block, checks: told, findings, unknown };
}

async function visit({ provider, ...place }: Scene): Promise<Site | Error> {
  if (provider === undefined) return new Error("No endpoint of the chain answers.");
  try {
    return await Site.visit({ ...place, provider });
  } catch (problem) {
    return new Error(sentenceOf(problem));
  }
}

/** Why nothing can be said of the payment that was named: a mistyped id has nothing the matter with it, and is no good news. */
async function findNoPayment(site: Site | Error): Promise<string | undefined> {
  if (site instanceof Error || site.place.paymentId === undefined) return undefined;
  const { paymentId, record } = site.place;
  try {
    const { status } = await site.escrow.paymentState(paymentId, { blockTag: site.at.number });
    return status === 0n
      ? `The escrow of chain ${record.chainId} has made no payment ${paymentId}: look whether the id is whole, and the network the right one.`
      : undefined;
  } catch (problem) {
    return sentenceOf(problem);
  }
}

async function lookInto(check: Check, scene: Scene, site: Site | Error): Promise<Outcome> {
  const { network, chainId, limits, looks, indexer, now } = scene;
  if (check === "chain")
    return await judgeEndpoints(looks, { network, chainId, limits, ...(now !== undefined && { now }) });
  if (check === "index") {
    const head = highestBlock(scene, site);
    return await findIndexLag({ network, chainId, limits, indexer, ...(head !== undefined && { head }) });
  }
  if (site instanceof Error) throw site;
  return await LOOKS[check](site);
}

/** The highest block that any endpoint of the chain tells: the one that is asked about payments may be stale. */
function highestBlock({ looks, chainId }: Scene, site: Site | Error): number | undefined {
  const told = looks.flatMap(({ head }) => (head?.chainId === chainId ? [head.block] : []));
  if (site instanceof Site) told.push(site.at.number);
  return told.length === 0 ? undefined : Math.max(...told);
}

/** Of an error of ethers, which carries requests and URLs, only its short message. */
function sentenceOf(problem: unknown): string {
  const { shortMessage, message, code } = problem as Error & { shortMessage?: string; code?: string };
  if (code === "CALL_EXCEPTION" || code === "BAD_DATA" || /\brevert/i.test(message))
    return "A contract does not answer as it should: look which code runs.";
  return plain(shortMessage ?? message);
}
