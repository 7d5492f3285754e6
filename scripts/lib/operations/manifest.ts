import { getAddress, isAddress } from "ethers";
import { z } from "zod/v4";

import { HELD_ROLES, ROLE_NAMES } from "../../../deploy/roles.js";
import { SAFE_VERSIONS } from "../safe/versions.js";
import { decimals, seconds, shift, time, wei } from "./bounds.js";

/*
 * The format of a manifest. The JSON Schema that `npm run schemas` writes from it is deploy/operations/manifest.schema.json.
 * Every number that can be large is a decimal string; every address is checksummed.
 */

export const MANIFEST_FORMAT = "holdfast-operation/1";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .refine((found) => isAddress(found) && getAddress(found) === found, "is not a checksummed address")
  .meta({ description: "Checksummed address (EIP-55)" });
const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/);
const bytes = z.string().regex(/^0x([0-9a-f]{2})*$/);
const nonce = z.int().nonnegative();
const stepId = z.string().regex(/^[a-z]+(-\d+)?$/);
/** On one line, and nothing in it that a terminal obeys instead of showing it, or that turns the direction of writing. */
const VISIBLE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u;
const name = z.string().min(1).max(200).regex(VISIBLE);
const text = z.string().max(4000).regex(VISIBLE);
const shown = z.string().regex(VISIBLE);

const codeAt = z.strictObject({ address, codehash: bytes32 });

const implementation = z.strictObject({
  implementation: address,
  codehash: bytes32,
  contract: name.meta({ description: "What the source calls it" }),
  version: name,
});

const proxy = z.strictObject({
  name: z.enum(["escrow", "complianceRegistry"]),
  address,
  proxyAdmin: address,
  before: implementation,
  after: implementation,
  initializer: name
    .nullable()
    .meta({ description: "The function that the upgrade calls through the proxy, as in Solidity" }),
});

const safeState = z.strictObject({
  address,
  chainId: z.int().positive(),
  version: z.enum(SAFE_VERSIONS),
  owners: z.array(address).min(1),
  threshold: z.int().positive(),
  nonce,
  modules: z.array(address),
  guard: address.nullable(),
  moduleGuard: address.nullable(),
  fallbackHandler: address.nullable(),
  singleton: address,
});

const safeTree = z.strictObject({
  state: safeState,
  get owners() {
    return z.array(owner);
  },
});

const owner = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("key"), address }),
  z.strictObject({ kind: z.literal("contract"), address }),
  z.strictObject({ kind: z.literal("safe"), address, tree: safeTree, answers: z.boolean() }),
]);

const holder = { address, roles: z.array(z.enum(HELD_ROLES as [string, ...string[]])), nonce };
const account = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("key"), ...holder }),
  z.strictObject({ kind: z.literal("safe"), ...holder, tree: safeTree }),
]);

const argument = z.strictObject({
  name: shown,
  type: shown,
  value: z.union([shown, z.array(shown)]),
  meaning: shown.optional(),
});
const call = z.strictObject({
  address,
  contract: name,
  function: name,
  arguments: z.array(argument),
  get calls() {
    return z.array(call);
  },
});

const screens = z
  .record(z.string(), z.array(z.array(z.string())))
  .meta({ description: "What each kind of device shows, screen by screen, line by line" });
const signer = { signers: z.array(address).min(1), onBehalfOf: z.array(address), digest: bytes32, screens };
const signing = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("message"),
    ...signer,
    domainSeparator: bytes32,
    messageHash: bytes32,
    message: z
      .strictObject({
        types: z.record(z.string(), z.array(z.strictObject({ name: z.string(), type: z.string() }))),
        primaryType: z.string(),
        domain: z.record(z.string(), z.union([z.string(), z.int()])),
        message: z.record(z.string(), z.union([z.string(), z.int()])),
      })
      .meta({ description: "As eth_signTypedData_v4 takes it" }),
  }),
  z.strictObject({ kind: z.literal("transaction"), ...signer }),
]);

const timed = z.union([z.string(), z.strictObject({ timeOf: stepId, plusSeconds: shift })]);
const change = z.strictObject({
  contract: name,
  address,
  slot: bytes32,
  name,
  type: name,
  before: timed,
  after: timed,
});

const after = z.strictObject({ step: stepId, seconds });

const step = z.strictObject({
  id: stepId,
  branch: z.enum(["main", "ready"]).meta({
    description: "main: carried out in order; ready: signed beforehand and kept for when it is needed",
  }),
  title: text,
  account: address,
  role: z.enum(ROLE_NAMES as [string, ...string[]]),
  nonce,
  notBefore: after.nullable(),
  notAfter: after.nullable(),
  transaction: z.strictObject({ to: address, value: wei, data: bytes }),
  gas: z.strictObject({ gasLimit: wei, maxFeePerGas: wei, maxPriorityFeePerGas: wei }).nullable().meta({
    description: "Of an account with a key. What is sent at another time may need other fees.",
  }),
  call,
  safeTxHash: bytes32.nullable(),
  signing: z.array(signing),
  changes: z.array(change),
});

export const manifestSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  operation: z.strictObject({
    verb: name,
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,80}$/),
    title: text,
    reason: text,
  }),
  chainId: z.int().positive(),
  plannedAt: z.strictObject({ block: z.int().nonnegative(), hash: bytes32, time }),
  expiresAt: time.meta({ description: "The first step is not executed after this time" }),
  suite: z.strictObject({
    accessManager: codeAt,
    upgradeController: codeAt,
    complianceRegistry: z.strictObject({ address }),
    escrow: z.strictObject({ address }),
  }),
  proxies: z.array(proxy),
  accounts: z.array(account).min(1),
  names: z.record(address, name).meta({ description: "What people call addresses" }),
  tokens: z.array(z.strictObject({ symbol: name, address, decimals })),
  cautions: z.array(shown).meta({ description: "What to know before signing" }),
  steps: z.array(step).min(1),
  digest: bytes32.meta({ description: "keccak256 of all the rest as canonical JSON" }),
});

/** Everything about one operation: what will be signed, what it will change, and what that was planned on. */
export type Manifest = z.infer<typeof manifestSchema>;
export type Step = Manifest["steps"][number];
export type Proxy = Manifest["proxies"][number];
/** What is written about an account: {@link Account} as JSON. */
export type AccountInManifest = Manifest["accounts"][number];
export type Signing = Step["signing"][number];

/** A step without what follows from the rest of it. */
export type StepCore = Omit<Step, "call" | "safeTxHash" | "signing">;

/** A manifest's JSON Schema, for other people's tools. */
export const manifestJsonSchema = () => z.toJSONSchema(manifestSchema, { io: "input" });
