import { unite } from "./configured-tokens.js";
import type { Finding, Outcome, Unknown } from "./finding.js";
import type { Course } from "./history.js";
import { formatAmount } from "./money.js";
import { readOpenings, type Opening } from "./openings.js";
import type { Site } from "./site.js";
import type { Tokens } from "./tokens.js";
import { judgeTransfers } from "./transfers.js";

type Courses = readonly (readonly [paymentId: string, course: Course])[];

/** Payments that paid out more than came in, or closed twice; and transfers that no event accounts for. */
export async function findDoublePayouts(site: Site): Promise<Outcome> {
  const { courses } = await site.history();
  const only = site.place.paymentId;
  const judged = [...courses].filter(([paymentId]) => only === undefined || paymentId === only);
  const transferred = only === undefined ? await findUnaccounted(site) : { findings: [], unknown: [] };
  const payments = await judgePayments(site, judged);
  return {
    findings: [...payments.findings, ...transferred.findings],
    unknown: [...payments.unknown, ...transferred.unknown],
    looked: `${judged.length} payments${site.beginsLate ? `,${site.since}; what was paid out before is not looked at` : ""}`,
  };
}

type Judgement = Required<Omit<Outcome, "looked">>;

async function judgePayments(site: Site, courses: Courses): Promise<Judgement> {
  const tokens = await site.describe(
    courses.flatMap(([, { terms }]) => (terms === undefined ? [] : [terms.token])),
  );
  const openings = await readOpenings(
    site,
    courses.map(([paymentId]) => paymentId),
  );
  return {
    findings: courses.flatMap(([paymentId, course]) => {
      const opening = openings && (openings.get(paymentId) ?? NOT_THERE);
      return judge({ site, tokens, paymentId, course, opening });
    }),
    unknown: [
      ...(openings === undefined ? [untoldOpenings(site)] : []),
      ...(site.place.paymentId === undefined || !startedBefore(site, courses) ? [] : [untoldPast(site)]),
    ],
  };
}

const NOT_THERE: Opening = { isThere: false, isClosed: false, held: 0n };

/** Whether the payment that was named was made before the logs that were read. */
const startedBefore = ({ beginsLate }: Site, courses: Courses) =>
  beginsLate && !courses.some(([, { created }]) => created.length > 0);

interface Judging {
  readonly site: Site;
  readonly tokens: Tokens;
  readonly paymentId: string;
  readonly course: Course;
  /** How it stood before the logs that were read; nothing if nobody tells. */
  readonly opening: Opening | undefined;
}

function judge({ site, tokens, paymentId, course, opening }: Judging): Finding[] {
  const { terms, created, movements } = course;
  const before = `before block ${site.place.fromBlock}`;
  const isNew = created.length > 0 && terms !== undefined;
  const amount = (value: bigint) =>
    terms === undefined ? `${value} units of its token` : formatAmount(tokens, terms.token, value);
  const paid = movements.reduce((sum, movement) => sum + movement.amount, 0n);
  const had = isNew ? terms.amount : opening?.held;
  const closings = movements.filter(({ held }) => held === 0n);
  const wasClosed = opening?.isClosed === true;
  const last = movements.at(-1);
  const found: readonly (readonly [is: boolean, reason: string, sentence: string])[] = [
    [created.length > 1, "deposited_twice", `It was deposited ${created.length} times: ${hashes(created)}.`],
    [
      created.length === 1 && opening?.isThere === true,
      "deposited_twice",
      `It was there ${before}, and was deposited again: ${hashes(created)}.`,
    ],
    [
      had !== undefined && paid > had,
      "paid_beyond_amount",
      `It paid out ${amount(paid)} of ${amount(had ?? 0n)}${isNew ? "" : ` that it held ${before}`}: ${hashes(movements)}.`,
    ],
    [closings.length > 1, "closed_twice", `It was closed ${closings.length} times: ${hashes(closings)}.`],
    [
      closings.length === 1 && wasClosed,
      "closed_twice",
      `It was closed ${before}, and again: ${hashes(closings)}.`,
    ],
    [
      (wasClosed || closings.length > 0) && last !== undefined && last.held !== 0n,
      "moved_after_closing",
      `It went on after it was closed: ${hashes(movements.slice(-1))}.`,
    ],
  ];
  const command = site.stopCommand(`payment ${paymentId.slice(0, 10)} may have paid out twice`);
  return found
    .filter(([is]) => is)
    .map(([, reason, sentence]) => ({ check: "doubles", reason, paymentId, sentence, command }));
}

const hashes = (some: readonly { transaction: string }[]) =>
  [...new Set(some.map(({ transaction }) => transaction))].join(", ");

/** What somebody asks once more to have all of it judged. */
const fromTheBeginning = (site: Site) => ({
  command: site.command("triage doubles", site.place.paymentId),
});

function untoldOpenings(site: Site): Omit<Unknown, "check"> {
  const { fromBlock } = site.place;
  const why =
    `The endpoint does not tell how payments stood before block ${fromBlock}, so those that were made before are not judged by ` +
    "what they held: ask one that has old states, or from the beginning.";
  return { why, ...fromTheBeginning(site) };
}

const untoldPast = (site: Site): Omit<Unknown, "check"> => ({
  why: `It was made before block ${site.place.fromBlock}, and what it paid out before is not looked at.`,
  ...fromTheBeginning(site),
});

async function findUnaccounted(site: Site): Promise<Judgement> {
  const history = await site.history();
  const { addresses, unknown } = await site.tokens();
  const told = [
    ...[...history.outgoing.values()].map(({ token }) => token),
    ...[...history.courses.values()].flatMap(({ terms }) => (terms === undefined ? [] : [terms.token])),
  ];
  const judgement = await judgeTransfers(site, history, unite(addresses, [...new Set(told)]));
  return { findings: judgement.findings, unknown: [...unknown, ...judgement.unknown] };
}
