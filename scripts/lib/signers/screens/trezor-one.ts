import { dataBytes, decimal, hex, maximumFee, pieces, type Device, type Screen } from "./device.js";
import { symbolOf } from "./trezor-networks.js";

const HASH_WIDTH = 16;
const ADDRESS_WIDTH = 21;
const TEXT_WIDTH = 18;
const PAGE_BYTES = 24;
const PAGES = 5;

/** The older model: of a message it can show no more than two hashes, of a transaction the first 120 bytes of data. */
export const trezorOne: Device = {
  name: "Trezor One",
  source: "trezor-firmware, legacy 1.14.2",
  note: "It shows no field of the message: compare both hashes, digit by digit.",
  typedMessage: (_message, { domainSeparator, messageHash }, signer) => [
    ["Unable to show", "EIP-712 data.", "Sign at your own risk."],
    ["Confirm address?", "Message signed by:", ...pieces(signer, ADDRESS_WIDTH)],
    ["EIP-712 domain hash", ...hashLines(domainSeparator)],
    ["EIP-712 message hash", ...hashLines(messageHash)],
  ],
  transaction(transaction) {
    const { to, value, chainId, maxFeePerGas, maxPriorityFeePerGas } = transaction;
    const symbol = symbolOf(chainId);
    const amount = value === 0n ? ["message"] : amountOf(value, symbol);
    const recipient = [...amount.slice(1), "to", to].join(" ");
    return [
      ["Send", amount[0]!, ...recipientLines(recipient)],
      ...dataPages(hex(transaction.data).toUpperCase(), dataBytes(transaction)),
      fee("Maximum fee per gas", `${decimal(maxFeePerGas, 9)} Gwei`),
      fee("Priority fee per gas", `${decimal(maxPriorityFeePerGas, 9)} Gwei`),
      fee("Maximum fee", amountOf(maximumFee(transaction), symbol).join(" ")),
    ];
  },
};

const hashLines = (hash: string) => pieces(hex(hash).toUpperCase(), HASH_WIDTH);

const fee = (what: string, amount: string): Screen => ["Confirm fee", what, ...pieces(amount, TEXT_WIDTH)];

/** The figure and its unit. */
const amountOf = (wei: bigint, symbol: string): [string, string] =>
  wei < 10n ** 9n ? [decimal(wei, 0), "Wei"] : [decimal(wei, 18), symbol];

/** Two full lines, and whatever is left on the third. */
const recipientLines = (recipient: string) => [
  recipient.slice(0, TEXT_WIDTH),
  recipient.slice(TEXT_WIDTH, 2 * TEXT_WIDTH),
  `${recipient.slice(2 * TEXT_WIDTH)}?`,
];

function dataPages(digits: string, total: number): Screen[] {
  const pages = pieces(digits, 2 * PAGE_BYTES)
    .slice(0, PAGES)
    .map((page, index) => {
      const shown = Math.min((index + 1) * PAGE_BYTES, total);
      const summary = `${shown < total ? "... " : ""}${shown}/${total} bytes`;
      return ["Transaction data:", ...pieces(page, HASH_WIDTH), summary];
    });
  const isTooLong = total > PAGES * PAGE_BYTES;
  return isTooLong ? [...pages, ["Warning! Too long", "data to view.", "Proceed with caution."]] : pages;
}
