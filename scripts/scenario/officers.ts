import { ZeroHash } from "ethers";

import { HOUR } from "./clock.js";
import { signerOf, type Step } from "./story.js";
import { mined } from "./world.js";

/** Positions in the Solidity enum `Standing`. */
export const STANDING = { Unlisted: 0n, Cleared: 1n, Blocked: 2n } as const;
/** Bits of the Solidity constants in `PauseTypes.sol`. */
export const PAUSE = { DEPOSITS: 1n, PAYOUTS: 2n, EXITS: 4n } as const;

/** A compliance record as an officer sets it. */
export const record = (account: string, standing: bigint, riskScore: bigint) => ({
  account,
  standing,
  riskScore,
  tier: 1n,
  jurisdiction: 276n,
  expiry: 0n,
  attestationHash: ZeroHash,
});

const setRecord = (does: string, side: "buyer" | "seller", standing: bigint, riskScore: bigint): Step => ({
  does,
  async act(run) {
    const officer = await signerOf(run, "COMPLIANCE");
    await mined(
      run.world.registry.connect(officer).setRecords([record(run.payment[side], standing, riskScore)]),
    );
  },
});

export const block = (side: "buyer" | "seller") =>
  setRecord(`has its ${side} blocked`, side, STANDING.Blocked, 0n);
export const clear = (side: "buyer" | "seller") =>
  setRecord(`has its ${side} cleared`, side, STANDING.Cleared, 10n);
/** A risk score above every policy's maximum but the highest. */
export const suspect = (side: "buyer" | "seller") =>
  setRecord(`has its ${side} found too risky`, side, STANDING.Cleared, 254n);

/** The token's issuer stops an account: what compliance of the escrow knows nothing of. */
export const blacklist = (side: "buyer" | "seller"): Step => ({
  does: `has its ${side} blacklisted by the token's issuer`,
  async act(run) {
    const issuer = await signerOf(run, "stranger");
    await mined(run.token.contract.connect(issuer).setBlacklisted(run.payment[side], true));
  },
});

export const hold: Step = {
  does: "is put on hold",
  async act(run) {
    const officer = await signerOf(run, "COMPLIANCE");
    await mined(run.world.escrow.connect(officer).hold(run.paymentId, "case 2041: waiting for documents"));
  },
};

export const unhold: Step = {
  does: "is taken off hold",
  async act(run) {
    const officer = await signerOf(run, "COMPLIANCE");
    await mined(run.world.escrow.connect(officer).unhold(run.paymentId, "case 2041: documents arrived"));
  },
};

/** For an hour; the story that pauses must also see its end. */
export const pauseDepositsAndPayouts: Step = {
  does: "lives through a pause of deposits and payouts",
  async act(run) {
    const guardian = await signerOf(run, "GUARDIAN");
    const bits = PAUSE.DEPOSITS | PAUSE.PAYOUTS;
    await mined(run.world.escrow.connect(guardian).pause(bits, HOUR, "exercise: unusual deposits"));
  },
};

/** Nobody lifts it: a pause ends by itself. */
export const sitOutPause: Step = {
  does: "sees the pause expire",
  async act({ world }) {
    for (const bit of Object.values(PAUSE)) await world.clock.reach(await world.escrow.pausedUntil(bit));
  },
};
