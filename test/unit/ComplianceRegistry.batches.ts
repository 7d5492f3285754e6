import { expect } from "chai";

import { itFollows } from "../specs/outline.js";
import {
  Standing,
  blockedRecord,
  clearedRecord,
  deployRegistry,
  ethers,
  loadFixture,
  noRecord,
} from "./fixtures/registry.js";

/** What a transaction may use since Fusaka (EIP-7825). */
const TRANSACTION_GAS = 2n ** 24n;
/** What docs/compliance.md promises. */
const LARGEST_BATCH = 250;

const accounts = (count: number) => Array.from({ length: count }, (_, i) => ethers.toBeHex(0xb0000 + i, 20));

describe("ComplianceRegistry batches", () => {
  itFollows("ComplianceRegistry.batches.tree");

  it("writes nothing and says nothing given no update", async () => {
    const { registry, officer } = await loadFixture(deployRegistry);
    const { logs } = (await (await registry.connect(officer).setRecords([])).wait())!;
    expect(logs).to.deep.equal([]);
  });

  it("writes different records of different accounts", async () => {
    const { registry, officer, buyer, seller, stranger } = await loadFixture(deployRegistry);
    await registry.connect(officer).setRecords([{ account: stranger, ...clearedRecord }]);
    await registry.connect(officer).setRecords([
      { account: buyer, ...clearedRecord },
      { account: seller, ...blockedRecord },
      { account: stranger, ...noRecord },
    ]);
    const written = await Promise.all([buyer, seller, stranger].map((account) => registry.recordOf(account)));
    expect(written.map(({ standing, revision }) => [standing, revision])).to.deep.equal([
      [BigInt(Standing.Cleared), 1n],
      [BigInt(Standing.Blocked), 1n],
      [BigInt(Standing.Unlisted), 2n],
    ]);
  });

  it("counts and tells each of several updates of one account, of which the last stands", async () => {
    const { registry, officer, buyer } = await loadFixture(deployRegistry);
    const updates = [clearedRecord, blockedRecord, { ...clearedRecord, tier: 9 }];
    await registry.connect(officer).setRecords(updates.map((update) => ({ account: buyer, ...update })));
    const told = await registry.queryFilter(registry.filters.RecordSet(buyer));
    expect(told.map(({ args }) => args.revision)).to.deep.equal([1n, 2n, 3n]);
    const { standing, tier, revision } = await registry.recordOf(buyer);
    expect([standing, tier, revision]).to.deep.equal([BigInt(Standing.Cleared), 9n, 3n]);
  });

  it("writes nothing at all given one bad update, wherever it stands", async () => {
    const { registry, officer } = await loadFixture(deployRegistry);
    const [first, second, third] = accounts(3);
    for (const bad of [first, second, third]) {
      const updates = [first, second, third].map((account) => ({
        account: account!,
        ...(account === bad ? { ...noRecord, tier: 1 } : clearedRecord),
      }));
      await expect(registry.connect(officer).setRecords(updates))
        .to.be.revertedWithCustomError(registry, "UnlistedWithData")
        .withArgs(ethers.getAddress(bad!));
    }
    expect((await registry.recordOf(first!)).revision).to.equal(0n);
  });

  it(`writes ${LARGEST_BATCH} new records with evidence in one transaction`, async () => {
    const { registry, officer } = await loadFixture(deployRegistry);
    const updates = accounts(LARGEST_BATCH).map((account) => ({ account, ...clearedRecord }));
    const sent = await registry.connect(officer).setRecords(updates, { gasLimit: TRANSACTION_GAS });
    await sent.wait();
    expect((await registry.recordOf(updates.at(-1)!.account)).revision).to.equal(1n);
  });

  it("writes nothing at all when the gas is not enough for all", async () => {
    const { registry, officer } = await loadFixture(deployRegistry);
    const updates = accounts(LARGEST_BATCH).map((account) => ({ account, ...clearedRecord }));
    await expect(registry.connect(officer).setRecords(updates, { gasLimit: TRANSACTION_GAS / 4n })).to.revert(
      ethers,
    );
    expect((await registry.recordOf(updates[0]!.account)).revision).to.equal(0n);
  });
});
