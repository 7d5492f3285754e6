import { expect } from "chai";

import { itFollows } from "../specs/outline.js";
import {
  ListMode,
  blockedRecord,
  clearedRecord,
  deployRegistry,
  ethers,
  loadFixture,
  strictPolicy,
  time,
} from "./fixtures/registry.js";
import { controlsSlot, entrySlot, pausesAndPolicy, recordSlot, registrySlot } from "./fixtures/slots.js";

const DEPOSITS = 1;
const PAYOUTS = 2;
const EXITS = 4;
const DAY = 86_400n;

describe("ComplianceRegistry storage", () => {
  itFollows("ComplianceRegistry.tree");

  it("keeps each record in one slot of the escrow", async () => {
    const { registry, escrow, officer, buyer } = await loadFixture(deployRegistry);
    const record = { ...blockedRecord, riskScore: 0xab, tier: 0xcd, jurisdiction: 0x1234, expiry: 0x55n };
    await registry.connect(officer).setRecords([{ account: buyer, ...record }]);

    const [revision, expiry] = ["0x0000000000000001", "0x0000000000000055"];
    expect(await ethers.provider.getStorage(escrow, recordSlot(buyer.address))).to.equal(
      ethers.zeroPadValue(ethers.concat([revision, expiry, "0x1234", "0xcd", "0xab", "0x02"]), 32),
    );
  });

  it("keeps the escrow's address and the attestation hashes in the registry", async () => {
    const { registry, escrow, officer, buyer } = await loadFixture(deployRegistry);
    await registry.connect(officer).setRecords([{ account: buyer, ...clearedRecord }]);

    expect(await ethers.provider.getStorage(registry, registrySlot)).to.equal(
      ethers.zeroPadValue(await escrow.getAddress(), 32),
    );
    expect(await ethers.provider.getStorage(registry, entrySlot(buyer.address, registrySlot + 1n))).to.equal(
      clearedRecord.attestationHash,
    );
  });

  for (const order of ["a pause, then a policy", "a policy, then a pause"] as const) {
    it(`keeps pauses and policy in one slot, undisturbed by ${order}`, async () => {
      const { registry, escrow, oracle, admin } = await loadFixture(deployRegistry);
      const sanctionsOracle = await oracle.getAddress();
      const start = BigInt(await time.latest()) + 1_000n;
      const setPolicy = async () => {
        await registry.connect(admin).setPolicy({ ...strictPolicy, sanctionsOracle });
      };
      const pause = async () => {
        for (const bit of [DEPOSITS, PAYOUTS, EXITS]) {
          await time.setNextBlockTimestamp(start + BigInt(bit));
          await escrow.connect(admin).pause(bit, DAY, "");
        }
      };
      if (order === "a pause, then a policy") {
        await pause();
        await setPolicy();
      } else {
        await setPolicy();
        await pause();
      }

      expect(await ethers.provider.getStorage(escrow, controlsSlot)).to.equal(
        pausesAndPolicy({
          depositsUntil: start + 1n + DAY,
          payoutsUntil: start + 2n + DAY,
          exitsUntil: start + 4n + DAY,
          exitsSince: start + 4n,
          observing: true,
          listMode: ListMode.Allow,
          maxRiskScore: 0xab,
          asksOracle: true,
        }),
      );
      expect(await ethers.provider.getStorage(escrow, controlsSlot + 1n)).to.equal(
        ethers.zeroPadValue(sanctionsOracle, 32),
      );
      expect(await escrow.paused()).to.equal(DEPOSITS | PAYOUTS | EXITS);
      expect(await registry.policy()).to.deep.equal(Object.values({ ...strictPolicy, sanctionsOracle }));
    });
  }
});
