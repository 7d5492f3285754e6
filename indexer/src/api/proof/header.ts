import { keccak256, toRlp, type Hex } from "viem";

/** A block as `eth_getBlockByNumber` gives it. */
export type RpcBlock = Readonly<Record<string, unknown>> & { hash: Hex; number: Hex; timestamp: Hex };

/** The fields of a header in the order in which they are hashed; a fork only ever appends. */

const FIELDS = [
  ...["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"],
  ...["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"],
  ...["baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"],
  "requestsHash",
];
const NUMBERS = new Set([
  ...["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed"],
  "excessBlobGas",
]);

/**
 * The RLP encoding of a block's header, or nothing if it does not hash to the block's hash: the chain's headers have
 * fields that this does not know, or the node tells them wrong.
 */
export function encodeHeader(block: RpcBlock): Hex | undefined {
  const fields = FIELDS.filter((field) => typeof block[field] === "string").map((field) => {
    const value = block[field] as Hex;
    return NUMBERS.has(field) ? withoutLeadingZeros(value) : value;
  });
  const header = toRlp(fields);
  return keccak256(header) === block.hash ? header : undefined;
}

/** A number as RLP wants it: no leading zero byte, so nothing at all for 0. */
function withoutLeadingZeros(value: Hex): Hex {
  const digits = BigInt(value).toString(16);
  return digits === "0" ? "0x" : `0x${digits.padStart(digits.length + (digits.length % 2), "0")}`;
}
