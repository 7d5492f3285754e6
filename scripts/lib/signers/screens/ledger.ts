import { getAddress } from "ethers";

import { toSign } from "../transaction.js";
import { dataBytes, decimal, hex, maximumFee, words, type Device, type Screen } from "./device.js";

/** Networks by the names and coins of the Ethereum app; it shows others by their number, and `???` for their coin. */
const NETWORKS: Readonly<Record<number, readonly [name: string, ticker: string]>> = {
  1: ["Ethereum", "ETH"],
  10: ["OP Mainnet", "ETH"],
  56: ["BSC", "BNB"],
  100: ["Gnosis", "xDAI"],
  137: ["Polygon", "POL"],
  8453: ["Base", "ETH"],
  42161: ["Arbitrum", "ETH"],
  84532: ["Base Sepolia", "ETH"],
  11155111: ["Sepolia", "ETH"],
};

const BLIND: Screen = ["Blind signing ahead", "To accept risk, press both buttons"];
const hashLine = (hash: string) => `0x${hex(hash).toUpperCase()}`;

const transaction: Device["transaction"] = (asked, signer) => {
  const { chainId, value, to } = asked;
  const [network, ticker] = NETWORKS[chainId] ?? [String(chainId), "???"];
  const amount = (wei: bigint) => `${decimal(wei, 18).replaceAll(",", "")} ${ticker}`;
  const isBlind = dataBytes(asked) > 0;
  return [
    ...(isBlind ? [BLIND] : []),
    ["Review transaction"],
    ["From", signer],
    ...(isBlind && value === 0n ? [] : [["Amount", amount(value)]]),
    ["To", getAddress(to)],
    ["Max fees", amount(maximumFee(asked))],
    ...(chainId === 1 ? [] : [["Network", network]]),
    ...(isBlind ? [["Tx hash", toSign(asked).unsignedHash]] : []),
    [isBlind ? "Accept risk and sign transaction" : "Sign transaction"],
  ];
};

/** A Nano as it comes: it shows the fields of the domain, and of the message the hash. Blind signing must be on. */
export const ledgerNano: Device = {
  name: "Ledger Nano S Plus or X",
  source: "app-ethereum 1.22.0 (Nano X)",
  note:
    "Turn on blind signing in the Ethereum app. Where Ledger knows how to clear-sign a contract, or with raw messages " +
    "turned on, the device shows the fields of the message instead of its hash. Who declines is asked once more, by both " +
    "hashes, and has to decline again.",
  typedMessage: ({ types, domain }, { messageHash }) => [
    BLIND,
    ["Review typed message"],
    ...types.EIP712Domain.map(({ name, type }) => [name, words(domain[name], type)]),
    ["Message hash", hashLine(messageHash)],
    ["Sign message"],
  ],
  transaction,
};

/** What every Ledger falls back to when it cannot take in the fields: a Nano S always, the others when that fails. */
export const ledgerHashes: Device = {
  name: "Ledger, by hashes only",
  source: "app-ethereum 1.22.0",
  note: "Turn on blind signing in the Ethereum app, and compare both hashes, digit by digit.",
  typedMessage: (_message, { domainSeparator, messageHash }) => [
    BLIND,
    ["Review typed message"],
    ["Domain hash", hashLine(domainSeparator)],
    ["Message hash", hashLine(messageHash)],
    ["Sign message"],
  ],
  transaction,
};
