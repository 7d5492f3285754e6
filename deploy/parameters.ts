import { readFile } from "node:fs/promises";

import { getAddress, isAddress, parseUnits, ZeroAddress } from "ethers";
import json5 from "json5";
import { z } from "zod";

import { Fault } from "./fault.js";
import { HELD_ROLES, type HeldRole } from "./roles.js";

/** The native coin in place of a token address (ERC-7528). */
export const NATIVE_COIN = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE";

/** Chain id of anvil and of Hardhat's own network. */
export const LOCAL_CHAIN_ID = 31337;

const address = z
  .string()
  .refine(isAddress, (found) => ({ message: `is not an address: ${found}` }))
  .transform((found) => getAddress(found))
  .refine((found) => found !== ZeroAddress, "is the zero address; name a real one");
const seconds = z.number().int().nonnegative();
/** Written in whole tokens; the zeros of 18 decimals are nobody's to count. */
const decimalAmount = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'must be an amount in whole tokens, like "2500" or "0.5"');

const tokenSchema = z
  .strictObject({
    symbol: z.string().regex(/^[A-Za-z0-9]+$/, "may only have letters and digits"),
    decimals: z.number().int().min(0).max(36),
    address: address.optional(),
    deploy: z.enum(["TestUSDC", "TestUSDT", "TestDAI"]).optional(),
    native: z.literal(true).optional(),
    enabled: z.boolean().default(true),
    cap: decimalAmount,
    approvalThreshold: decimalAmount,
    outflowLimit: decimalAmount,
    outflowWindow: seconds.positive(),
  })
  .refine(
    ({ address, deploy, native }) =>
      [address, deploy, native].filter((where) => where !== undefined).length === 1,
    "needs exactly one of `address`, `native: true` and `deploy`",
  )
  .transform(({ cap, approvalThreshold, outflowLimit, ...token }) => ({
    ...token,
    cap: parseUnits(cap, token.decimals),
    approvalThreshold: parseUnits(approvalThreshold, token.decimals),
    outflowLimit: parseUnits(outflowLimit, token.decimals),
  }));

const policySchema = z.strictObject({
  enforced: z.boolean(),
  listMode: z.enum(["deny", "allow"]),
  maxRiskScore: z.number().int().min(0).max(255),
  sanctionsOracle: address.nullable(),
});

const holdersSchema = z.strictObject(
  Object.fromEntries(
    HELD_ROLES.map((role) => [role, z.array(address).min(1, "needs at least one holder")]),
  ) as Record<HeldRole, z.ZodArray<typeof address>>,
);

const parametersSchema = z
  .strictObject({
    chainId: z.number().int().positive(),
    production: z.boolean(),
    rollbackWindow: seconds.min(86_400).max(90 * 86_400),
    permit2: z.union([z.literal("deploy"), address]),
    policy: policySchema,
    tokens: z.array(tokenSchema).min(1),
    holders: holdersSchema,
  })
  .superRefine((parameters, context) => {
    for (const message of findFaults(parameters)) context.addIssue({ code: "custom", message });
  });

/** What is decided per network: see `deploy/parameters/local.json5`, which explains every field. */
export type Parameters = Readonly<z.infer<typeof parametersSchema>>;
/** One allow-listed token. Amounts are in its smallest unit. */
export type TokenParameters = Readonly<z.infer<typeof tokenSchema>>;
export type PolicyParameters = Readonly<z.infer<typeof policySchema>>;
/** Who holds which role. */
export type Holders = Readonly<Record<HeldRole, readonly string[]>>;

/**
 * Reads and checks the parameters of a network.
 *
 * @param path A JSON5 file.
 * @throws {@link Fault} that says, one line each, which parameter is wrong and why.
 */
export async function readParameters(path: string): Promise<Parameters> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new Fault(
      `There are no deployment parameters at ${path}; copy deploy/parameters/sepolia.json5 there and fill it in.`,
      { cause },
    );
  }
  let written: unknown;
  try {
    written = json5.parse(text);
  } catch (cause) {
    throw new Fault(`${path} is not JSON5: ${(cause as Error).message}`, { cause });
  }
  return checkParameters(written, path);
}

/** As {@link readParameters}, of parameters already parsed. `source` is what the error calls them. */
export function checkParameters(written: unknown, source = "the parameters"): Parameters {
  const { success, data, error } = parametersSchema.safeParse(written);
  if (success) return data;
  const faults = error.issues.map(({ path, message }) =>
    [path.join("."), message].filter(Boolean).join(": "),
  );
  throw new Fault(`${source} cannot be deployed:`, { details: faults });
}

/** Two people are needed where one address would hold both. */
const SEPARATED_ROLES: readonly (readonly [HeldRole, HeldRole, string])[] = [
  ["GUARDIAN", "UPGRADER", "whoever upgrades must not be the one who can cancel and roll back"],
  ["GUARDIAN", "ADMIN", "whoever governs must not be the one who can veto"],
  ["GUARDIAN", "CONFIGURATOR", "whoever sets the limits must not be the one who can veto"],
  ["OPERATOR", "APPROVER", "a payout needs the consent of a second person"],
  ["ADMIN", "UPGRADER", "a shared key would be a single point of failure for roles and code"],
];

/** What no field can know alone. Empty if all is well. */
function findFaults({ production, permit2, tokens, holders }: z.infer<typeof parametersSchema>): string[] {
  const faults: string[] = [];
  for (const role of HELD_ROLES) {
    if (new Set(holders[role]).size !== holders[role].length)
      faults.push(`holders.${role} names an address twice`);
  }
  const symbols = tokens.map(({ symbol }) => symbol);
  if (new Set(symbols).size !== symbols.length) faults.push("tokens names a symbol twice");
  if (!production) return faults;

  for (const [one, other, why] of SEPARATED_ROLES) {
    const shared = holders[one].find((holder) => holders[other].includes(holder));
    if (shared !== undefined) faults.push(`${shared} may not hold both ${one} and ${other}: ${why}`);
  }
  if (permit2 === "deploy")
    faults.push("permit2 must be an address in production; it is never deployed there");
  for (const { symbol, deploy } of tokens) {
    if (deploy !== undefined) faults.push(`tokens.${symbol} would deploy a test token in production`);
  }
  return faults;
}
