import { ZeroAddress } from "ethers";

import type { TokenParameters, PolicyParameters } from "../../../../deploy/parameters.js";
import { LIST_MODES, type Token } from "../units.js";
import type { Act } from "./act.js";

/** A token's limits, in its smallest unit. */
export type TokenLimits = Pick<
  TokenParameters,
  "enabled" | "cap" | "approvalThreshold" | "outflowLimit" | "outflowWindow"
>;

/** Sets a token's limits, which puts it on the allow-list. */
export const configureToken = ({ symbol, address }: Token, limits: TokenLimits): Act => {
  const { enabled, cap, approvalThreshold, outflowLimit, outflowWindow } = limits;
  const entry = (name: string) => `escrow TokenVault.accounts[${symbol}].${name}`;
  return {
    title: `Set the limits of ${symbol}`,
    role: "CONFIGURATOR",
    calls: [
      {
        target: "escrow",
        function: "configureToken",
        args: [address, { enabled, cap, approvalThreshold, outflowLimit, outflowWindow }],
      },
    ],
    mayChange: ["enabled", "cap", "approvalThreshold", "outflow._capacity", "outflow._window"].map(entry),
  };
};

/** Replaces the screening policy. */
export const setPolicy = ({ enforced, listMode, maxRiskScore, sanctionsOracle }: PolicyParameters): Act => ({
  title: "Replace the screening policy",
  role: "CONFIGURATOR",
  calls: [
    {
      target: "complianceRegistry",
      function: "setPolicy",
      args: [
        {
          enforced,
          listMode: LIST_MODES.indexOf(listMode),
          maxRiskScore,
          sanctionsOracle: sanctionsOracle ?? ZeroAddress,
        },
      ],
    },
  ],
  mayChange: [
    ...["observing", "listMode", "maxRiskScore", "asksOracle"].map(
      (name) => `escrow Controls.settings.${name}`,
    ),
    "escrow Controls.sanctionsOracle",
  ],
});
