import { keccak256, Transaction } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { Attempt } from "./attempts.js";
import { reaching, type Endpoint, type Sent } from "./endpoint.js";
import type { Submitting } from "./submit.js";

/** Tells what is a version of the transaction that is to be submitted, and what somebody put in its place. */
export class Recognition {
  /** The data that was ever signed or asked for here, by its hash: a Safe's has other signatures each time. */
  readonly #data = new Set<string>();

  constructor(
    private readonly given: Pick<Submitting, "signer" | "chainId" | "call" | "seal">,
    private readonly endpoint: Pick<Endpoint, "transaction">,
  ) {
    this.#data.add(keccak256(given.call.data));
  }

  /** Remembers what a wallet was asked for. */
  expect(dataHash: string): void {
    this.#data.add(dataHash);
  }

  isOurs({ to, value, data }: Pick<Sent, "to" | "value" | "data">): boolean {
    const { call } = this.given;
    return to === call.to && value === call.value && this.#data.has(keccak256(data));
  }

  /**
   * What a log holds is sent as it is, or waited for: only if it is by the signer, and for nothing else than this.
   *
   * @throws {@link Fault} that says what it is instead.
   */
  async require(attempt: Attempt): Promise<void> {
    if (attempt.raw === null) await this.#requireSent(attempt);
    else await this.#requireSigned(attempt, attempt.raw);
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
    this.#data.add(keccak256(data));
  }

  /** Of what a wallet sent, the chain alone knows the bytes. What it does not know is nobody's yet. */
  async #requireSent({ hash, nonce }: Attempt): Promise<void> {
    const sent = await this.endpoint.transaction(hash);
    if (sent === undefined) return;
    const { signer, call, chainId, seal } = this.given;
    const { to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = sent;
    if (sent.from !== signer.address || sent.nonce !== nonce || to !== call.to || value !== call.value)
      throw new Fault(`${hash} is another transaction.`);
    if (!this.isOurs(sent))
      await reaching(() =>
        seal({ chainId, nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas }),
      );
    this.#data.add(keccak256(data));
  }
}
