import { blacklist } from "../../scripts/scenario/officers.js";
import { deposit } from "../../scripts/scenario/deposits.js";
import { release } from "../../scripts/scenario/payouts.js";
import type { Story } from "../../scripts/scenario/story.js";
import type { Telling } from "../../scripts/scenario/telling.js";
import { mined } from "../../scripts/scenario/world.js";
import type { Incident } from "../support/incidents/incident.js";

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
    for (const telling of unpaid) await telling.advance();
    return { TOKEN: "USDT", OWNER: owner!.address, ELSEWHERE: elsewhere!.address };
  },
  byHand: {
    issuer: async () => {
      for (const { run } of unpaid)
        await mined(run.token.contract.connect(run.buyer).setBlacklisted(run.payment.seller, false));
    },
  },
};
