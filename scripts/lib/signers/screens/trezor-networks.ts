/**
 * The symbols that the firmware of every Trezor knows by itself. For any other chain it shows what Trezor's server
 * (data.trezor.io) has signed for it, if the host reaches that server and it knows the chain.
 */
const SYMBOLS: Readonly<Record<number, string>> = {
  1: "ETH",
  10: "ETH",
  56: "BNB",
  61: "ETC",
  137: "POL",
  8453: "ETH",
  42161: "ETH",
  560048: "tHOD",
  11155111: "tSEP",
};

/** The symbol of a chain's coin on the screen of a Trezor. */
export const symbolOf = (chainId: number) => SYMBOLS[chainId] ?? "UNKN";
