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
  /** The verb of which it is a part: `ops roles grant`. */
  readonly under?: "roles";
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

const role: Option = { name: "role", description: "Which role, such as OPERATOR" };
const to: Option = { name: "to", description: "Address of whoever gets it" };
const from: Option = { name: "from", description: "Address of whoever loses it" };

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
        description:
          "How often to sign rollback and pause, each with the next nonce; at least 2, so that a pause leaves a rollback",
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
  hold: {
    description: "Freezes one payment, at once and until the hold is lifted; moves no money (COMPLIANCE)",
    example: '--payment 0x3f… --reason "its slot is not what its events say"',
    options: [{ name: "payment", description: "The payment, by its paymentId" }],
  },
  unhold: {
    description: "Lifts the hold on one payment, at once (COMPLIANCE)",
    example: '--payment 0x3f… --reason "its seller was cleared"',
    options: [{ name: "payment", description: "The payment, by its paymentId" }],
  },
  rollback: {
    description: "Puts the code of before the last upgrade back, at once (GUARDIAN)",
    example: '--proxy escrow --reason "release 1.1.0 pays twice"',
    options: [proxy],
  },
  roles: {
    description:
      "Makes the roles on the chain what deploy/roles.ts and the parameters say, all of them, after a delay (ADMIN). Who " +
      "should hold what stands in the parameters: change and review those first; `npx hardhat roles` shows the difference",
    example: '--reason "Alice leaves, Bob takes over"',
    options: [],
  },
  grant: {
    under: "roles",
    description: "Gives a role to one whom the parameters name for it under `holders`, after a delay (ADMIN)",
    example: '--role OPERATOR --to 0x… --reason "Bob joins"',
    options: [role, to],
  },
  revoke: {
    under: "roles",
    description:
      "Takes a role from one whom the parameters do not name for it any more, after a delay (ADMIN): also a key that was " +
      "stolen, whose successor may come later. Refuses if nobody would be left with ADMIN",
    example: '--role OPERATOR --from 0x… --reason "Alice leaves"',
    options: [role, from],
  },
  rotate: {
    under: "roles",
    description:
      "Hands a role from one to another, as the parameters say under `holders`, after a delay (ADMIN): grants first, then " +
      "revokes. If nobody else holds the role, the old holder keeps it until the new one's counts, in a step of its own",
    example: '--role GUARDIAN --from 0x… --to 0x… --reason "new Safe"',
    options: [role, from, to],
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

/** How a verb is typed, after `ops` or `ops plan`. */
export const wordsOf = (verb: VerbName): string[] => {
  const { under }: Verb = VERBS[verb];
  return under === undefined ? [verb] : [under, verb];
};

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

/** That it is the very one that others have. */
export const DIGEST: Option = {
  name: "digest",
  description: "Refuses unless the operation's manifest has this digest, which stands for all of it",
};

export const SAFE_SERVICE: Option = {
  name: "safeService",
  description:
    "A Safe Transaction Service to fetch signatures from, with its /api at the end; a key in SAFE_API_KEY",
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
  SAFE_SERVICE,
];

/** Of what may have been signed beforehand. */
export const ANEW: Option = {
  name: "anew",
  description: "Plans and signs anew, even if what was signed beforehand with an upgrade works right now",
  type: ArgumentType.FLAG,
};

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
