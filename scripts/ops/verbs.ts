import { ArgumentType } from "hardhat/types/arguments";

/** An option of a task, as Hardhat wants it; one without a type is a string that may be left out. */
export interface Option {
  readonly name: string;
  readonly description: string;
  readonly type?:
    ArgumentType.INT | ArgumentType.STRING | ArgumentType.FLAG | ArgumentType.FILE_WITHOUT_DEFAULT;
  readonly defaultValue?: string | number;
}

interface Verb {
  readonly description: string;
  /** An example to copy. */
  readonly example: string;
  readonly options: readonly Option[];
}

const bits: Option = {
  name: "bits",
  description: "What, separated by commas: deposits, payouts (by operators), exits",
  type: ArgumentType.STRING,
  defaultValue: "deposits,payouts,exits",
};
const duration: Option = {
  name: "duration",
  description: "How long, such as 90m, 12h, 3d; exits at most 7d in a row",
  type: ArgumentType.STRING,
  defaultValue: "1d",
};
const proxy: Option = {
  name: "proxy",
  description: "Whose code: escrow or complianceRegistry",
  type: ArgumentType.STRING,
  defaultValue: "escrow",
};

/** Every act of an admin that can be planned, with what it takes. */
export const VERBS = {
  pause: {
    description: "Stops deposits, operators' payouts or every way out, at once and for a while (GUARDIAN)",
    example: '--bits deposits,exits --duration 12h --reason "wrong balances, see incident 7"',
    options: [bits, duration],
  },
  unpause: {
    description: "Ends a pause before its time, after a delay (UNPAUSER)",
    example: '--bits exits --reason "incident 7 is over"',
    options: [bits],
  },
  "extend-pause": {
    description: "Pauses without the limit on exits, after a delay (CONFIGURATOR)",
    example: '--bits exits --duration 30d --reason "waiting for the audit"',
    options: [bits, duration],
  },
  upgrade: {
    description:
      "Replaces the code behind a proxy, after a delay, with rollback and pause kept ready (UPGRADER)",
    example: '--proxy escrow --implementation 0x… --reason "release 1.1.0"',
    options: [
      proxy,
      { name: "implementation", description: "Address of the new version, deployed already" },
      {
        name: "deploy",
        description: "Deploys the new version first, from the network's first account, which needs no role",
        type: ArgumentType.FLAG,
      },
      { name: "contract", description: "What the build calls it (default: as the present one)" },
      {
        name: "call",
        description: "Function of the new version to call in the upgrade, such as initializeV2",
      },
      {
        name: "args",
        description: "Its arguments as a JSON array, integers as strings",
        type: ArgumentType.STRING,
        defaultValue: "[]",
      },
      {
        name: "rungs",
        description: "How often to sign rollback and pause, each with the next nonce",
        type: ArgumentType.INT,
        defaultValue: 3,
      },
      {
        name: "pauseFor",
        description: "How long the pause that is kept ready lasts",
        type: ArgumentType.STRING,
        defaultValue: "1d",
      },
      { name: "guardian", description: "Account that rolls back and pauses, if several hold GUARDIAN" },
    ],
  },
  rollback: {
    description: "Puts the code of before the last upgrade back, at once (GUARDIAN)",
    example: '--proxy escrow --reason "release 1.1.0 pays twice"',
    options: [proxy],
  },
  roles: {
    description:
      "Makes the roles on the chain what deploy/roles.ts and the parameters say, after a delay (ADMIN)",
    example: '--reason "Alice leaves, Bob takes over"',
    options: [],
  },
  token: {
    description: "Sets a token's limits to those in the parameters, after a delay (CONFIGURATOR)",
    example: '--symbol USDC --reason "cap raised by the board"',
    options: [{ name: "symbol", description: "The token, as the parameters call it" }],
  },
  policy: {
    description: "Replaces the screening policy by that in the parameters, after a delay (CONFIGURATOR)",
    example: '--reason "allow-list from today"',
    options: [],
  },
  cancel: {
    description: "Takes back what waits for its delay, at once (GUARDIAN)",
    example: '--operation 0x3f… --reason "planned by nobody we know"',
    options: [
      {
        name: "operation",
        description: "Id of what is scheduled, or the beginning of it; `ops status` lists them",
      },
    ],
  },
} as const satisfies Record<string, Verb>;

export type VerbName = keyof typeof VERBS;

/** What every act takes. */
export const COMMON: readonly Option[] = [
  { name: "reason", description: "Why, for those who sign and those who read it in a year" },
  { name: "account", description: "Who acts, if several accounts hold the role" },
  { name: "name", description: "Names the operation's folder (default: the verb)" },
  {
    name: "validFor",
    description: "How long the first step may wait",
    type: ArgumentType.STRING,
    defaultValue: "7d",
  },
];

/** Which operation. */
export const OPERATION: Option = {
  name: "operation",
  description: "Number, name or folder of the operation (default: the latest)",
};

/** Who signs, and with what. */
export const SIGNER: readonly Option[] = [
  {
    name: "signer",
    description:
      "Who signs: keystore (a key of the network's accounts), ledger, trezor, or wallet (one with a JSON-RPC)",
  },
  {
    name: "address",
    description: "Whose signature, if the signer has several keys; a Ledger has to be told",
  },
  { name: "path", description: "Derivation path of a Trezor's or Ledger's key, such as m/44'/60'/0'/0/0" },
  { name: "transport", description: "How to reach a Trezor: bridge (default), usb or udp (its emulator)" },
  { name: "walletUrl", description: "Where the wallet listens (default: Frame's http://127.0.0.1:1248)" },
  {
    name: "safeService",
    description:
      "A Safe Transaction Service to fetch signatures from, with its /api at the end; a key in SAFE_API_KEY",
  },
];

/** Sends without asking. */
export const YES: Option = {
  name: "yes",
  description: "Sends without asking for a typed confirmation",
  type: ArgumentType.FLAG,
};

/** The parameters of the network, as `deploy` and `roles` take them. */
export const PARAMETERS: Option = {
  name: "parameters",
  description: "JSON5 file of parameters (default: deploy/parameters/<network>.json5)",
  type: ArgumentType.FILE_WITHOUT_DEFAULT,
};

export const JSON_OUTPUT: Option = {
  name: "json",
  description: "Prints the outcome as JSON",
  type: ArgumentType.FLAG,
};
