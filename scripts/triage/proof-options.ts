import { ArgumentType } from "hardhat/types/arguments";

import { JSON_OUTPUT, type Option } from "../ops/verbs.js";
import { LOOKING } from "./options.js";

/** What is claimed besides the payment's id. */
export const PROOF_OPTIONS: readonly Option[] = [
  { name: "payment", description: "The payment of which it is said to be the deposit, by its paymentId" },
  { name: "amount", description: "What is said to have been paid, in whole tokens, such as 1250.50" },
  { name: "token", description: "In which token, by its symbol or address" },
  { name: "buyer", description: "By whom it is said to be" },
  { name: "seller", description: "For whom it is said to be" },
  {
    name: "reference",
    description: "The merchant's own reference of the order, as its terms have it: 0x and 64 digits",
  },
  {
    name: "confirmations",
    description: "Blocks that must stand on it, its own included; 0 for 12, and on a local chain for 1",
    type: ArgumentType.INT,
    defaultValue: 0,
  },
  ...LOOKING.filter(({ name }) => name !== "indexer"),
  JSON_OUTPUT,
];
