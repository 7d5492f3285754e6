import {
  deposit,
  depositWithAttestation,
  depositWithAuthorization,
  depositWithPermit,
  depositWithPermit2,
} from "./deposits.js";
import {
  blacklist,
  block,
  clear,
  hold,
  pauseDepositsAndPayouts,
  sitOutPause,
  suspect,
  unhold,
} from "./officers.js";
import {
  approvePayout,
  claim,
  openDispute,
  pushCredit,
  refund,
  release,
  resolve,
  settle,
  untilClaimable,
  withdrawCreditElsewhere,
  withdrawDispute,
} from "./payouts.js";
import type { Story } from "./story.js";

const TOKENS = ["USDC", "USDT", "DAI"];

/**
 * Together they take every branch of the state machine and call every function of the escrow, but for those of
 * administration, which are in `administration.ts`. A test holds them to it.
 */
export const STORIES: readonly Story[] = [
  // -------------------------------------------------------------------------------------------- ways in
  { name: "paid by allowance", ends: "Closed", tokens: TOKENS, steps: [deposit, release("buyer")] },
  { name: "paid in the native coin", ends: "Closed", tokens: ["ETH"], steps: [deposit, release("buyer")] },
  {
    name: "paid by permit",
    ends: "Closed",
    tokens: ["USDC", "DAI"],
    steps: [depositWithPermit, release("buyer")],
  },
  {
    name: "relayed, ERC-3009",
    ends: "Closed",
    tokens: ["USDC"],
    steps: [depositWithAuthorization, release("buyer")],
  },
  { name: "relayed, Permit2", ends: "Closed", tokens: TOKENS, steps: [depositWithPermit2, release("buyer")] },
  {
    name: "cleared on the way in",
    ends: "Closed",
    tokens: TOKENS,
    terms: { newcomer: "buyer" },
    steps: [suspect("buyer"), depositWithAttestation, release("buyer")],
  },

  // ------------------------------------------------------------------------------------------- the parties
  {
    name: "released in parts",
    ends: "Closed",
    steps: [deposit, release("buyer", 30n), release("buyer", 30n), release("buyer")],
  },
  { name: "refunded", ends: "Closed", steps: [deposit, refund("seller")] },
  { name: "refunded in parts", ends: "Closed", steps: [deposit, refund("seller", 25n), refund("seller")] },
  {
    name: "partly released, partly refunded",
    ends: "Closed",
    steps: [deposit, release("buyer", 60n), refund("seller")],
  },
  { name: "waiting", ends: "Funded", steps: [deposit] },
  { name: "waiting after a first release", ends: "Funded", steps: [deposit, release("buyer", 50n)] },

  // ------------------------------------------------------------------------------------------- operators
  { name: "released by the operator", ends: "Closed", steps: [deposit, release("OPERATOR")] },
  {
    name: "refunded by the operator",
    ends: "Closed",
    steps: [deposit, refund("OPERATOR", 40n), refund("OPERATOR")],
  },
  {
    name: "released by two people",
    ends: "Closed",
    terms: { size: "large" },
    steps: [deposit, approvePayout("release"), release("OPERATOR")],
  },
  {
    name: "refunded by two people",
    ends: "Closed",
    terms: { size: "large" },
    steps: [deposit, approvePayout("refund"), refund("OPERATOR")],
  },
  {
    name: "approved in vain",
    ends: "Funded",
    terms: { size: "large" },
    steps: [deposit, approvePayout("release"), release("buyer", 10n)],
  },

  // ------------------------------------------------------------------------------------------- deadlines
  {
    name: "claimed for the seller",
    ends: "Closed",
    terms: { deadlineInDays: 10n, onDeadline: "release" },
    special: true,
    steps: [deposit, untilClaimable, claim("stranger")],
  },
  {
    name: "claimed for the buyer",
    ends: "Closed",
    terms: { deadlineInDays: 12n, onDeadline: "refund" },
    special: true,
    steps: [deposit, release("buyer", 20n), untilClaimable, claim("buyer")],
  },

  // -------------------------------------------------------------------------------------------- disputes
  {
    name: "disputed by mistake",
    ends: "Closed",
    steps: [deposit, openDispute("buyer"), withdrawDispute("buyer"), release("buyer")],
  },
  {
    name: "ruled on by the role",
    ends: "Closed",
    steps: [deposit, openDispute("buyer"), resolve("ARBITER", 40n)],
  },
  {
    name: "ruled on by the named arbiter",
    ends: "Closed",
    terms: { namesArbiter: true },
    steps: [deposit, release("buyer", 10n), openDispute("seller"), resolve("arbiter", 75n)],
  },
  {
    name: "ruled wholly for the buyer",
    ends: "Closed",
    steps: [deposit, openDispute("buyer"), resolve("ARBITER", 0n)],
  },
  {
    name: "a silent arbiter",
    ends: "Closed",
    terms: { deadlineInDays: 2n, onDeadline: "release" },
    special: true,
    steps: [deposit, openDispute("seller"), untilClaimable, claim("seller")],
  },
  { name: "disputed, then settled", ends: "Closed", steps: [deposit, openDispute("seller"), settle(50n)] },
  {
    name: "settled with a contract wallet",
    ends: "Closed",
    tokens: TOKENS,
    terms: { contractSeller: true },
    steps: [deposit, settle(80n)],
  },
  {
    name: "settled during a pause",
    ends: "Closed",
    special: true,
    steps: [deposit, openDispute("buyer"), pauseDepositsAndPayouts, settle(30n), sitOutPause],
  },
  { name: "in dispute", ends: "Disputed", steps: [deposit, openDispute("buyer")] },
  {
    name: "in dispute again",
    ends: "Disputed",
    steps: [deposit, openDispute("seller"), withdrawDispute("seller"), openDispute("buyer")],
  },

  // ------------------------------------------------------------------------------------------ compliance
  { name: "held for a while", ends: "Closed", steps: [deposit, hold, unhold, release("buyer")] },
  { name: "on hold", ends: "Funded", steps: [deposit, hold] },
  { name: "on hold in a dispute", ends: "Disputed", steps: [deposit, openDispute("buyer"), hold] },
  {
    name: "frozen credit, cleared",
    ends: "Closed",
    terms: { newcomer: "seller" },
    steps: [deposit, block("seller"), release("buyer"), clear("seller"), pushCredit],
  },
  {
    name: "frozen credit",
    ends: "Closed",
    terms: { newcomer: "seller" },
    steps: [deposit, block("seller"), release("buyer")],
  },

  // ------------------------------------------------------------------------------- payouts that cannot be pushed
  {
    name: "blacklisted recipient, paid elsewhere",
    ends: "Closed",
    tokens: ["USDT"],
    terms: { newcomer: "seller" },
    steps: [deposit, blacklist("seller"), release("buyer", 50n), release("buyer"), withdrawCreditElsewhere],
  },
  {
    name: "rejecting contract, paid elsewhere",
    ends: "Closed",
    tokens: ["ETH"],
    terms: { contractSeller: true },
    steps: [deposit, release("buyer"), withdrawCreditElsewhere],
  },
  {
    name: "credit outstanding",
    ends: "Closed",
    tokens: ["USDC", "USDT"],
    terms: { newcomer: "seller" },
    steps: [deposit, blacklist("seller"), release("buyer")],
  },
];
