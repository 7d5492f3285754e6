/** What a Safe's owners sign: the fields of its EIP-712 type `SafeTx`, without gas refunds, which we never use. */
export interface SafeTransaction {
  /** Checksummed address of the Safe. */
  readonly safe: string;
  readonly chainId: number;
  readonly to: string;
  /** Wei. */
  readonly value: bigint;
  readonly data: string;
  readonly nonce: number;
}
