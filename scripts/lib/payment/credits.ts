import { ZeroAddress, ZeroHash, type Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/record.js";
import { ComplianceRegistry__factory } from "../../../types/ethers-contracts/index.js";
import { formatTime } from "../operations/units.js";
import { complianceReasonOf } from "../reasons.js";
import type { Payment } from "../signing.js";
import { obstacleTo } from "./dossier.js";

/** Position in Solidity's `EscrowAction`. */
export const WITHDRAW_CREDIT = 12;

/** Of a payment's terms the lens looks at nothing but the token here. */
const NO_TERMS: Omit<Payment, "token"> = {
  ...{ buyer: ZeroAddress, seller: ZeroAddress, amount: 0n, deadline: 0n, onDeadline: 0n },
  ...{ arbiter: ZeroAddress, disputeWindow: 0n, feeBps: 0n, feeRecipient: ZeroAddress },
  paymentReference: ZeroHash,
};

interface Withdrawal {
  readonly token: string;
  readonly account: string;
  readonly to: string;
}

/** What stands in the way of a credit's going to `to`, whoever asks for it; a whole sentence, or nothing if it can. */
export async function obstacleToWithdrawal(
  provider: Provider,
  record: DeploymentRecord,
  { token, account, to }: Withdrawal,
): Promise<string | undefined> {
  const terms = { ...NO_TERMS, token };
  const obstacle = await obstacleTo(provider, record, { terms, who: account, action: WITHDRAW_CREDIT });
  if (obstacle !== undefined && obstacle.name !== "NotCompliant") {
    const { name, sentence, possibleFrom } = obstacle;
    const what = name === "NoCredit" ? `Nothing of the token ${token} waits for ${account}.` : sentence;
    return possibleFrom > 0 ? `${what} It is possible from ${formatTime(possibleFrom)} on.` : what;
  }
  const registry = ComplianceRegistry__factory.connect(record.contracts.complianceRegistry.address, provider);
  for (const screened of new Set([account, to])) {
    const { reason, enforced } = await registry.screen(screened);
    if (!enforced || reason === 0n) continue;
    const { name, happened, lifted } = complianceReasonOf(reason);
    return `Screening stops ${screened} (${name}): ${happened} Who lifts it: ${lifted}`;
  }
  return undefined;
}
