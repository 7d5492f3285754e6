/** Running sums of one row: all its amounts and counts. */
type Sums = Record<string, bigint | number>;

/** Changes to some of the sums; negative to subtract. */
export type Delta<S extends Sums> = Partial<S>;

const zeroParty = {
  paid: 0n,
  received: 0n,
  feesCharged: 0n,
  refunded: 0n,
  heldAsBuyer: 0n,
  heldAsSeller: 0n,
  disputedAsBuyer: 0n,
  disputedAsSeller: 0n,
  buyerPaymentCount: 0,
  sellerPaymentCount: 0,
};

const zeroToken = {
  held: 0n,
  credits: 0n,
  deposited: 0n,
  released: 0n,
  refunded: 0n,
  fees: 0n,
  paidOut: 0n,
  swept: 0n,
  paymentCount: 0,
};

export type PartySums = typeof zeroParty;
export type TokenSums = typeof zeroToken;

/** The sums of a party that has done nothing yet. */
export const noParty: Readonly<PartySums> = zeroParty;
/** The sums of a token that nothing was done with yet. */
export const noToken: Readonly<TokenSums> = zeroToken;

/** What a movement adds to the sums of its buyer, its seller and its token. */
export interface Movement {
  buyer: Delta<PartySums>;
  seller: Delta<PartySums>;
  token: Delta<TokenSums>;
}

/** Money arrived. */
export function deposited(amount: bigint): Movement {
  return {
    buyer: { paid: amount, heldAsBuyer: amount, buyerPaymentCount: 1 },
    seller: { heldAsSeller: amount, sellerPaymentCount: 1 },
    token: { held: amount, deposited: amount, paymentCount: 1 },
  };
}

/** Money went to the seller, out of a dispute or not. */
export function released(amount: bigint, fee: bigint, inDispute: boolean): Movement {
  const disputed = inDispute ? amount : 0n;
  return {
    buyer: { heldAsBuyer: -amount, disputedAsBuyer: -disputed },
    seller: {
      heldAsSeller: -amount,
      disputedAsSeller: -disputed,
      received: amount - fee,
      feesCharged: fee,
    },
    token: { held: -amount, released: amount, fees: fee, paidOut: amount },
  };
}

/** Money went back to the buyer, out of a dispute or not. */
export function refunded(amount: bigint, inDispute: boolean): Movement {
  const disputed = inDispute ? amount : 0n;
  return {
    buyer: { heldAsBuyer: -amount, disputedAsBuyer: -disputed, refunded: amount },
    seller: { heldAsSeller: -amount, disputedAsSeller: -disputed },
    token: { held: -amount, refunded: amount, paidOut: amount },
  };
}

/** A dispute began (`held` is now in dispute) or was taken back (`-held`). Moves no money. */
export function disputed(held: bigint): Movement {
  return { buyer: { disputedAsBuyer: held }, seller: { disputedAsSeller: held }, token: {} };
}

/** The sums of `row` that `delta` names, after adding it. */
export function added<S extends Sums>(row: S, delta: Delta<S>): Delta<S> {
  const sums: Sums = {};
  for (const [name, change] of Object.entries(delta) as [string, bigint | number][]) {
    const before = row[name];
    if (typeof before === "bigint" && typeof change === "bigint") sums[name] = before + change;
    else if (typeof before === "number" && typeof change === "number") sums[name] = before + change;
    else throw new Error(`Cannot add ${typeof change} to ${typeof before} in the sum "${name}".`);
  }
  return sums as Delta<S>;
}
