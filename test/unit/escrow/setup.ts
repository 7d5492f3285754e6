import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  HOUR,
  NOBODY,
  deployEscrow,
  ethers,
  expectRefusal,
  fund,
  loadFixture,
  networkHelpers,
  usd,
} from "../fixtures/escrow.js";

/** First slot of an ERC-7201 namespace, plus `offset`. */
const namespaceSlot = (name: string) =>
  ethers.toBeHex(
    BigInt(
      ethers.keccak256(
        ethers.AbiCoder.defaultAbiCoder().encode(
          ["uint256"],
          [BigInt(ethers.id(`holdfast.storage.${name}`)) - 1n],
        ),
      ),
    ) & ~0xffn,
    32,
  );

const mappingSlot = (key: string, slot: string) =>
  ethers.keccak256(ethers.concat([ethers.zeroPadValue(key, 32), slot]));

describe("Escrow setup", () => {
  itFollows("escrow/setup.tree");

  describe("constructor", () => {
    it("reverts with InvalidDependency given a registry without code", async () => {
      const { implementation, permit2, stranger } = await loadFixture(deployEscrow);
      await expect(ethers.deployContract("Escrow", [stranger, permit2]))
        .to.be.revertedWithCustomError(implementation, "InvalidDependency")
        .withArgs(stranger);
    });

    it("reverts with InvalidDependency given a Permit2 without code", async () => {
      const { implementation, registry, stranger } = await loadFixture(deployEscrow);
      await expect(ethers.deployContract("Escrow", [registry, stranger]))
        .to.be.revertedWithCustomError(implementation, "InvalidDependency")
        .withArgs(stranger);
    });
  });

  describe("initialize", () => {
    it("sets the authority", async () => {
      const { escrow, manager } = await loadFixture(deployEscrow);
      expect(await escrow.authority()).to.equal(manager);
    });

    it("reverts with InvalidInitialization the second time", async () => {
      const suite = await loadFixture(deployEscrow);
      await expectRefusal(suite, suite.escrow.initialize(suite.stranger), "InvalidInitialization");
    });

    it("reverts with InvalidInitialization on the implementation", async () => {
      const suite = await loadFixture(deployEscrow);
      await expectRefusal(suite, suite.implementation.initialize(suite.stranger), "InvalidInitialization");
    });
  });

  describe("selfTest", () => {
    it("returns its own selector", async () => {
      const { escrow } = await loadFixture(deployEscrow);
      expect(await escrow.selfTest()).to.equal(escrow.interface.getFunction("selfTest").selector);
    });

    it("reverts with InvalidDependency without an authority", async () => {
      const { implementation } = await loadFixture(deployEscrow);
      await expect(implementation.selfTest())
        .to.be.revertedWithCustomError(implementation, "InvalidDependency")
        .withArgs(NOBODY);
    });

    it("reverts with InvalidDependency given an authority whose code is gone", async () => {
      const { escrow, manager } = await loadFixture(deployEscrow);
      await networkHelpers.setCode(await manager.getAddress(), "0x");
      await expect(escrow.selfTest())
        .to.be.revertedWithCustomError(escrow, "InvalidDependency")
        .withArgs(manager);
    });

    it("reverts with InvalidDependency given a registry under another authority", async () => {
      const { escrow, registry, manager, admin } = await loadFixture(deployEscrow);
      await manager.updateAuthority(registry, await ethers.deployContract("AccessManager", [admin]));
      await expect(escrow.selfTest())
        .to.be.revertedWithCustomError(escrow, "InvalidDependency")
        .withArgs(registry);
    });

    it("reverts with InvalidDependency given a registry that writes to another escrow", async () => {
      const { registry, manager, admin, implementation } = await loadFixture(deployEscrow);
      const proxy = await ethers.deployContract("TransparentUpgradeableProxy", [
        implementation,
        admin,
        implementation.interface.encodeFunctionData("initialize", [await manager.getAddress()]),
      ]);
      const second = await ethers.getContractAt("Escrow", await proxy.getAddress());
      await expect(second.selfTest())
        .to.be.revertedWithCustomError(second, "InvalidDependency")
        .withArgs(registry);
    });
  });

  describe("version", () => {
    it("is 1.0.0", async () => {
      const { escrow } = await loadFixture(deployEscrow);
      expect(await escrow.version()).to.equal("1.0.0");
    });
  });

  describe("eip712Domain", () => {
    it("tells the domain of every id and signature (EIP-5267)", async () => {
      const { escrow } = await loadFixture(deployEscrow);
      const { chainId } = await ethers.provider.getNetwork();
      expect(await escrow.eip712Domain()).to.deep.equal([
        "0x0f",
        "Holdfast Escrow",
        "1",
        chainId,
        await escrow.getAddress(),
        ethers.ZeroHash,
        [],
      ]);
    });
  });

  describe("registry", () => {
    it("is the one that its code names", async () => {
      const { escrow, registry } = await loadFixture(deployEscrow);
      expect(await escrow.registry()).to.equal(registry);
    });
  });

  describe("permit2", () => {
    it("is the one that its code names", async () => {
      const { escrow, permit2 } = await loadFixture(deployEscrow);
      expect(await escrow.permit2()).to.equal(permit2);
    });
  });

  describe("coins that come without a call", () => {
    it("are refused", async () => {
      const { escrow, buyer } = await loadFixture(deployEscrow);
      await expect(buyer.sendTransaction({ to: escrow, value: 1 })).to.revert(ethers);
    });
  });

  describe("storage", () => {
    it("keeps a payment in one slot of its ERC-7201 namespace", async () => {
      const suite = await loadFixture(deployEscrow);
      const { paymentId } = await fund(suite);
      const slot = mappingSlot(paymentId, namespaceSlot("Escrow"));
      const word = BigInt(await ethers.provider.getStorage(suite.escrow, slot));
      // From the lowest bits: status, flags, disputedAt, held, released.
      expect(word).to.equal(1n | (usd(1_000) << 48n));
    });

    it("keeps what is held of a token in the first slot of its account", async () => {
      const suite = await loadFixture(deployEscrow);
      await fund(suite);
      const slot = mappingSlot(await suite.usdc.getAddress(), namespaceSlot("TokenVault"));
      const word = BigInt(await ethers.provider.getStorage(suite.escrow, slot));
      expect(word & (2n ** 104n - 1n)).to.equal(usd(1_000));
    });

    it("keeps pauses and policy together in the first slot of theirs", async () => {
      const { escrow, guardian } = await loadFixture(deployEscrow);
      await escrow.connect(guardian).pause(Bit.DEPOSITS, HOUR, "");
      const word = BigInt(await ethers.provider.getStorage(escrow, namespaceSlot("Controls")));
      const [until, { maxRiskScore }] = [await escrow.pausedUntil(Bit.DEPOSITS), await escrow.policy()];
      // From the lowest bits: four times of 40 bits, observing, list mode, highest risk score, whether to ask an oracle.
      expect(word).to.equal(until | (maxRiskScore << 176n));
    });
  });
});
