import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { ROLES } from "../../../deploy/roles.js";
import { collect, type Given } from "../../../scripts/lib/safe/collect.js";
import { requireExecutable, requireExecutionSuccess } from "../../../scripts/lib/safe/execute.js";
import { hindrances } from "../../../scripts/lib/safe/hindrances.js";
import { readSafeTree } from "../../../scripts/lib/safe/owners.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import type { ComplianceRegistry, Escrow } from "../../../types/ethers-contracts/index.js";
import { TESTED_VERSIONS, type TestedVersion } from "../../support/safes.js";
import { ethers, given, loadCast, provider, send, signatureOf } from "../fixtures/safe.js";

const DAY = 86_400;
const DEPOSITS = 1;

/** A transaction and what two owners signed of it, long before anybody needs it. */
interface Rung {
  readonly transaction: SafeTransaction;
  readonly signatures: Given;
}

/** An escrow that a Safe may pause, upgrade and roll back, all without delay, which is not what this is about. */
async function deployControlled(version: TestedVersion) {
  const cast = await loadCast(version);
  const { flat: safe, alice: admin, bob, carol, relayer, transaction } = cast;
  const authority = await ethers.deployContract("AccessManager", [admin]);
  const controller = await ethers.deployContract("UpgradeController", [authority, 14 * DAY]);
  const deployProxy = async (implementation: Escrow | ComplianceRegistry) => {
    const initialize = implementation.interface.encodeFunctionData("initialize", [
      await authority.getAddress(),
    ]);
    const proxy = await controller.deployProxy.staticCall(implementation, initialize);
    await controller.deployProxy(implementation, initialize);
    return proxy;
  };
  const registry = await deployProxy(await ethers.deployContract("ComplianceRegistry"));
  const newEscrow = async () =>
    ethers.deployContract("Escrow", [registry, await ethers.deployContract("Permit2")]);
  const [first, second] = [await newEscrow(), await newEscrow()];
  const proxy = await deployProxy(first);
  const escrow = await ethers.getContractAt("Escrow", proxy);

  const { id: role } = ROLES.GUARDIAN;
  const { upgrade, rollback } = controller;
  const selectors = [upgrade.fragment.selector, rollback.fragment.selector];
  await authority.setTargetFunctionRole(controller, selectors, role);
  await authority.setTargetFunctionRole(escrow, [escrow.pause.fragment.selector], role);
  await authority.grantRole(role, safe, 0);

  const to = await controller.getAddress();
  const { interface: acts } = controller;
  const [v1, v2] = [await first.getAddress(), await second.getAddress()];
  const calls = {
    upgrade: { to, data: acts.encodeFunctionData("upgrade", [proxy, v2, "0x"]) },
    rollback: { to, data: acts.encodeFunctionData("rollback", [proxy]) },
    pause: { to: proxy, data: escrow.interface.encodeFunctionData("pause", [DEPOSITS, DAY, "a fault"]) },
    unrelated: { to: ZeroAddress, data: "0x" },
  };

  const sign = async (call: keyof typeof calls, nonce: number): Promise<Rung> => {
    const signed = transaction(safe, { ...calls[call], nonce });
    const signatures = given([], await signatureOf(bob, signed), await signatureOf(carol, signed));
    return { transaction: signed, signatures };
  };
  const check = async ({ transaction, signatures }: Rung) => {
    const tree = await readSafeTree(provider, safe);
    return { state: tree.state, collected: await collect(provider, transaction, tree, [signatures]) };
  };
  const climb = async (rung: Rung) => {
    const { collected } = await check(rung);
    await requireExecutable(provider, rung.transaction, collected, relayer.address);
    const sent = await send(relayer, rung.transaction, collected.signatures);
    requireExecutionSuccess((await sent.wait())!, rung.transaction);
  };
  const standing = async (rung: Rung) => {
    const { state, collected } = await check(rung);
    return hindrances(rung.transaction, state, collected);
  };
  const implementation = async () => (await controller.proxyRecord(proxy)).implementation;

  await climb(await sign("unrelated", 0));
  return {
    ...{ sign, climb, standing, implementation, escrow, v1, v2 },
    upgrade: await sign("upgrade", 1),
    rollback: await sign("rollback", 2),
    pause: await sign("pause", 2),
    secondRollback: await sign("rollback", 3),
  };
}

for (const version of TESTED_VERSIONS) {
  describe(`a ladder of nonces, signed in one ceremony of a Safe ${version}`, () => {
    it("takes the upgrade back by the first rung", async () => {
      const { climb, implementation, upgrade, rollback, v1, v2 } = await deployControlled(version);
      await climb(upgrade);
      expect(await implementation()).to.equal(v2);
      await climb(rollback);
      expect(await implementation()).to.equal(v1);
    });

    it("takes it back by the second rung when a pause went first", async () => {
      const suite = await deployControlled(version);
      const { climb, implementation, escrow, upgrade, rollback, pause, secondRollback, v1 } = suite;
      await climb(upgrade);
      await climb(pause);
      expect(await escrow.paused()).to.equal(DEPOSITS);
      await expect(climb(rollback)).to.be.rejectedWith(/Its nonce 2 is used, the Safe is at 3/);
      await climb(secondRollback);
      expect(await implementation()).to.equal(v1);
    });

    it("takes it back by the second rung when something unrelated took the first one's nonce", async () => {
      const suite = await deployControlled(version);
      const { climb, sign, implementation, upgrade, rollback, pause, secondRollback, v1 } = suite;
      await climb(upgrade);
      await climb(await sign("unrelated", 2));
      for (const lost of [rollback, pause]) {
        await expect(climb(lost)).to.be.rejectedWith(/Its nonce 2 is used, the Safe is at 3/);
      }
      await climb(secondRollback);
      expect(await implementation()).to.equal(v1);
    });

    it("tells of every rung whether it would hold now, and why not", async () => {
      const suite = await deployControlled(version);
      const { climb, standing, upgrade, rollback, pause, secondRollback } = suite;
      const told = async () => {
        const each: (readonly string[])[] = [];
        for (const rung of [upgrade, rollback, pause, secondRollback]) each.push(await standing(rung));
        return each;
      };
      const oneFirst = (nonce: number, at: number) => [
        `Its nonce is ${nonce} and the Safe is at ${at}: one transaction must go first.`,
      ];
      const twoFirst = ["Its nonce is 3 and the Safe is at 1: 2 transactions must go first."];
      expect(await told()).to.deep.equal([[], oneFirst(2, 1), oneFirst(2, 1), twoFirst]);
      await climb(upgrade);
      const used = [
        "Its nonce 1 is used, the Safe is at 2: take what was signed for a later nonce, or plan and sign again.",
      ];
      expect(await told()).to.deep.equal([used, [], [], oneFirst(3, 2)]);
    });
  });
}
