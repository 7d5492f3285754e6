import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { mayWrite } from "../lib/mode.js";
import { formatTime } from "../lib/operations/units.js";
import { ACTS, type ActName } from "../lib/payment/acts.js";
import type { Dossier } from "../lib/payment/dossier.js";
import { isSameAddress } from "../lib/same-address.js";
import { formatAmount } from "../lib/triage/money.js";
import type { Tokens } from "../lib/triage/tokens.js";
import { parseAddress, required } from "../ops/arguments.js";
import { confirm } from "../ops/confirm.js";
import { parsePaymentId } from "../triage/scene.js";
import { parseAmount } from "../triage/verify-proof.js";
import { openNetwork } from "./open.js";

interface ActArguments {
  readonly payment?: string;
  readonly amount?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `npx hardhat payment <act>`: looks whether it would work, asks, sends, and tells how the payment stands then. */
export const acting = (name: ActName) =>
  command(async (args: ActArguments, hre: HardhatRuntimeEnvironment) => {
    const paymentId = parsePaymentId(args.payment);
    const { takes, action, encode } = ACTS[name];
    const takesOf = takes as readonly string[];
    const reason = takesOf.includes("reason") ? required(args.reason, "--reason", "why") : "";
    const typed = takesOf.includes("amount")
      ? required(args.amount, "--amount", "how much", "--amount all")
      : "all";
    const { connection, provider, record } = await openNetwork(hre);
    const { obstacleTo, readDossier } = await import("../lib/payment/dossier.js");
    const { orRefusal } = await import("../lib/payment/refusal.js");
    const { describeTokens } = await import("../lib/triage/tokens.js");
    const { Escrow__factory } = await import("../../types/ethers-contracts/index.js");
    const before = await readDossier(provider, record, paymentId);
    const { terms } = before;
    const tokens = await describeTokens(provider, record, [terms.token]);
    const amount = amountOf(typed, before, tokens);
    const who = await accountOf(connection, args.from);

    const data = encode(Escrow__factory.createInterface(), { paymentId, terms, amount, reason });
    const call = { from: who, to: record.contracts.escrow.address, data };
    // The lens thinks of all that is held; what is asked may be less, and may work.
    const isWhole = amount === before.held;
    const obstacle = await obstacleTo(provider, record, { terms, who, action });
    if (obstacle !== undefined && (isWhole || !takesOf.includes("amount"))) {
      const from =
        obstacle.possibleFrom > 0 ? ` It is possible from ${formatTime(obstacle.possibleFrom)} on.` : "";
      throw new Fault(`${obstacle.name}: ${obstacle.sentence}${from} Nothing was sent.`);
    }
    await orRefusal(() => provider.call(call), "Nothing was sent.");

    const what = takesOf.includes("amount") ? ` of ${formatAmount(tokens, terms.token, amount)}` : "";
    const sentence = `${name}${what} for payment ${paymentId}, as ${who}`;
    const tell = (line: string) => (args.json ? console.error(line) : console.log(line));
    if (!mayWrite(`payment ${name}`))
      return tell(`Dry run: it would work now: ${sentence}. Nothing was sent.`);
    if (!args.yes)
      await confirm(
        `${sentence}, on ${connection.networkName} (chain ${record.chainId})`,
        paymentId.slice(0, 10),
      );
    const signer = await connection.ethers.getSigner(who);
    // It may have become impossible while somebody was asked.
    const sent = await orRefusal(() => signer.sendTransaction({ to: call.to, data }), "Nothing was sent.");
    tell(`Sent ${sent.hash}; waiting for it …`);
    const receipt = await sent.wait();
    if (receipt?.status !== 1) throw new Fault(`${sent.hash} failed.`);
    const after = await readDossier(provider, record, paymentId);
    if (args.json) {
      const { status, onHold, held } = after;
      return console.log(
        JSON.stringify({ transaction: sent.hash, status, onHold, held: String(held) }, null, 2),
      );
    }
    const held = formatAmount(tokens, terms.token, after.held);
    tell(`Done: the payment is ${after.status}${after.onHold ? ", on hold" : ""} and holds ${held}.`);
  });

function amountOf(typed: string, { held, terms }: Dossier, { tokens }: Tokens): bigint {
  if (typed === "all") return held;
  const known = tokens.find(({ address }) => isSameAddress(address, terms.token));
  return parseAmount(typed, known?.decimals ?? 0);
}

async function accountOf(
  { ethers, networkName }: NetworkConnection,
  from: string | undefined,
): Promise<string> {
  if (from !== undefined) return (await ethers.getSigner(parseAddress(from, "--from"))).address;
  const [first] = await ethers.getSigners();
  if (first !== undefined) return first.address;
  throw new Fault(`The network ${networkName} has no account; give it one in hardhat.config.ts.`);
}
