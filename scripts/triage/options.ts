import { ArgumentType } from "hardhat/types/arguments";

import { JSON_OUTPUT, type Option } from "../ops/verbs.js";

/** Where a look goes. */
export const LOOKING: readonly Option[] = [
  {
    name: "indexer",
    description:
      "Where the read model answers (default: HOLDFAST_INDEXER_URL, or http://127.0.0.1:42069); it may be down",
  },
  {
    name: "rpc",
    description:
      "More RPC endpoints, separated by commas, besides the network's and those of PONDER_RPC_URL_<chainId>",
  },
  {
    name: "fromBlock",
    description:
      "First block whose logs count (default: the deployment's); what cannot be told from there on is said",
    type: ArgumentType.INT,
    defaultValue: 0,
  },
];

/** What is worth a finding. */
export const TRIAGE_OPTIONS: readonly Option[] = [
  { name: "payment", description: "Only this payment, by its paymentId" },
  ...LOOKING,
  {
    name: "grace",
    description: "How long a payment may lie unclaimed, or an approval unused, such as 1s or 1d",
    type: ArgumentType.STRING,
    defaultValue: "1h",
  },
  {
    name: "lag",
    description: "How many blocks the index, or an endpoint, may be behind",
    type: ArgumentType.INT,
    defaultValue: 20,
  },
  {
    name: "headAge",
    description: "How old the chain's latest block may be; not asked of a local chain",
    type: ArgumentType.STRING,
    defaultValue: "15m",
  },
  JSON_OUTPUT,
];
