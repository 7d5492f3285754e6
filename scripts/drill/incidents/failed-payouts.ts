import { blacklist } from "../../scenario/officers.js";
import { deposit } from "../../scenario/deposits.js";
import { release, withdrawCreditElsewhere } from "../../scenario/payouts.js";
import type { Telling } from "../../scenario/telling.js";
import type { Incident } from "../incident.js";

const unpaid: Telling[] = [];

/** One more than what is let pass in an hour, and one to begin with. */
const COUNT = 7;

/** A token's issuer stops sellers who are about to be paid. */
export const failedPayouts: Incident = {
  name: "failed-payouts",
  runbook: "failed-payouts",
  happens: "a token's issuer stops many sellers",
  alert: "HoldfastPayoutsFail",
  ringsOn: "it looks back for an hour",
  async cause(stack) {
    for (let i = 0; i < COUNT; i++) {
      const telling = await stack.begin({
        name: "not delivered",
        ends: "Closed",
        tokens: ["USDT"],
        terms: { newcomer: "seller" },
        steps: [deposit, blacklist("seller"), release("buyer"), withdrawCreditElsewhere],
      });
      await telling.advance();
      unpaid.push(telling);
    }
    for (const telling of unpaid) await telling.advance();
  },
  byHand: {
    withdraw: async () => {
      for (const telling of unpaid) await telling.advance();
    },
  },
};
