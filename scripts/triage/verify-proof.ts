import { isHexString, parseUnits, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { LOCAL_CHAIN_ID } from "../../deploy/parameters.js";
import type { DeploymentRecord } from "../../deploy/record.js";
import { command } from "../lib/command.js";
import type { Claim, Proof, Witness } from "../lib/triage/proof.js";
import { parseAddress } from "../ops/arguments.js";
import { lookAround, parsePaymentId, type Surroundings } from "./scene.js";

interface ProofArguments {
  readonly transaction: string;
  readonly payment?: string;
  readonly amount?: string;
  readonly token?: string;
  readonly buyer?: string;
  readonly seller?: string;
  readonly confirmations: number;
  readonly rpc?: string;
  readonly fromBlock: number;
  readonly json: boolean;
}

/** Blocks after which a deposit counts where real money flows. */
const CONFIRMATIONS = 12;

const EXIT_CODES: Readonly<Record<Proof["verdict"], number>> = { proved: 0, refuted: 1, unknown: 2 };

/** `npx hardhat triage verify-proof <transaction> --payment <paymentId>` */
export default command(async (given: Partial<ProofArguments>, hre: HardhatRuntimeEnvironment) => {
  // Hardhat fills the defaults in, and insists on the transaction.
  const args = given as ProofArguments;
  // What was typed wrong is said before anybody waits for anything.
  const transaction = parseHash(args.transaction);
  const paymentId = parsePaymentId(args.payment);
  const around = await lookAround(hre, args);
  const { record } = around;
  const witnesses = await witnessesOf(around);
  try {
    const { verifyProof } = await import("../lib/triage/proof.js");
    const claim = { transaction, paymentId, ...detailsOf(args, record) };
    const usual = around.chainId === LOCAL_CHAIN_ID ? 1 : CONFIRMATIONS;
    const proof = await verifyProof(claim, {
      ...{ record, witnesses },
      confirmations: args.confirmations > 0 ? args.confirmations : usual,
      fromBlock: Math.max(args.fromBlock, record.startBlock),
    });
    console.log(args.json ? JSON.stringify(proof, bigintsAsText, 2) : formatProof(proof));
    process.exitCode = EXIT_CODES[proof.verdict];
  } finally {
    for (const { close } of witnesses) close();
    around.close();
  }
});

/** All that answer for the chain. */
async function witnessesOf({ looks, chainId }: Surroundings): Promise<(Witness & { close: () => void })[]> {
  const { JsonRpcProvider, Network } = await import("ethers");
  const answering = looks.filter(({ head }) => head !== undefined);
  if (answering.length === 0) {
    throw new Fault("No endpoint answers, so nothing can be told:", {
      details: looks.map(({ endpoint, problem }) => `${endpoint.label}: ${problem}`),
    });
  }
  const right = answering.filter(({ head }) => head!.chainId === chainId);
  return (right.length > 0 ? right : answering).map(({ endpoint, head }) => {
    const network = Network.from(head!.chainId);
    const provider: Provider = new JsonRpcProvider(endpoint.url, network, {
      ...{ staticNetwork: network, cacheTimeout: -1 },
    });
    return { label: endpoint.label, provider, close: () => provider.destroy() };
  });
}

function detailsOf(
  { amount, token, buyer, seller }: ProofArguments,
  record: DeploymentRecord,
): Partial<Claim> {
  const known = record.tokens.find(({ symbol, address }) => symbol === token || address === token);
  if (amount !== undefined && known === undefined)
    throw new Fault("Say with --token in which token the --amount is: one that the deployment record knows.");
  return {
    ...(amount !== undefined && { amount: parseAmount(amount, known!.decimals) }),
    ...(token !== undefined && { token: known?.address ?? parseAddress(token, "--token") }),
    ...(buyer !== undefined && { buyer: parseAddress(buyer, "--buyer") }),
    ...(seller !== undefined && { seller: parseAddress(seller, "--seller") }),
  };
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

const bigintsAsText = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);

const VERDICTS: Readonly<Record<Proof["verdict"], string>> = {
  proved: "It IS the deposit of this payment.",
  refuted:
    "It is NOT the deposit of this payment. Do not deliver, refund or release anything on its strength.",
  unknown: "It could not be told. Do not deliver, refund or release anything on its strength yet.",
};

/** A proof for a person, a line a check. */
function formatProof({ transaction, paymentId, checks, verdict }: Proof): string {
  const mark = (passed: boolean | null) => (passed === null ? "unknown" : passed ? "yes" : "NO");
  return [
    `transaction ${transaction}`,
    `payment     ${paymentId}`,
    ...checks.map(
      ({ name, passed, sentence }) => `  ${mark(passed).padEnd(8)}${name.padEnd(14)} ${sentence}`,
    ),
    VERDICTS[verdict],
  ].join("\n");
}
