import { isError, type CallExceptionError } from "ethers";

import { Fault } from "../../deploy/fault.js";
import {
  ComplianceRegistry__factory,
  Escrow__factory,
  TestUSDC__factory,
} from "../../types/ethers-contracts/index.js";
import type { PaymentRun } from "./story.js";

/** A story being told about one payment: knows which step is next. */
export class Telling {
  #next = 0;

  constructor(readonly run: PaymentRun) {}

  get isOver(): boolean {
    return this.#next === this.run.story.steps.length;
  }

  /**
   * Takes the next step.
   *
   * @returns What happened, and the time before which the story cannot go on, if there is one.
   * @throws {@link Fault} that says which story failed at which step, and why.
   */
  async advance(): Promise<{ does: string; until?: bigint }> {
    const { story, paymentId, token } = this.run;
    const { does, act } = story.steps[this.#next]!;
    try {
      const until = await act(this.run);
      this.#next += 1;
      return { does, until: until ?? undefined };
    } catch (cause) {
      throw new Fault(
        `The payment ${paymentId} in ${token.symbol} of the story “${story.name}” failed where it ${does}: ${explain(cause)}`,
        { cause },
      );
    }
  }
}

const INTERFACES = [Escrow__factory, ComplianceRegistry__factory, TestUSDC__factory].map((factory) =>
  factory.createInterface(),
);

/** The contract's own error if it is one of the suite's or of a token's: `PaymentOnHold(0x…)`. */
export function explain(error: unknown): string {
  if (!isError(error, "CALL_EXCEPTION")) return (error as Error).message;
  const revert = error.revert ?? revertOf(error);
  return revert === null ? error.shortMessage : `${revert.name}(${revert.args.map(String).join(", ")})`;
}

/** ethers knows the errors of what is called, but not of what is sent. */
function revertOf({ data }: CallExceptionError) {
  if (data === null) return null;
  return INTERFACES.map((abi) => abi.parseError(data)).find((found) => found !== null) ?? null;
}
