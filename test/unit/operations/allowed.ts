import { glob, readFile, rm } from "node:fs/promises";

import { expect } from "chai";
import hre from "hardhat";

import { samplesOf } from "../../../scripts/lib/gate/samples.js";
import { Execution } from "../../../scripts/lib/operations/execution.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { toPause, toSetPolicy } from "../../../scripts/lib/operations/verbs.js";
import { keystoreOf } from "../../support/ceremony.js";
import { AdminChain, faultOf } from "../../support/operations.js";
import { termsOf } from "../../support/terms.js";

const DAY = 24 * 3_600;

/** Whoever carries a step out, a task or a script: the mode and the gate are asked where all of them pass. */
describe("carrying out what is not allowed now", function () {
  let chain: AdminChain;
  let sampled: { paymentId: string; block: number };
  before(async () => {
    chain = await AdminChain.start();
    await deposit();
    await onlyObserve();
  });
  afterEach(async () => {
    await rm(samplesOf(31337).path, { force: true });
    await chain.reset();
  });
  after(() => chain.stop());

  /** A payment, and as many blocks after it as samples are wanted. */
  const deposit = async () => {
    const { escrow, usdc, users } = chain.deployed;
    const [buyer, seller] = users;
    const terms = termsOf(1, {
      ...{ buyer: buyer!.address, seller: seller!.address, token: await usdc.getAddress(), amount: 5n },
      deadline: BigInt((await chain.connection.networkHelpers.time.latest()) + 90 * DAY),
    });
    await (await usdc.mint(buyer!.address, 5n)).wait();
    await (await usdc.connect(buyer).approve(escrow, 5n)).wait();
    const receipt = await (await escrow.connect(buyer).deposit(terms)).wait();
    sampled = { paymentId: await escrow.hashPayment(terms), block: receipt!.blockNumber };
    await chain.connection.networkHelpers.mine(1_000);
  };
  /** From an enforcing policy, as the suite is deployed. */
  const onlyObserve = async () => {
    const { accessManager, complianceRegistry, holders } = chain.deployed;
    const policy = await complianceRegistry.policy();
    const { listMode, maxRiskScore, sanctionsOracle } = policy;
    const observing = { enforced: false, listMode, maxRiskScore, sanctionsOracle };
    const data = complianceRegistry.interface.encodeFunctionData("setPolicy", [observing]);
    await (await accessManager.connect(holders.CONFIGURATOR).schedule(complianceRegistry, data, 0)).wait();
    await chain.pass(3 * DAY);
    await (await holders.CONFIGURATOR.sendTransaction({ to: complianceRegistry, data })).wait();
    await chain.keep();
  };
  const openGate = async () => {
    const now = Math.floor(Date.now() / 1000);
    const samples = Array.from({ length: 1_000 }, (_, i) => ({
      ...{ at: now - 180 * (999 - i), matched: true },
      ...{ paymentId: sampled.paymentId, block: sampled.block + i },
    }));
    await samplesOf(31337).addAll(samples);
  };
  const ready = async (opened: OpenManifest) => {
    expect((await rehearse(chain.suite, opened)).passed).to.equal(true);
    return opened;
  };
  const carryOut = async (opened: OpenManifest, step: string) => {
    const signer = await keystoreOf(opened.step(step).account);
    return await new Execution(chain.suite, opened, { signer }).carryOut(opened.step(step));
  };
  const sentBy = (account: string) => chain.connection.ethers.provider.getTransactionCount(account);

  it("sends no policy that begins to enforce while the gate is shut, at any of its steps", async () => {
    const opened = await ready(await chain.plan(toSetPolicy()));
    const { account, nonce } = opened.step("schedule");
    expect(await faultOf(carryOut(opened, "schedule"))).to.include("The gate is shut");
    expect(await sentBy(account)).to.equal(nonce);

    await openGate();
    await carryOut(opened, "schedule");
    await chain.pass(opened.step("execute").notBefore!.seconds);
    await rm(samplesOf(31337).path);
    expect(await faultOf(carryOut(opened, "execute"))).to.include("The gate is shut");
    expect((await chain.deployed.complianceRegistry.policy()).enforced).to.equal(false);
  });

  it("lets a guardian pause while the gate is shut", async () => {
    const pausing = toPause({ bits: ["DEPOSITS"], seconds: DAY, reason: "test" });
    const outcome = await carryOut(await ready(await chain.plan(pausing)), "act");
    expect(outcome.surprises).to.deep.equal([]);
  });

  for (const [mode, refusal] of [
    ["dry-run", "This is a dry run"],
    ["read-only", "This is read-only"],
  ] as const) {
    it(`signs and sends nothing when it is ${mode}`, async () => {
      const pausing = toPause({ bits: ["DEPOSITS"], seconds: DAY, reason: "test" });
      const opened = await ready(await chain.plan(pausing));
      const { mode: former } = hre.globalOptions;
      (hre.globalOptions as { mode?: string }).mode = mode;
      try {
        const { account, nonce } = opened.step("act");
        const unused = {
          ...(await keystoreOf(account)),
          signTransaction: () => expect.fail("nothing is signed"),
        };
        const execution = new Execution(chain.suite, opened, { signer: unused });
        expect(await faultOf(execution.carryOut(opened.step("act")))).to.include(refusal);
        expect(await sentBy(account)).to.equal(nonce);
      } finally {
        (hre.globalOptions as { mode?: string }).mode = former;
      }
    });
  }

  const filesWith = async (what: RegExp) => {
    const found: string[] = [];
    for await (const file of glob("{scripts,deploy}/**/*.ts"))
      if (what.test(await readFile(file, "utf8"))) found.push(file);
    return found.sort();
  };

  it("has no way around: nothing else submits", async () => {
    expect(
      await filesWith(/import \{[^}]*\bsubmit\b[^}]*\} from|import\("[^"]*\/submit\.js"\)/),
    ).to.deep.equal(["scripts/lib/operations/execution.ts"]);
  });

  it("has no way around: nothing else sends transactions, but what carries out no step", async () => {
    const known = {
      // Submitting itself, by a device or a wallet.
      "scripts/lib/operations/endpoint.ts": "the one request",
      "scripts/lib/operations/submit.ts": "as above",
      "scripts/lib/signers/ledger.ts": "signs, and broadcasts nothing",
      "scripts/lib/signers/wallet.ts": "sends what is sealed",
      // To a fork, which ends with the process.
      "scripts/lib/operations/fork.ts": "a fork of ours",
      "scripts/lib/operations/perform.ts": "a step on that fork",
      // No step of an operation.
      "scripts/lib/operations/deployment.ts": "code that nothing points to yet",
      "scripts/lib/safe/local.ts": "Safes on a local chain",
      "scripts/payment/send.ts": "what people on duty do, by a key of their own",
      "scripts/drill/incidents/administration.ts": "an incident on a local chain",
      "scripts/scenario/administration.ts": "a scenario on a local chain",
    };
    const sending = /sendTransaction|sendRaw|\bsend\w*RawTransaction|eth_send\w+|broadcastTransaction/;
    expect(await filesWith(sending)).to.deep.equal(Object.keys(known).sort());
  });
});
