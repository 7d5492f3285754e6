import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import { formatTime } from "../lib/operations/units.js";
import { ACTS } from "../lib/payment/acts.js";
import type { Dossier } from "../lib/payment/dossier.js";
import { feeOn, percentOf, recipientOf } from "../lib/triage/fee.js";
import { formatAmount } from "../lib/triage/money.js";
import type { Tokens } from "../lib/triage/tokens.js";
import { parsePaymentId } from "../triage/scene.js";
import { openNetwork } from "./open.js";

interface ShowArguments {
  readonly payment?: string;
  readonly json?: boolean;
}

/** `npx hardhat payment show` */
export default command(async ({ payment, json }: ShowArguments, hre: HardhatRuntimeEnvironment) => {
  const paymentId = parsePaymentId(payment);
  const { provider, record } = await openNetwork(hre);
  const { obstacleTo, readDossier } = await import("../lib/payment/dossier.js");
  const { describeTokens } = await import("../lib/triage/tokens.js");
  const dossier = await readDossier(provider, record, paymentId);
  const { terms } = dossier;
  const may: May[] = [];
  for (const [part, who, name] of [
    ["the buyer", terms.buyer, "release"],
    ["the seller", terms.seller, "refund"],
    ["anybody", terms.seller, "claim"],
  ] as const) {
    const obstacle = await obstacleTo(provider, record, { terms, who, action: ACTS[name].action });
    may.push({ part, act: name, ...(obstacle && { obstacle }) });
  }
  console.log(
    json
      ? JSON.stringify(
          { ...dossier, may },
          (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value),
          2,
        )
      : formatDossier(dossier, may, await describeTokens(provider, record, [terms.token])),
  );
});

interface May {
  readonly part: string;
  readonly act: string;
  readonly obstacle?: { readonly name: string; readonly sentence: string; readonly possibleFrom: number };
}

function formatDossier(dossier: Dossier, may: readonly May[], tokens: Tokens): string {
  const { paymentId, terms, status, onHold, held, released, refunded, claimableAt, events } = dossier;
  const amount = (value: bigint) => formatAmount(tokens, terms.token, value);
  return [
    `payment   ${paymentId}`,
    `status    ${status}${onHold ? ", on hold" : ""}`,
    `amount    ${amount(terms.amount)}: ${amount(held)} held, ${amount(released)} released, ${amount(refunded)} refunded`,
    `buyer     ${terms.buyer}`,
    `seller    ${terms.seller}`,
    `fee       ${terms.feeBps === 0n ? "none" : `${amount(feeOn(terms.amount, terms))} (${percentOf(terms)}), if all is released, to ${recipientOf(terms)}`}`,
    `reference ${terms.paymentReference}`,
    `arbiter   ${BigInt(terms.arbiter) === 0n ? "whoever has the role ARBITER" : terms.arbiter}`,
    `claimable from ${formatTime(claimableAt)}, for the ${terms.onDeadline === 1n ? "seller" : "buyer"}`,
    ...may.map(({ part, act, obstacle }) =>
      obstacle === undefined
        ? `  ${part} can ${act} now`
        : `  ${part} cannot ${act}: ${obstacle.name}: ${obstacle.sentence}` +
          (obstacle.possibleFrom > 0 ? ` From ${formatTime(obstacle.possibleFrom)}.` : ""),
    ),
    "events",
    ...events.map(
      ({ event, block, transaction }) => `  ${String(block).padStart(9)} ${event.padEnd(20)} ${transaction}`,
    ),
  ].join("\n");
}
