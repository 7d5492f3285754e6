import { provenTerms } from "../indexed-terms.js";
import { isSameAddress } from "../same-address.js";
import { domainOf, type Payment } from "../signing.js";
import { askEscrow } from "./ask-escrow.js";
import { inBatches } from "./batches.js";
import { unite, type ConfiguredTokens } from "./configured-tokens.js";
import type { Unknown } from "./finding.js";
import type { Site } from "./site.js";

const ROWS_AT_ONCE = 500;
/** What fits into one call, and costs far less gas than nodes let a call have. */
const STATES_AT_ONCE = 200;

const FUNDED = 1n;
const DISPUTED = 2n;
const FLAG_ON_HOLD = 1n;

/** A payment that holds money, as the chain has it. */
export interface OpenPayment {
  readonly paymentId: string;
  readonly terms: Payment;
  readonly status: "Funded" | "Disputed";
  readonly onHold: boolean;
  readonly held: bigint;
  readonly released: bigint;
  /** From when on anybody may claim, in Unix seconds. */
  readonly claimableAt: number;
}

export interface OpenPayments {
  readonly payments: readonly OpenPayment[];
  /** Where their list and terms come from; their states are the chain's own. */
  readonly source: "the read model" | "the chain's logs";
  /** Why it is not the read model. */
  readonly because?: string;
  /** Payments that the read model should have listed long ago, and did not, or with terms that are not theirs. */
  readonly missing: readonly string[];
  /** What could not be found out. */
  readonly unknown: readonly Omit<Unknown, "check">[];
}

/**
 * Lists payments by the read model, which knows which are open; by the logs of all if it does not answer, or leaves payments out
 * that hold money on the chain. What it lists with terms that do not hash to the payment's id, it leaves out.
 */
export async function readOpenPayments(site: Site): Promise<OpenPayments> {
  let indexed: readonly OpenPayment[];
  try {
    indexed = await readStates(site, await listByIndex(site));
  } catch {
    const payments = await readStates(site, await listByLogs(site));
    const because = "the read model could not be asked";
    return {
      payments,
      source: "the chain's logs",
      because,
      missing: [],
      unknown: await findUnknown(site, payments),
    };
  }
  if ((await lacksOf(site, indexed)).length === 0)
    return { payments: indexed, source: "the read model", missing: [], unknown: await untoldTokens(site) };
  const logged = await readStates(site, await listByLogs(site));
  const added = logged.filter(({ paymentId }) => !indexed.some((one) => one.paymentId === paymentId));
  const payments = [...indexed, ...added];
  return {
    ...{ payments, source: "the chain's logs", because: "the read model leaves some out" },
    missing: await longMade(site, added),
    unknown: await findUnknown(site, payments),
  };
}

/** The chain's states of what was listed. */
async function readStates(site: Site, listed: ReadonlyMap<string, Payment>): Promise<readonly OpenPayment[]> {
  const { paymentId: only } = site.place;
  const candidates = [...listed].filter(([id]) => only === undefined || id === only);
  const states = await inBatches(candidates, STATES_AT_ONCE, async (some) => {
    const ids = some.map(([id]) => id);
    return [...(await site.lens.snapshot([], ids, { blockTag: site.at.number })).states];
  });
  return candidates.flatMap(([paymentId, terms], i) => {
    const { status, flags, held, released, disputedAt } = states[i]!;
    if (!isOpen(status)) return [];
    const isDisputed = status === DISPUTED;
    const deadline = Number(terms.deadline);
    const open: OpenPayment = {
      ...{ paymentId, terms, held, released },
      status: isDisputed ? "Disputed" : "Funded",
      onHold: (flags & FLAG_ON_HOLD) !== 0n,
      claimableAt: isDisputed
        ? Math.max(deadline, Number(disputedAt)) + Number(terms.disputeWindow)
        : deadline,
    };
    return [open];
  });
}

const isOpen = (status: bigint) => status === FUNDED || status === DISPUTED;

/** What the chain holds beyond what these payments hold, and of which tokens that is not known. */
async function findUnknown(site: Site, payments: readonly OpenPayment[]): Promise<OpenPayments["unknown"]> {
  const lacks = await lacksOf(site, payments);
  return [
    ...lacks.map((why) => ({ why, command: site.command("reconcile") })),
    ...(await untoldTokens(site)),
  ];
}

/** Why there may be payments in tokens that nobody tells. Of a payment that is named, the chain tells. */
const untoldTokens = async (site: Site): Promise<OpenPayments["unknown"]> =>
  site.place.paymentId === undefined ? (await tokensOf(site)).unknown : [];

/** Every token of which a payment may hold something. Where the logs cannot be read, what the read model lists is found still. */
async function tokensOf(site: Site): Promise<ConfiguredTokens> {
  try {
    return await site.tokens();
  } catch {
    const why =
      "Payments in tokens that were configured after the deployment may be missing, because the logs that tell of them could not be read.";
    const addresses = site.place.record.tokens.map(({ address }) => address);
    return { addresses, unknown: [{ why, command: site.command("triage chain") }] };
  }
}

/** What these payments lack of what the chain holds, in sentences. */
async function lacksOf(site: Site, payments: readonly OpenPayment[]): Promise<string[]> {
  const { paymentId: only, fromBlock } = site.place;
  if (only !== undefined) {
    const { status } = await site.escrow.paymentState(only, { blockTag: site.at.number });
    return isOpen(status) && payments.length === 0
      ? [
          `The payment is open, and its terms are neither in the read model nor in the logs since block ${fromBlock}.`,
        ]
      : [];
  }
  const tokens = unite(
    (await tokensOf(site)).addresses,
    payments.map(({ terms }) => terms.token),
  );
  const totals = await askEscrow(
    site,
    "tokenTotals",
    tokens.map((token) => [token] as const),
  );
  return tokens.flatMap((token, i) => {
    const [{ held }] = totals[i] as [{ held: bigint }];
    const listed = payments
      .filter(({ terms }) => isSameAddress(terms.token, token))
      .reduce((sum, payment) => sum + payment.held, 0n);
    return listed < held
      ? [
          `Payments that were not found, the logs since block ${fromBlock} included, hold ${held - listed} units of ${token}.`,
        ]
      : [];
  });
}

/** Those that were made before the last blocks, which the read model may not have yet. */
async function longMade(site: Site, payments: readonly OpenPayment[]): Promise<string[]> {
  const { courses } = await site.history();
  const last = site.at.number - site.place.limits.lag;
  const before = site.place.fromBlock - 1;
  return payments
    .map(({ paymentId }) => paymentId)
    .filter((id) => (courses.get(id)!.created[0]?.block ?? before) < last);
}

async function listByLogs(site: Site): Promise<Map<string, Payment>> {
  const { courses } = await site.history();
  return new Map([...courses].flatMap(([id, { terms }]) => (terms ? [[id, terms] as const] : [])));
}

type Row = Record<keyof Payment | "paymentId", string>;
interface Page {
  payments: { items: Row[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

const QUERY = `query ($chainId: Int!, $after: String, $limit: Int!) {
  payments(where: { chainId: $chainId, status_in: [Funded, Disputed] }, after: $after, limit: $limit) {
    items {
      paymentId buyer seller token amount deadline onDeadline arbiter disputeWindow feeBps feeRecipient paymentReference
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

async function listByIndex({ readModel, place, escrow }: Site): Promise<Map<string, Payment>> {
  const rows: Row[] = [];
  let after: string | null = null;
  do {
    const page: Page = await readModel.ask(QUERY, {
      chainId: place.record.chainId,
      after,
      limit: ROWS_AT_ONCE,
    });
    rows.push(...page.payments.items);
    after = page.payments.pageInfo.hasNextPage ? page.payments.pageInfo.endCursor : null;
  } while (after !== null);
  return provenTerms(await domainOf(escrow), rows);
}
