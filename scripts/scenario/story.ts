import { id, parseUnits, ZeroAddress } from "ethers";

import type { HeldRole } from "../../deploy/index.js";
import { MockContractWallet__factory, type MockContractWallet } from "../../types/ethers-contracts/index.js";
import { paymentIdOf, type Payment } from "../lib/signing.js";
import { DAY } from "./clock.js";
import type { Person } from "./people.js";
import { deployed, type Token, type World } from "./world.js";

/** What can happen to one payment, told as data. See `stories.ts`. */
export interface Story {
  readonly name: string;
  /** Where the payment stands when the story is over. */
  readonly ends: "Funded" | "Disputed" | "Closed";
  /** Symbols of the tokens that it can be told with; every token if left out. */
  readonly tokens?: readonly string[];
  readonly terms?: Terms;
  /** Whether it needs more than its own parties, such as a pause or another time: not for live traffic. */
  readonly special?: true;
  /** The first one deposits. */
  readonly steps: readonly Step[];
}

/** What a story asks of its payment's terms; the rest is drawn. */
export interface Terms {
  /** "large" is at or above the threshold from which operators need an approver. */
  readonly size?: "large";
  readonly deadlineInDays?: bigint;
  readonly onDeadline?: "refund" | "release";
  /** Names an arbiter in the terms, instead of leaving it to the role. */
  readonly namesArbiter?: true;
  /** Somebody who takes part in no other payment. */
  readonly newcomer?: "buyer" | "seller";
  /** The seller is a contract (ERC-1271) that does not accept the native coin. */
  readonly contractSeller?: true;
}

export interface Step {
  /** What happens, to be read after the payment's name: "is released by the buyer". */
  readonly does: string;
  /** Does it. May answer with the time before which the story cannot go on. */
  readonly act: (run: PaymentRun) => Promise<bigint | void>;
}

/** One payment on its way through a story. */
export interface PaymentRun {
  readonly world: World;
  readonly story: Story;
  readonly token: Token;
  readonly payment: Payment;
  readonly paymentId: string;
  readonly buyer: Person;
  /** The seller, or who signs for it if it is a contract. */
  readonly seller: Person;
  readonly sellerContract?: MockContractWallet;
}

export type Actor = "buyer" | "seller" | "arbiter" | "stranger" | HeldRole;

const BUYERS = 8n;
const SELLERS = 5n;
const FEES_BPS = [0n, 0n, 100n, 250n] as const;
/** Where each group begins among the numbered people. */
const FIRST = { buyer: 0, seller: 100, stranger: 200, arbiter: 201, platform: 202, newcomer: 1000 } as const;

/**
 * Draws the parties, token and terms of a story's next payment.
 *
 * @param seed The same seed and number draw the same payment, but for the deadline, which starts from the chain's time.
 */
export async function cast(world: World, story: Story, seed: string, number: number): Promise<PaymentRun> {
  const draw = (what: string, sides: bigint) => BigInt(id(`${seed}/${number}/${what}`)) % sides;
  const terms = story.terms ?? {};
  const person = async (side: "buyer" | "seller", crowd: bigint) =>
    terms.newcomer === side
      ? await world.people.numbered(FIRST.newcomer + Number(draw("newcomer", 1_000_000_000n)))
      : await world.people.numbered(FIRST[side] + Number(draw(side, crowd)));

  const buyer = await person("buyer", BUYERS);
  const seller = await person("seller", SELLERS);
  const sellerContract =
    terms.contractSeller && (await deployed(new MockContractWallet__factory(seller).deploy(seller)));

  const tokens = world.tokens.filter(({ symbol }) => story.tokens?.includes(symbol) ?? true);
  const token = tokens[Number(draw("token", BigInt(tokens.length)))]!;
  const feeBps = FEES_BPS[Number(draw("fee", BigInt(FEES_BPS.length)))]!;

  const payment: Payment = {
    buyer: buyer.address,
    seller: (await sellerContract?.getAddress()) ?? seller.address,
    token: token.address,
    amount: drawAmount(token, terms.size, draw),
    deadline: (await world.clock.now()) + (terms.deadlineInDays ?? 365n) * DAY,
    onDeadline: terms.onDeadline === "release" ? 1n : 0n,
    arbiter: terms.namesArbiter ? (await world.people.numbered(FIRST.arbiter)).address : ZeroAddress,
    disputeWindow: 3n * DAY,
    feeBps,
    feeRecipient: feeBps === 0n ? ZeroAddress : (await world.people.numbered(FIRST.platform)).address,
    paymentReference: id(`${seed}/${number}`),
  };
  const paymentId = paymentIdOf(world.escrowDomain, payment);
  return { world, story, token, payment, paymentId, buyer, seller, sellerContract };
}

/** Whom a story means. */
export async function signerOf({ world, buyer, seller }: PaymentRun, actor: Actor): Promise<Person> {
  if (actor === "buyer") return buyer;
  if (actor === "seller") return seller;
  if (actor === "arbiter" || actor === "stranger") return await world.people.numbered(FIRST[actor]);
  return world.people.officer(actor);
}

/** What a payment holds, or a percentage of what was deposited. In the token's smallest unit. */
export async function portion({ world, payment, paymentId }: PaymentRun, percent?: bigint): Promise<bigint> {
  if (percent !== undefined) return (payment.amount * percent) / 100n;
  return (await world.escrow.paymentState(paymentId)).held;
}

/** A tenth to a third of the approval threshold, or a little more than all of it; in hundredths of a whole token. */
function drawAmount(
  token: Token,
  size: Terms["size"],
  draw: (what: string, sides: bigint) => bigint,
): bigint {
  const cent = parseUnits("0.01", token.decimals);
  const threshold = token.approvalThreshold / cent;
  const cents =
    size === "large"
      ? threshold + draw("amount", threshold / 5n)
      : threshold / 10n + draw("amount", threshold / 4n);
  return cents * cent;
}
