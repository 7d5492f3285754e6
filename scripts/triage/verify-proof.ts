import { isAddress, isHexString, parseUnits, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { LOCAL_CHAIN_ID } from "../../deploy/parameters.js";
import type { DeploymentRecord } from "../../deploy/record.js";
import { command } from "../lib/command.js";
import { isSameAddress } from "../lib/same-address.js";
import type { Claim, Proof, Proving, Witness } from "../lib/triage/proof.js";
import { parseAddress } from "../ops/arguments.js";
import { clockOf, lookAround, parsePaymentId, type Surroundings } from "./scene.js";

interface ProofArguments {
  readonly transaction: string;
  readonly payment?: string;
  readonly amount?: string;
  readonly token?: string;
  readonly buyer?: string;
  readonly seller?: string;
  readonly reference?: string;
  readonly confirmations: number;
  readonly rpc?: string;
  readonly fromBlock: number;
  readonly json: boolean;
}

/** Blocks after which a deposit counts where real money flows. */
const CONFIRMATIONS = 12;

/** What a script may go on from: 0 only if it is the deposit and its money is there or was released. */
const EXIT_CODES: Readonly<Record<Proof["verdict"], number>> = { proved: 0, refuted: 1, unknown: 2 };
/** It is the deposit, and nobody may deliver for it: another answer than that it is not. */
const PROVED_IN_VAIN = 3;

/** `npx hardhat triage verify-proof <transaction> --payment <paymentId>` */
export default command(async (given: Partial<ProofArguments>, hre: HardhatRuntimeEnvironment) => {
  // Hardhat fills the defaults in, and insists on the transaction.
  const args = given as ProofArguments;
  // What was typed wrong is said before anybody waits for anything.
  const transaction = parseHash(args.transaction);
  const paymentId = parsePaymentId(args.payment);
  const reference = args.reference === undefined ? {} : { reference: parseReference(args.reference) };
  const around = await lookAround(hre, args);
  const { record } = around;
  const { witnesses, silent, seen } = await witnessesOf(around);
  try {
    const { verifyProof } = await import("../lib/triage/proof.js");
    const claim = { transaction, paymentId, ...reference, ...(await detailsOf(args, record, witnesses)) };
    const usual = around.chainId === LOCAL_CHAIN_ID ? 1 : CONFIRMATIONS;
    const proof = await verifyProof(claim, {
      ...{ record, witnesses, silent, seen, ...clockOf(around.chainId) },
      confirmations: args.confirmations > 0 ? args.confirmations : usual,
      fromBlock: Math.max(args.fromBlock, record.startBlock),
    });
    console.log(args.json ? JSON.stringify(proof, bigintsAsText, 2) : formatProof(proof));
    process.exitCode = exitCodeOf(proof);
  } finally {
    for (const { close } of witnesses) close();
    around.close();
  }
});

export const exitCodeOf = ({ verdict, mayDeliver }: Proof): number =>
  verdict === "proved" && !mayDeliver ? PROVED_IN_VAIN : EXIT_CODES[verdict];

/**
 * All that answer for the chain as it is now, and those that were named and do not: nobody knows what they would say. One that
 * is behind knows nothing of what became of the money since, and would have everybody asked as of then.
 */
export async function witnessesOf({ looks, chainId }: Pick<Surroundings, "looks" | "chainId">): Promise<{
  witnesses: (Witness & { close: () => void })[];
  silent: NonNullable<Proving["silent"]>;
  seen: number;
}> {
  const { JsonRpcProvider, Network } = await import("ethers");
  const { lagOf } = await import("../lib/triage/endpoints.js");
  const { LIMITS } = await import("../lib/triage/site.js");
  const seen = Math.max(0, ...looks.map(({ head }) => (head?.chainId === chainId ? head.block : 0)));
  const clock = { limits: LIMITS, ...clockOf(chainId) };
  const judged = looks.map(({ endpoint, head, problem }) => {
    if (head === undefined) return { endpoint, why: problem ?? "it does not answer" };
    if (head.chainId !== chainId) return { endpoint, why: `it is of chain ${head.chainId}, not ${chainId}` };
    return { endpoint, why: lagOf(head, seen, clock)?.words };
  });
  const silent = judged.flatMap(({ endpoint: { label }, why }) =>
    why === undefined ? [] : [{ label, why }],
  );
  if (silent.length === looks.length) {
    throw new Fault(`No endpoint answers for chain ${chainId} as it is now, so nothing can be told:`, {
      details: silent.map(({ label, why }) => `${label}: ${why}`),
    });
  }
  const network = Network.from(chainId);
  const witnesses = judged
    .filter(({ why }) => why === undefined)
    .map(({ endpoint }) => {
      const provider: Provider = new JsonRpcProvider(endpoint.url, network, {
        ...{ staticNetwork: network, cacheTimeout: -1 },
      });
      return { label: endpoint.label, provider, close: () => provider.destroy() };
    });
  return { witnesses, silent, seen };
}

async function detailsOf(
  { amount, token, buyer, seller }: ProofArguments,
  record: DeploymentRecord,
  witnesses: readonly Witness[],
): Promise<Partial<Claim>> {
  const known = token === undefined ? undefined : await tokenOf(token, record, witnesses);
  if (amount !== undefined && known === undefined)
    throw new Fault(
      "Say with --token in which token the --amount is: one that the deployment record knows, or one that tells its decimals.",
    );
  return {
    ...(amount !== undefined && { amount: parseAmount(amount, known!.decimals) }),
    ...(token !== undefined && { token: known?.address ?? parseAddress(token, "--token") }),
    ...(buyer !== undefined && { buyer: parseAddress(buyer, "--buyer") }),
    ...(seller !== undefined && { seller: parseAddress(seller, "--seller") }),
  };
}

/**
 * A token by a symbol of the record, or by its address, however that is written. What one tells of itself that the record
 * does not know, every endpoint has to tell.
 */
export async function tokenOf(
  text: string,
  { tokens }: Pick<DeploymentRecord, "tokens">,
  witnesses: readonly Witness[],
) {
  const known = tokens.find(({ symbol, address }) => symbol === text || isSameAddress(address, text));
  if (known !== undefined || !isAddress(text)) return known;
  const { describeTokens } = await import("../lib/triage/tokens.js");
  const told = await Promise.all(
    witnesses.map(async ({ provider }) => (await describeTokens(provider, { tokens: [] }, [text])).tokens[0]),
  );
  return told.every((one) => one?.decimals === told[0]?.decimals) ? told[0] : undefined;
}

export function parseAmount(text: string, decimals: number, option = "--amount"): bigint {
  try {
    if (/^\d+(\.\d+)?$/.test(text)) return parseUnits(text, decimals);
  } catch {
    // More digits than the token has; said below.
  }
  throw new Fault(
    `${option} is in whole tokens with at most ${decimals} digits after the point; it was ${text}.`,
  );
}

function parseHash(text: string): string {
  if (isHexString(text.trim(), 32)) return text.trim().toLowerCase();
  throw new Fault(
    `A transaction is named by its hash, 0x and 64 hexadecimal digits; it was ${text.slice(0, 80)}. ` +
      "Somebody who gives anything else has given no proof.",
  );
}

function parseReference(text: string): string {
  if (isHexString(text.trim(), 32)) return text.trim().toLowerCase();
  throw new Fault(
    `--reference is the order's paymentReference, 0x and 64 hexadecimal digits; it was ${text.slice(0, 80)}.`,
  );
}

const bigintsAsText = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);

const VERDICTS: Readonly<Record<Proof["verdict"], string>> = {
  proved: "It IS the deposit of this payment.",
  refuted:
    "It is NOT the deposit of this payment. Do not deliver, refund or release anything on its strength.",
  unknown: "It could not be told. Do not deliver, refund or release anything on its strength yet.",
};

/** A proof for a person: a line a check, then what it comes to, then whether to deliver. */
export function formatProof({ transaction, paymentId, checks, verdict, now }: Proof): string {
  const mark = (passed: boolean | null) => (passed === null ? "unknown" : passed ? "yes" : "NO");
  return [
    `transaction ${transaction}`,
    `payment     ${paymentId}`,
    ...checks.map(
      ({ name, passed, sentence }) => `  ${mark(passed).padEnd(8)}${name.padEnd(14)} ${sentence}`,
    ),
    VERDICTS[verdict],
    ...(verdict === "proved" && now !== null ? [now.advice] : []),
  ].join("\n");
}
