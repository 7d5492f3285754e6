/** Who acts in a step. */
export type Actor = "buyer" | "seller" | "arbiter" | "approver" | "officer" | "anyone";

/** One call of a payment's life after its deposit. Parts are percent of the payment's amount. */
export type Step =
  | { does: "release" | "refund"; percent: number }
  | { does: "claim" }
  | { does: "openDispute"; by: "buyer" | "seller" }
  | { does: "withdrawDispute"; by: "buyer" | "seller" }
  | { does: "resolve"; sellerPercent: number }
  | { does: "approvePayout" }
  | { does: "hold" }
  | { does: "unhold" };

/** What happens to a payment after its deposit, and to how many of every hundred. */
export interface Lifecycle {
  readonly share: number;
  readonly steps: readonly Step[];
}

const release = (percent: number): Step => ({ does: "release", percent });
const refund = (percent: number): Step => ({ does: "refund", percent });

/** A mixture of a marketplace's good and bad days; on average a payment has a little more than three events. */
export const LIFECYCLES: readonly Lifecycle[] = [
  { share: 18, steps: [release(100)] },
  { share: 22, steps: [release(40), release(60)] },
  { share: 14, steps: [release(30), release(30), release(40)] },
  { share: 14, steps: [release(75), refund(25)] },
  { share: 4, steps: [refund(100)] },
  { share: 6, steps: [{ does: "claim" }] },
  {
    share: 6,
    steps: [
      { does: "openDispute", by: "buyer" },
      { does: "resolve", sellerPercent: 60 },
    ],
  },
  {
    share: 4,
    steps: [
      { does: "openDispute", by: "seller" },
      { does: "resolve", sellerPercent: 25 },
    ],
  },
  {
    share: 4,
    steps: [{ does: "openDispute", by: "buyer" }, { does: "withdrawDispute", by: "buyer" }, release(100)],
  },
  { share: 2, steps: [{ does: "approvePayout" }, release(100)] },
  { share: 2, steps: [{ does: "hold" }, { does: "unhold" }, release(100)] },
  // Left as they are: open, in dispute, frozen.
  { share: 2, steps: [] },
  { share: 1, steps: [{ does: "openDispute", by: "seller" }] },
  { share: 1, steps: [{ does: "hold" }] },
];

/** Who acts in a step. */
export function actorOf(step: Step): Actor {
  switch (step.does) {
    case "release":
      return "buyer";
    case "refund":
      return "seller";
    case "openDispute":
    case "withdrawDispute":
      return step.by;
    case "resolve":
      return "arbiter";
    case "approvePayout":
      return "approver";
    case "hold":
    case "unhold":
      return "officer";
    case "claim":
      return "anyone";
  }
}

const BY_HUNDRED: readonly Lifecycle[] = LIFECYCLES.flatMap((lifecycle) =>
  Array<Lifecycle>(lifecycle.share).fill(lifecycle),
);
/** Has no factor in common with a hundred, so that neighbours have different lives and every hundred has all of them. */
const STRIDE = 37;

/** The life of payment number `n`. */
export const lifecycleOf = (n: number): Lifecycle => BY_HUNDRED[(n * STRIDE) % BY_HUNDRED.length]!;
