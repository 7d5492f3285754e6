import { expect } from "chai";

import { Execution } from "../../../scripts/lib/operations/execution.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { requireRehearsed, writeRehearsal } from "../../../scripts/lib/operations/rehearsal.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { toUnpause, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { keystoreOf, starve } from "../../support/ceremony.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain, faultOf } from "../../support/operations.js";

const DAY = 24 * 3_600;

/** One key holds all that is needed here, so that what it does in vain moves everything. */
describe("rehearsing what comes later, since an attempt was in vain", function () {
  let chain: AdminChain;
  let key: string;
  before(async () => {
    chain = await AdminChain.start(async ({ ethers }) => {
      key = (await ethers.getSigners())[18]!.address;
      return { GUARDIAN: [key], UPGRADER: [key], UNPAUSER: [key] };
    });
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const play = async (opened: OpenManifest) => {
    const { branches } = await rehearse(chain.suite, opened);
    return Object.fromEntries(branches.map(({ name, problems }) => [name, problems]));
  };
  const carryOut = async (opened: OpenManifest, step: string) =>
    await new Execution(chain.suite, opened, { signer: await keystoreOf(key) }).carryOut(opened.step(step));
  const sent = () => chain.connection.ethers.provider.getTransactionCount(key);

  it("plays each step with the nonce that it would have now, before and after it was begun", async () => {
    const guardian = await chain.connection.ethers.getSigner(key);
    await (await chain.deployed.escrow.connect(guardian).pause(1, 5 * DAY, "test")).wait();
    const opened = await chain.plan(toUnpause(["DEPOSITS"]));
    await starve(chain, opened, "schedule");
    expect(await play(opened)).to.deep.equal({ "schedule → execute": [] });

    await carryOut(opened, "schedule");
    await chain.pass(opened.step("execute").notBefore!.seconds);
    await starve(chain, opened, "execute");
    expect(await play(opened)).to.deep.equal({ execute: [] });
    await carryOut(opened, "execute");
    expect(await sent()).to.equal(opened.step("schedule").nonce + 4);
  });

  it("leaves out the rung whose nonce the main branch takes, and asks for no more than that", async () => {
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    const opened = await chain.plan(toUpgrade(request, { rungs: 3, pauseFor: DAY }), { verb: "upgrade" });
    await starve(chain, opened, "schedule");
    expect(await play(opened)).to.deep.equal({
      "schedule → execute": [],
      "schedule → execute → rollback-2": [],
      "schedule → execute → rollback-3": [],
      "schedule → execute → pause-2 → rollback-3": [],
      "schedule → execute → pause-3": [],
    });
    await carryOut(opened, "schedule");
    expect(await sent()).to.equal(opened.step("schedule").nonce + 2);
  });

  it("asks for the rung whose turn it is, although of what was carried out only the last is known", async () => {
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    const opened = await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade" });
    for (const step of ["schedule", "execute"]) await chain.carryOut(opened, step);
    expect(await sent()).to.equal(opened.step("rollback-1").nonce);
    const { timestamp: time, number: block, hash } = (await connection.ethers.provider.getBlock("latest"))!;
    await writeRehearsal(opened, {
      format: "holdfast-rehearsal/1",
      manifest: opened.digest,
      forkedAt: { block, hash: hash!, time },
      payments: "none",
      branches: [],
      passed: true,
    });
    const { provider } = connection.ethers;
    // As of somebody in a hurry, who looks only for what a rollback waits for.
    const standing = { provider, times: { execute: time }, urgent: opened.step("rollback-1") };
    expect(await faultOf(requireRehearsed(opened, standing))).to.include("did not play rollback-1");
  });

  it("refuses where something else has used a nonce, which moves nothing that is planned", async () => {
    const guardian = await chain.connection.ethers.getSigner(key);
    await (await chain.deployed.escrow.connect(guardian).pause(1, 5 * DAY, "test")).wait();
    const opened = await chain.plan(toUnpause(["DEPOSITS"]));
    await (await guardian.sendTransaction({ to: key })).wait();
    const { nonce } = opened.step("schedule");
    expect(await faultOf(rehearse(chain.suite, opened))).to.include(
      `${key} should be at nonce ${nonce}, and is at ${nonce + 1}`,
    );
  });
});
