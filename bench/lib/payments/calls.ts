import { encodeFunctionData, type Abi } from "viem";

import { hashTerms, type Terms } from "../../../test/support/terms.js";
import { Escrow__factory } from "../../../types/ethers-contracts/index.js";
import type { Step } from "./lifecycles.js";
import { documentHash } from "./terms.js";

/** A payment on the chain of a measurement. */
export interface Made {
  readonly n: number;
  readonly terms: Terms;
}

/** Where the calls go. */
export interface Target {
  readonly escrow: string;
  readonly chainId: number;
}

const abi: Abi = Escrow__factory.abi;
/** viem encodes several times as fast as ethers, which is most of the time that making payments takes. */
const call = (functionName: string, ...args: unknown[]): string =>
  encodeFunctionData({ abi, functionName, args });

export const depositOf = ({ terms }: Made): string => call("deposit", terms);

export const together = (calls: readonly string[]): string => call("multicall", calls);

const RELEASE = 0;
const part = ({ terms }: Made, percent: number) => (terms.amount * BigInt(percent)) / 100n;

/** The data of the call that a step makes; `done` are the percent of the payment that were paid out before. */
export function callOf(target: Target, payment: Made, step: Step, done: number): string {
  const { terms, n } = payment;
  const paymentId = () => hashTerms(terms, target.chainId, target.escrow);
  switch (step.does) {
    case "release":
    case "refund":
      return call(step.does, terms, part(payment, done + step.percent) - part(payment, done));
    case "claim":
    case "withdrawDispute":
      return call(step.does, terms);
    case "openDispute":
      return call(step.does, terms, documentHash(n), `ipfs://evidence/${n}`);
    case "resolve": {
      const toSeller = part(payment, step.sellerPercent);
      return call(step.does, terms, toSeller, terms.amount - toSeller, documentHash(n));
    }
    case "approvePayout":
      return call(step.does, terms, RELEASE, terms.amount);
    case "hold":
    case "unhold":
      return call(step.does, paymentId(), `case ${n}`);
  }
}
