import { expect } from "chai";

import { NATIVE_COIN } from "../../../deploy/parameters.js";
import { explainIncompatible, readImplementation } from "../../../deploy/upgrade-safety.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { toRollBack, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { EscrowNext__factory } from "../../../types/ethers-contracts/index.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain, faultOf } from "../../support/operations.js";
import { termsOf, type Terms } from "../../support/terms.js";

const DAY = 86_400;

/** The first version, used; a second one, used, with its initializer run; the first one again, used. */
describe("the next upgrade after a rollback", function () {
  let chain: AdminChain;
  const payments: Terms[] = [];

  before(async () => {
    chain = await AdminChain.start();
    await use();
    const upgrade = await upgradeTo("EscrowNext", { function: "initializeV2", args: ["7"] });
    await carryOut(await chain.plan(upgrade, { verb: "upgrade" }));
    await use();
    await carryOut(await chain.plan(toRollBack("escrow"), { verb: "rollback" }));
    await use();
    await chain.keep();
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const carryOut = async (opened: OpenManifest) => {
    for (const { id, branch } of opened.manifest.steps)
      if (branch === "main") await chain.carryOut(opened, id);
  };
  const upgradeTo = async (contract: string, initializer?: { function: string; args: unknown[] }) => {
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", contract);
    return toUpgrade(
      { proxy: "escrow", implementation, contract, ...(initializer && { initializer }) },
      { rungs: 2, pauseFor: DAY },
    );
  };
  /** Somebody pays whatever version runs, and half of it goes on at once. */
  const use = async () => {
    const { escrow, users } = chain.deployed;
    const [buyer, seller] = users as [(typeof users)[0], (typeof users)[0]];
    const { timestamp: now } = (await chain.connection.ethers.provider.getBlock("latest"))!;
    const cast = { buyer: buyer.address, seller: seller.address, token: NATIVE_COIN };
    const terms = termsOf(payments.length + 1, { ...cast, deadline: BigInt(now + 30 * DAY) });
    await (await escrow.connect(buyer).deposit(terms, { value: terms.amount })).wait();
    await (await escrow.connect(buyer).release(terms, terms.amount / 2n)).wait();
    payments.push(terms);
  };

  it("is told what the rolled-back version left, and which initializers have run", async () => {
    const { cautions } = (await chain.plan(await upgradeTo("EscrowNarrow"))).manifest;
    expect(cautions.filter((one) => /generation|number/.test(one))).to.satisfy(
      ([initializers, leftover]: string[]) =>
        /^The initializers of escrow up to number 2 have run/.test(initializers!) &&
        /which was rolled back, left EscrowNext\.generation of escrow at 7;/.test(leftover!),
    );
  });

  it("finds all payments of every version whole, and what was left where it was", async () => {
    await carryOut(await chain.plan(await upgradeTo("EscrowNext"), { verb: "upgrade" }));
    const { escrow, users, record } = chain.deployed;
    for (const terms of payments) {
      await (await escrow.connect(users[0]).release(terms, terms.amount / 2n)).wait();
      const { held, released } = await escrow.paymentState(await escrow.hashPayment(terms));
      expect([held, released]).to.deep.equal([0n, terms.amount]);
    }
    const { address } = record.contracts.escrow;
    const next = EscrowNext__factory.connect(address, chain.connection.ethers.provider);
    expect(await next.generation()).to.equal(7n);
  });

  it("does not run an initializer again that has run, rolled back or not", async () => {
    const again = await upgradeTo("EscrowNext", { function: "initializeV2", args: ["8"] });
    expect(await faultOf(chain.plan(again))).to.include("InvalidInitialization");
  });

  it("is refused to a version that forgets the storage of the one that was rolled back", async () => {
    expect(await faultOf(chain.plan(await upgradeTo("EscrowBroken")))).to.include(
      "Deleted namespace `erc7201:holdfast.mocks.EscrowNext`",
    );
  });

  it("is refused to a version that would read otherwise what was left, though it fits the one that runs", async () => {
    const [first, rearranged] = [
      await readImplementation("Escrow"),
      await readImplementation("EscrowRearranged"),
    ];
    expect(explainIncompatible(first, rearranged)).to.equal("");
    expect(await faultOf(chain.plan(await upgradeTo("EscrowRearranged"))))
      .to.match(
        /^EscrowRearranged would misread what EscrowNext \(0x\w{40}\), which ran behind escrow, has stored:/,
      )
      .and.include("generation");
  });
});
