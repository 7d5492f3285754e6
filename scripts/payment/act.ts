import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { formatTime } from "../lib/operations/units.js";
import { ACTS, type ActName, type Ruling } from "../lib/payment/acts.js";
import type { Dossier } from "../lib/payment/dossier.js";
import { formatAmount } from "../lib/triage/money.js";
import { required } from "../ops/arguments.js";
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
    const { describeTokens } = await import("../lib/triage/tokens.js");
    const { Escrow__factory } = await import("../../types/ethers-contracts/index.js");
    const before = await readDossier(provider, record, paymentId);
    const { terms } = before;
    const tokens = await describeTokens(provider, record, [terms.token]);
    const amount = typed === "all" ? before.held : parsePart(typed, "--amount", before, tokens);
    const who = await accountOf(connection, args.from);

    // The lens thinks of all that is held; what is asked may be less, and may work.
    const isWhole = amount === before.held;
    const obstacle = await obstacleTo(provider, record, { terms, who, action });
    if (obstacle !== undefined && (isWhole || !takesOf.includes("amount"))) {
      const from =
        obstacle.possibleFrom > 0 ? ` It is possible from ${formatTime(obstacle.possibleFrom)} on.` : "";
      throw new Fault(`${obstacle.name}: ${obstacle.sentence}${from} Nothing was sent.`);
    }
    const ruling = written === undefined ? undefined : rulingOf(args, written, before, tokens);
    const data = encode(Escrow__factory.createInterface(), {
      ...{ paymentId, terms, amount, reason },
      ...(ruling && { ruling }),
    });
    const money = (value: bigint) => formatAmount(tokens, terms.token, value);
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

const outcomeOf = (transaction: string, { status, onHold, held }: Dossier, ruling: Ruling | undefined) => ({
  ...{ transaction, status, onHold, held: String(held) },
  ...(ruling && {
    sellerAmount: String(ruling.sellerAmount),
    buyerAmount: String(ruling.buyerAmount),
    rulingHash: ruling.rulingHash,
  }),
});
