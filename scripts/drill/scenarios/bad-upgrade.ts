import { Fault } from "../../../deploy/fault.js";
import { DAY } from "../../scenario/clock.js";
import type { SafeRole } from "../../lib/local-suite.js";
import { sentenceOf } from "../../lib/reconcile/report.js";
import type { Scenario } from "../scenario.js";
import type { Stage } from "../stage.js";

/** Amounts from here on are read wrong by the version that is upgraded to. */
const NARROW = 2n ** 64n;
const SEEN = "Reconciliation sees that the escrow tells other amounts than it has told before";
const VERIFIED = "The suite is verified to be as it was before the upgrade";

const signed = async (stage: Stage, operation: number, role: SafeRole) => {
  const [one, other] = stage.suite.owners[role];
  for (const owner of [one, other])
    await stage.type(`ops sign --operation ${operation} --signer keystore --address ${owner}`);
};
/** Whoever is at hand sends it; what counts is what the Safe's owners have signed. */
const execute = async (stage: Stage, operation: number, role: SafeRole, step?: string) => {
  const [sender] = stage.suite.owners[role];
  const which = step === undefined ? "" : ` --step ${step}`;
  await stage.type(
    `ops execute --operation ${operation}${which} --signer keystore --address ${sender} --yes`,
  );
};

const [UPGRADE, UNPAUSE] = [1, 2];

/**
 * An upgrade to a version that every check passes, rehearsal included, and that misreads the payments which are larger
 * than those of a rehearsal (`contracts/mocks/EscrowNarrow.sol`).
 */
export const badUpgrade: Scenario = {
  name: "bad-upgrade",
  tells: "An upgrade misreads large payments, which no rehearsal saw: pause, roll back, verify, go on",
  response: { from: SEEN, to: VERIFIED, withinSeconds: 60 },
  steps: [
    { does: "Payments of every kind bring money into escrow", act: ({ payments }) => payments.begin() },
    { does: "The read model agrees with the chain", act: (stage) => stage.expectAgreement() },
    {
      does: "The upgrade is planned",
      act: async (stage) =>
        void (await stage.type(
          "ops plan upgrade --deploy --yes --contract EscrowNarrow --pause-for 3d --reason 'release 2.0.0'",
        )),
    },
    {
      does: "It is rehearsed, with every rollback and pause, and nothing is found",
      act: async (stage) => void (await stage.type(`ops rehearse --operation ${UPGRADE}`)),
    },
    {
      does: "Two owners of each Safe sign it, and what is kept ready for when it goes wrong",
      act: async (stage) => {
        await signed(stage, UPGRADE, "UPGRADER");
        await signed(stage, UPGRADE, "GUARDIAN");
      },
    },
    { does: "It is scheduled", act: (stage) => execute(stage, UPGRADE, "UPGRADER") },
    {
      does: "Two days pass, and payments go on",
      act: async (stage) => {
        await stage.payments.goOn();
        await stage.pass(2n * DAY);
      },
    },
    { does: "It is executed", act: (stage) => execute(stage, UPGRADE, "UPGRADER") },
    {
      does: "The suite is verified, and nothing is found",
      act: async (stage) => void (await stage.type(`ops verify --operation ${UPGRADE}`)),
    },
    {
      does: "Small payments go on; a buyer cannot release a large one",
      act: async ({ payments }) => {
        await payments.finish(await payments.deposit("USDC"));
        const large = await payments.deposit("DAI");
        await payments.expectRefusal("InvalidAmount", () => large.advance());
      },
    },
    {
      does: SEEN,
      act: async (stage) => {
        const findings = await stage.reconcile();
        const large = stage.payments.ofAtLeast(NARROW);
        const isTheFault = findings.every(
          ({ outcome, paymentId }) =>
            outcome === "state_mismatch" && paymentId !== undefined && large.includes(paymentId),
        );
        if (findings.length > 0 && isTheFault) return;
        throw new Fault("Reconciliation should see large payments that are read wrong, and no others:", {
          details: findings.map(sentenceOf),
        });
      },
    },
    {
      does: "Everything is paused, by what was signed beforehand",
      act: (stage) => execute(stage, UPGRADE, "GUARDIAN", "pause-1"),
    },
    {
      does: "The upgrade is rolled back, by what was signed beforehand",
      act: (stage) => execute(stage, UPGRADE, "GUARDIAN", "rollback-2"),
    },
    { does: VERIFIED, act: async (stage) => void (await stage.type(`ops verify --operation ${UPGRADE}`)) },
    { does: "The read model agrees with the chain again", act: (stage) => stage.expectAgreement() },
    {
      does: "A deposit is refused as long as the pause lasts",
      act: ({ payments }) => payments.expectNoDeposit("USDC"),
    },
    {
      does: "Unpausing is planned, rehearsed, signed and scheduled",
      act: async (stage) => {
        await stage.type("ops plan unpause --reason 'release 2.0.0 is rolled back'");
        await stage.type(`ops rehearse --operation ${UNPAUSE}`);
        await signed(stage, UNPAUSE, "UNPAUSER");
        await execute(stage, UNPAUSE, "UNPAUSER");
      },
    },
    { does: "A day passes", act: (stage) => stage.pass(DAY) },
    {
      does: "The pause is lifted, and the suite verified",
      act: async (stage) => {
        await execute(stage, UNPAUSE, "UNPAUSER");
        await stage.type(`ops verify --operation ${UNPAUSE}`);
      },
    },
    {
      does: "Payments go on, and those from before and in between come to their ends",
      act: async ({ payments }) => {
        await payments.goOn();
        await payments.finishAll();
      },
    },
    {
      does: "The read model agrees with the chain, and nothing was lost",
      act: async (stage) => {
        await stage.expectAgreement();
        const losses = await stage.payments.findLosses();
        if (losses.length > 0) throw new Fault("The money does not add up:", { details: losses });
      },
    },
  ],
};
