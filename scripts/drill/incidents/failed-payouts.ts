import { eventually } from "../../lib/eventually.js";
import { askPrometheus } from "../../lib/monitoring.js";
import { deposit } from "../../scenario/deposits.js";
import { blacklist } from "../../scenario/officers.js";
import { release } from "../../scenario/payouts.js";
import type { Story } from "../../scenario/story.js";
import type { Telling } from "../../scenario/telling.js";
import { mined } from "../../scenario/world.js";
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
  steps: [deposit, blacklist("seller"), release("buyer")],
};

/** A token's issuer stops sellers who are about to be paid. One of them types, as an account of the network. */
export const failedPayouts: Incident = {
  name: "failed-payouts",
  runbook: "failed-payouts",
  happens: "a token's issuer stops many sellers",
  alert: "HoldfastPayoutsFail",
  ringsOn: "it looks back for an hour",
  async cause(stack) {
    const [, , owner, elsewhere] = await stack.suite.connection.ethers.getSigners();
    for (let i = 0; i < COUNT; i++) {
      const telling = await stack.begin(NOT_DELIVERED, i === 0 ? { seller: owner!.address } : {});
      await telling.advance();
      unpaid.push(telling);
    }
    const [first, ...others] = unpaid;
    await first!.advance();
    await untilCounted(stack);
    for (const telling of others) await telling.advance();
    return { TOKEN: "USDT", OWNER: owner!.address, ELSEWHERE: elsewhere!.address };
  },
  byHand: {
    issuer: async () => {
      for (const { run } of unpaid)
        await mined(run.token.contract.connect(run.buyer).setBlacklisted(run.payment.seller, false));
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
