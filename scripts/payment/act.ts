import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { formatTime } from "../lib/operations/units.js";
import { ACTS, type ActName, type Ruling } from "../lib/payment/acts.js";
import type { Dossier } from "../lib/payment/dossier.js";
import { isSameAddress } from "../lib/same-address.js";
import { formatAmount } from "../lib/triage/money.js";
<<<<<<< HEAD
import { required } from "../ops/arguments.js";
=======
import type { Tokens } from "../lib/triage/tokens.js";
import { parseAddress, required } from "../ops/arguments.js";
import { confirm } from "../ops/confirm.js";
>>>>>>> m6b
import { parsePaymentId } from "../triage/scene.js";
import { openNetwork } from "./open.js";
import { parsePart, readRuling, requireRuling, rulingOf, type RulingArguments } from "./ruling.js";
import { accountOf, carryOut, tellerOf, type SendingArguments } from "./send.js";

interface ActArguments extends RulingArguments, SendingArguments {
  readonly payment?: string;
  readonly amount?: string;
  readonly reason?: string;
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
    const written = takesOf.includes("ruling") ? await readRuling(requireRuling(args)) : undefined;
    const { connection, provider, record } = await openNetwork(hre);
    const { obstacleTo, readDossier } = await import("../lib/payment/dossier.js");
    const { orRefusal } = await import("../lib/payment/refusal.js");
    const { describeTokens } = await import("../lib/triage/tokens.js");
    const { Escrow__factory } = await import("../../types/ethers-contracts/index.js");
    const before = await readDossier(provider, record, paymentId);
    const { terms } = before;
<<<<<<< HEAD
    const amount = typed === "all" ? before.held : parsePart(typed, "--amount", before, record);
=======
    const tokens = await describeTokens(provider, record, [terms.token]);
    const amount = amountOf(typed, before, tokens);
>>>>>>> m6b
    const who = await accountOf(connection, args.from);

    // The lens thinks of all that is held; what is asked may be less, and may work.
    const isWhole = amount === before.held;
    const obstacle = await obstacleTo(provider, record, { terms, who, action });
    if (obstacle !== undefined && (isWhole || !takesOf.includes("amount"))) {
      const from =
        obstacle.possibleFrom > 0 ? ` It is possible from ${formatTime(obstacle.possibleFrom)} on.` : "";
      throw new Fault(`${obstacle.name}: ${obstacle.sentence}${from} Nothing was sent.`);
    }
<<<<<<< HEAD
    const ruling = written === undefined ? undefined : rulingOf(args, written, before, record);
    const data = encode(Escrow__factory.createInterface(), {
      ...{ paymentId, terms, amount, reason },
      ...(ruling && { ruling }),
    });
    const money = (value: bigint) => formatAmount(record, terms.token, value);
    const what = takesOf.includes("amount") ? ` of ${money(amount)}` : ruling ? partsIn(ruling, money) : "";
    const act = {
      name: `payment ${name}`,
      sentence: `${name}${what} for payment ${paymentId}, as ${who}`,
      call: { from: who, to: record.contracts.escrow.address, data },
      confirmedBy: paymentId.slice(0, 10),
    };
    const transaction = await carryOut(connection, act, args);
    if (transaction === undefined) return;

    const after = await readDossier(provider, record, paymentId);
    if (args.json) return console.log(JSON.stringify(outcomeOf(transaction, after, ruling), null, 2));
    tellerOf(args)(
      `Done: the payment is ${after.status}${after.onHold ? ", on hold" : ""} and holds ${money(after.held)}.`,
    );
  });

const partsIn = ({ sellerAmount, buyerAmount, rulingHash }: Ruling, money: (value: bigint) => string) =>
  ` with ${money(sellerAmount)} to the seller and ${money(buyerAmount)} to the buyer, by the ruling ${rulingHash},`;
=======
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
>>>>>>> m6b

const outcomeOf = (transaction: string, { status, onHold, held }: Dossier, ruling: Ruling | undefined) => ({
  ...{ transaction, status, onHold, held: String(held) },
  ...(ruling && {
    sellerAmount: String(ruling.sellerAmount),
    buyerAmount: String(ruling.buyerAmount),
    rulingHash: ruling.rulingHash,
  }),
});
