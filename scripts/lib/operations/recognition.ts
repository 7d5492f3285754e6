import { Transaction } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { Attempt } from "./attempts.js";
import { EndpointFault, reaching, type Endpoint, type Sent } from "./endpoint.js";
import type { Submitting } from "./submit.js";

/** Tells what is a version of the transaction that is to be submitted, and what somebody put in its place. */
export class Recognition {
  constructor(
    private readonly given: Pick<Submitting, "signer" | "chainId" | "call" | "seal">,
    private readonly endpoint: Pick<Endpoint, "transaction">,
  ) {}

  /** Whether what the chain has is by the signer and does this. No file has a say in that. */
  async isOurs(sent: Sent): Promise<boolean> {
    const { signer, call, chainId, seal } = this.given;
    const { from, nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = sent;
    if (from !== signer.address || to !== call.to || value !== call.value) return false;
    if (data === call.data.toLowerCase()) return true;
    // A Safe's has other signatures each time.
    const fees = { maxFeePerGas, maxPriorityFeePerGas };
    return await reaching(() => seal({ chainId, nonce, to, value, data, gasLimit, ...fees })).then(
      () => true,
      (problem: unknown) => {
        if (problem instanceof EndpointFault) throw problem;
        return false;
      },
    );
  }

  /**
   * What a log holds is sent as it is, or waited for: only if it is by the signer, and for nothing else than this.
   *
   * @returns False of what a wallet is said to have sent and the chain does not know: it is nobody's yet.
   * @throws {@link Fault} that says what it is instead.
   */
  async require(attempt: Attempt): Promise<boolean> {
    if (attempt.raw === null) return await this.#requireSent(attempt);
    await this.#requireSigned(attempt, attempt.raw);
    return true;
  }

  async #requireSigned(attempt: Attempt, raw: string): Promise<void> {
    const { signer, chainId, call, seal } = this.given;
    const signed = Transaction.from(raw);
    const { nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = signed;
    const fees = { maxFeePerGas: maxFeePerGas ?? -1n, maxPriorityFeePerGas: maxPriorityFeePerGas ?? -1n };
    const found = {
      ...{ hash: signed.hash, from: signed.from, nonce, chainId: signed.chainId },
      ...{ to, value, gasLimit, ...fees },
    };
    const expected: typeof found = {
      ...{ hash: attempt.hash, from: signer.address, nonce: attempt.nonce, chainId: BigInt(chainId) },
      ...{ to: call.to, value: call.value, gasLimit: BigInt(attempt.gasLimit) },
      ...{
        maxFeePerGas: BigInt(attempt.maxFeePerGas),
        maxPriorityFeePerGas: BigInt(attempt.maxPriorityFeePerGas),
      },
    };
    for (const [field, value] of Object.entries(expected))
      if (found[field as keyof typeof found] !== value) throw new Fault(`its ${field} is another.`);
    await reaching(() => seal({ chainId, nonce, to: call.to, value, data, gasLimit, ...fees }));
  }

  /** Of what a wallet sent, the chain alone knows the bytes. */
  async #requireSent({ hash, nonce }: Attempt): Promise<boolean> {
    const sent = await reaching(() => this.endpoint.transaction(hash));
    if (sent === undefined) return false;
    if (sent.nonce !== nonce || !(await this.isOurs(sent)))
      throw new Fault(`${hash} is another transaction.`);
    return true;
  }
}
