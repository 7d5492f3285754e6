import { expect } from "chai";
import { ZeroAddress, zeroPadValue } from "ethers";

import { compare, type ChainView, type IndexedPayment, type IndexView } from "../../scripts/lib/compare.js";
import { paymentIdOf, type Payment } from "../../scripts/lib/signing.js";

const TOKEN = "0x00000000000000000000000000000000000000aa";
const SELLER = "0x00000000000000000000000000000000000000cc";
const CREDIT = `${TOKEN}/${SELLER}`;
const domain = {
  name: "Holdfast Escrow",
  version: "1",
  chainId: 31337,
  verifyingContract: zeroPadValue("0xe5", 20),
};

/** Two payments, one of which was paid as a credit that is still there; index and chain agree. */
function agreeing(): { chain: ChainView; index: IndexView } {
  const open = row({ status: "Funded", onHold: true, held: 700n, released: 200n, refunded: 100n }, 1);
  const closed = row({ status: "Closed", onHold: false, held: 0n, released: 1000n, refunded: 0n }, 2);
  const totals = { held: 700n, credits: 1000n };
  return {
    chain: {
      domain,
      payments: new Map([open, closed].map(({ paymentId, ...payment }) => [paymentId, payment])),
      tokens: new Map([[TOKEN, { ...totals, balance: 1700n }]]),
      credits: new Map([[CREDIT, 1000n]]),
      paymentEvents: 5,
    },
    index: {
      payments: [open, closed],
      tokens: new Map([[TOKEN, totals]]),
      credits: new Map([[CREDIT, 1000n]]),
      paymentEvents: 5,
    },
  };
}

function row(state: Omit<IndexedPayment, keyof Payment | "paymentId">, reference: number): IndexedPayment {
  const payment: Payment = {
    buyer: "0x00000000000000000000000000000000000000bb",
    seller: SELLER,
    token: TOKEN,
    amount: 1000n,
    deadline: 2_000_000_000n,
    onDeadline: 0n,
    arbiter: ZeroAddress,
    disputeWindow: 86_400n,
    feeBps: 0n,
    feeRecipient: ZeroAddress,
    paymentReference: zeroPadValue(new Uint8Array([reference]), 32),
  };
  return { ...payment, ...state, paymentId: paymentIdOf(domain, payment) };
}

/** What is found after `damage` was done to views that agreed, as `[outcome, subject]`. */
function findings(damage: (views: ReturnType<typeof agreeing>) => Partial<ReturnType<typeof agreeing>>) {
  const views = agreeing();
  const { chain, index } = { ...views, ...damage(views) };
  return compare(chain, index).map(({ outcome, subject }) => [outcome, subject]);
}

/** The index with its first payment changed. */
const withFirst =
  (change: Partial<IndexedPayment>) =>
  ({ index }: { index: IndexView }) => ({
    index: {
      ...index,
      payments: index.payments.map((payment, i) => (i === 0 ? { ...payment, ...change } : payment)),
    },
  });

const FIRST = agreeing().index.payments[0]!.paymentId;
const SECOND = agreeing().index.payments[1]!.paymentId;

describe("comparing the index with the chain", () => {
  it("finds nothing where they agree", () => {
    expect(findings(() => ({}))).to.deep.equal([]);
  });

  for (const [what, change] of Object.entries({
    buyer: { buyer: SELLER },
    deadline: { deadline: 2_000_000_001n },
    "deadline action": { onDeadline: 1n },
    fee: { feeBps: 1n },
    reference: { paymentReference: zeroPadValue("0x09", 32) },
  } satisfies Record<string, Partial<IndexedPayment>>)) {
    it(`finds a wrong ${what}: the terms no longer hash to the id`, () => {
      expect(findings(withFirst(change))).to.deep.equal([["terms_mismatch", FIRST]]);
    });
  }

  for (const [what, change] of Object.entries({
    status: { status: "Disputed" },
    hold: { onHold: false },
    "released amount": { released: 201n },
    "refunded amount": { refunded: 99n },
  } satisfies Record<string, Partial<IndexedPayment>>)) {
    it(`finds a wrong ${what}`, () => {
      expect(findings(withFirst(change))).to.deep.equal([["state_mismatch", FIRST]]);
    });
  }

  it("finds a wrong held amount, in the row and in the sum of the rows", () => {
    expect(findings(withFirst({ held: 701n }))).to.deep.equal([
      ["state_mismatch", FIRST],
      ["total_mismatch", `sum of rows of token ${TOKEN}`],
    ]);
  });

  it("finds a payment that the index lacks", () => {
    expect(
      findings(({ index }) => ({ index: { ...index, payments: index.payments.slice(0, 1) } })),
    ).to.deep.equal([["missing_in_index", SECOND]]);
  });

  it("finds a payment that the chain never saw, whether it was asked for or not", () => {
    const none = { status: "None", onHold: false, held: 0n, released: 0n, refunded: 1000n } as const;
    for (const second of [[], [[SECOND, none]]] as [string, typeof none][][]) {
      expect(
        findings(({ chain }) => ({
          chain: { ...chain, payments: new Map([...[...chain.payments].slice(0, 1), ...second]) },
        })),
      ).to.deep.equal([["missing_on_chain", SECOND]]);
    }
  });

  it("finds a payment that the index has twice", () => {
    const twice = findings(({ index }) => ({
      index: { ...index, payments: [...index.payments, index.payments[1]!] },
    }));
    expect(twice).to.deep.equal([["missing_on_chain", SECOND]]);
  });

  it("finds a wrong credit, in the row and in the sum of the rows", () => {
    expect(
      findings(({ index }) => ({ index: { ...index, credits: new Map([[CREDIT, 999n]]) } })),
    ).to.deep.equal([
      ["total_mismatch", `credit ${CREDIT}`],
      ["total_mismatch", `sum of rows of token ${TOKEN}`],
    ]);
  });

  it("finds a credit that the index lacks", () => {
    const found = findings(({ index }) => ({ index: { ...index, credits: new Map() } }));
    expect(found).to.deep.include(["total_mismatch", `credit ${CREDIT}`]);
  });

  it("finds wrong totals of a token", () => {
    for (const totals of [
      { held: 1n, credits: 1000n },
      { held: 700n, credits: 1n },
    ]) {
      expect(
        findings(({ index }) => ({ index: { ...index, tokens: new Map([[TOKEN, totals]]) } })),
      ).to.deep.equal([["total_mismatch", `token ${TOKEN}`]]);
    }
  });

  it("finds a token that only one of them knows", () => {
    expect(findings(({ index }) => ({ index: { ...index, tokens: new Map() } }))).to.deep.equal([
      ["missing_in_index", `token ${TOKEN}`],
    ]);
    expect(findings(({ chain }) => ({ chain: { ...chain, tokens: new Map() } }))).to.deep.equal([
      ["missing_on_chain", `token ${TOKEN}`],
    ]);
  });

  it("finds an escrow that owns less than it owes", () => {
    const poor = { held: 700n, credits: 1000n, balance: 1699n };
    expect(
      findings(({ chain }) => ({ chain: { ...chain, tokens: new Map([[TOKEN, poor]]) } })),
    ).to.deep.equal([["total_mismatch", `token ${TOKEN}`]]);
  });

  it("finds an event that the index lacks", () => {
    expect(findings(({ index }) => ({ index: { ...index, paymentEvents: 4 } }))).to.deep.equal([
      ["total_mismatch", "payment events"],
    ]);
  });

  it("says what was found and what was expected", () => {
    const { chain, index } = agreeing();
    const [difference] = compare(chain, { ...index, paymentEvents: 4 });
    expect(difference!.detail).to.equal("events is 4 in the index, 5 on the chain");
  });
});
