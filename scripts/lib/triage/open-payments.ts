import { termsOfRow } from "../indexed-terms.js";
import { inBatches } from "./batches.js";
import type { Payment } from "../signing.js";
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
}

/** Lists payments by the read model, which knows which are open, or if it does not answer by the logs of all. */
export async function readOpenPayments(site: Site): Promise<OpenPayments> {
  const { paymentId: only } = site.place;
  let listed: ReadonlyMap<string, Payment>;
  let from: Omit<OpenPayments, "payments"> = { source: "the read model" };
  try {
    listed = await listByIndex(site);
  } catch (problem) {
    listed = await listByLogs(site);
    from = { source: "the chain's logs", because: (problem as Error).message };
  }
  const candidates = [...listed].filter(([id]) => only === undefined || id === only);
  const states = await inBatches(candidates, STATES_AT_ONCE, async (some) => {
    const ids = some.map(([id]) => id);
    return [...(await site.lens.snapshot([], ids, { blockTag: site.at.number })).states];
  });
  const payments = candidates.flatMap(([paymentId, terms], i) => {
    const { status, flags, held, released, disputedAt } = states[i]!;
    if (status !== FUNDED && status !== DISPUTED) return [];
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
  return { payments, ...from };
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

async function listByIndex({ readModel, place }: Site): Promise<Map<string, Payment>> {
  const found = new Map<string, Payment>();
  let after: string | null = null;
  do {
    const page: Page = await readModel.ask(QUERY, {
      chainId: place.record.chainId,
      after,
      limit: ROWS_AT_ONCE,
    });
    for (const { paymentId, ...row } of page.payments.items) found.set(paymentId, termsOfRow(row));
    after = page.payments.pageInfo.hasNextPage ? page.payments.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}
