import { eventually } from "../../lib/eventually.js";
import { askPrometheus } from "../../lib/monitoring.js";
import { deposit } from "../../scenario/deposits.js";
import { blacklist } from "../../scenario/officers.js";
import { release, withdrawCreditElsewhere } from "../../scenario/payouts.js";
import type { Story } from "../../scenario/story.js";
import type { Telling } from "../../scenario/telling.js";
import type { Incident } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";

const unpaid: Telling[] = [];

/** One more than what is let pass in an hour, and one to begin with. */
const COUNT = 7;

const NOT_DELIVERED: Story = {
  name: "not delivered",
  ends: "Closed",
  tokens: ["USDT"],
  terms: { newcomer: "seller" },
  steps: [deposit, blacklist("seller"), release("buyer"), withdrawCreditElsewhere],
};

/** A token's issuer stops sellers who are about to be paid. */
export const failedPayouts: Incident = {
  name: "failed-payouts",
  runbook: "failed-payouts",
  happens: "a token's issuer stops many sellers",
  alert: "HoldfastPayoutsFail",
  ringsOn: "it looks back for an hour",
  async cause(stack) {
    for (let i = 0; i < COUNT; i++) {
      const telling = await stack.begin(NOT_DELIVERED);
      await telling.advance();
      unpaid.push(telling);
    }
    const [first, ...others] = unpaid;
    await first!.advance();
    await untilCounted(stack);
    for (const telling of others) await telling.advance();
  },
  byHand: {
    withdraw: async () => {
      for (const telling of unpaid) await telling.advance();
    },
  },
};

/** A growth is one from something: on a new stack Prometheus has to see the first before there are more. */
const untilCounted = ({ services }: IncidentStack) =>
  eventually(async () => {
    const counted = 'holdfast_payment_events{kind="PayoutCredited"} > 0';
    if ((await askPrometheus(services.prometheus.url, counted)).length === 0)
      throw new Error("No payout that failed has been counted yet.");
  });
