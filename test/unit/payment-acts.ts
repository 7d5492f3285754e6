import { expect } from "chai";

import { ACTS, type ActName } from "../../scripts/lib/payment/acts.js";
import { obstacleTo, readDossier } from "../../scripts/lib/payment/dossier.js";
import { WITHDRAW_CREDIT } from "../../scripts/lib/payment/credits.js";
import { OBSTACLES } from "../../scripts/lib/payment/obstacles.js";
import { orRefusal, refusalIn } from "../../scripts/lib/payment/refusal.js";
import { Escrow__factory } from "../../types/ethers-contracts/index.js";
import { solidityEnum } from "../support/solidity-enum.js";
import { faultOf } from "../support/operations.js";
import { DAY, town, type Town } from "./triage/fixture.js";

/** What each act is called in Solidity's `EscrowAction`. */
const ACTIONS: Readonly<Record<ActName, string>> = {
  claim: "Claim",
  release: "Release",
  refund: "Refund",
  "approve-release": "ApproveRelease",
  "approve-refund": "ApproveRefund",
  resolve: "Resolve",
  hold: "Hold",
  unhold: "Unhold",
};

describe("what people on duty do with a payment", () => {
  let at: Town;
  before(async () => (at = await town()));
  afterEach(() => at.reset());

  it("asks the lens about the right act, and understands every answer", async () => {
    const actions = await solidityEnum("LensTypes.sol", "EscrowAction");
    for (const name of Object.keys(ACTS) as ActName[])
      expect(actions[ACTS[name].action], name).to.equal(ACTIONS[name]);
    expect(actions[WITHDRAW_CREDIT]).to.equal("WithdrawCredit");
    expect(OBSTACLES.map(([name]) => name)).to.deep.equal(await solidityEnum("LensTypes.sol", "Obstacle"));
  });

  it("sends what the contract does: each act, by whoever may, has its effect", async () => {
    const { escrow, holders, record } = at.suite;
    const { paymentId } = await at.deposit({ amount: 20_000_000_000n });
    const { terms } = await readDossier(at.ethers.provider, record, paymentId);
    const send = async (name: ActName, from: Town["buyer"], amount = 0n) => {
      const data = ACTS[name].encode(Escrow__factory.createInterface(), {
        paymentId,
        terms,
        amount,
        reason: "why",
      });
      await from.sendTransaction({ to: await escrow.getAddress(), data });
      const { status, onHold, held, released, refunded } = await readDossier(
        at.ethers.provider,
        record,
        paymentId,
      );
      return { status, onHold, held, released, refunded };
    };
    const funded = { status: "Funded", onHold: false, held: 20_000_000_000n, released: 0n, refunded: 0n };
    expect(await send("hold", holders.COMPLIANCE)).to.deep.equal({ ...funded, onHold: true });
    expect(await send("unhold", holders.COMPLIANCE)).to.deep.equal(funded);
    expect(await send("approve-release", holders.APPROVER, 5n)).to.deep.equal(funded);
    const released = { ...funded, held: 19_999_999_995n, released: 5n };
    expect(await send("release", holders.OPERATOR, 5n)).to.deep.equal(released);
    expect(await send("approve-refund", holders.APPROVER, 7n)).to.deep.equal(released);
    const refunded = { ...released, held: 19_999_999_988n, refunded: 7n };
    expect(await send("refund", holders.OPERATOR, 7n)).to.deep.equal(refunded);
    await at.pass(30 * DAY);
    expect(await send("claim", at.stranger)).to.deep.equal({
      ...refunded,
      ...{ status: "Closed", held: 0n, released: 5n + 19_999_999_988n },
    });
  });

  it("says why one alone cannot pay out above a threshold", async () => {
    const { holders, record } = at.suite;
    const { paymentId } = await at.deposit({ amount: 20_000_000_000n });
    const { terms } = await readDossier(at.ethers.provider, record, paymentId);
    const asked = { terms, action: ACTS.release.action };
    const obstacle = await obstacleTo(at.ethers.provider, record, {
      ...asked,
      who: holders.OPERATOR.address,
    });
    expect(obstacle!.name).to.equal("ApprovalRequired");
    expect(await obstacleTo(at.ethers.provider, record, { ...asked, who: at.buyer.address })).to.equal(
      undefined,
    );
  });

  it("tells what the escrow refuses by its name, as the runbook has it, also of a part of what is held", async () => {
    const { escrow, holders } = at.suite;
    const { terms } = await at.deposit({ amount: 20_000_000_000n });
    const asking = (from: string, amount: bigint) => ({
      ...{ from, to: escrow },
      data: escrow.interface.encodeFunctionData("release", [terms, amount]),
    });
    const refusal = async (from: string, amount: bigint) =>
      faultOf(orRefusal(() => at.ethers.provider.call(asking(from, amount)), "Nothing was sent."));
    const part = 19_999_999_999n;
    expect(await refusal(holders.OPERATOR.address, part))
      .to.match(/^The contract refuses: ApprovalRequired\(/)
      .and.include("another person's approval first")
      .and.match(/Nothing was sent\.$/);
    expect(await refusal(at.buyer.address, 20_000_000_001n)).to.include("InvalidAmount(");
    // As it comes when it is sent, through whichever library.
    const sent = orRefusal(
      async () => holders.OPERATOR.sendTransaction(asking(holders.OPERATOR.address, part)),
      "Nothing was sent.",
    );
    expect(await faultOf(sent)).to.include("The contract refuses: ApprovalRequired(");
  });

  it("has words for every error of the escrow's that stands in a way, and a sentence for those of others", () => {
    const { interface: abi } = at.suite.escrow;
    const data = abi.encodeErrorResult("OutflowLimitExceeded", [at.stranger.address, 5n, 3n]);
    const wrapped = { error: { data: { data } } };
    expect(refusalIn(wrapped)).to.match(/^The contract refuses: OutflowLimitExceeded\(.*outflow limit/);
    expect(refusalIn({ data: "0x12345678" })).to.include("0x12345678, which is no error of the suite's");
    expect(refusalIn({ data: "0x" })).to.equal("The contract refuses without a reason.");
    expect(refusalIn(new Error("getaddrinfo ENOTFOUND"))).to.equal(undefined);
  });

  it("tells the whole course of a payment, approvals included, and that there is no such one", async () => {
    const { escrow, holders, record } = at.suite;
    const { terms, paymentId } = await at.deposit();
    await escrow.connect(holders.APPROVER).approvePayout(terms, 0, 1n);
    await escrow.connect(at.buyer).release(terms, terms.amount);
    const { events, status } = await readDossier(at.ethers.provider, record, paymentId);
    expect(events.map(({ event }) => event)).to.deep.equal([
      "PaymentCreated",
      "PayoutApproved",
      "PaymentReleased",
    ]);
    expect(status).to.equal("Closed");
    const none = `0x${"ab".repeat(32)}`;
    expect(await faultOf(readDossier(at.ethers.provider, record, none))).to.include(
      `has made no payment ${none}`,
    );
  });
});
