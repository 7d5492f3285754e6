import { expect } from "chai";

import { SmallDisk } from "../../scripts/lib/small-disk.js";
import { Chance } from "../support/faults/chance.js";
import { databaseKinds } from "../support/faults/databases.js";
import { faults } from "../support/faults/faults.js";
import { BLOCKS, Session } from "../support/faults/session.js";

/*
 * A few of the faults that there are, one after the other on one indexer. After them every table is, row for row, that of
 * an index that only ever saw the chain as it is now. `npm run test:faults` tries them all, many times, and compares after
 * each.
 */
for (const kind of databaseKinds({ onSmallDisks: true })) {
  describe(`read model on ${kind.name}`, function () {
    this.timeout(600_000);

    let session: Session;
    before(async function () {
      if (kind.unavailable !== undefined) {
        console.log(`    skipped: ${kind.unavailable}`);
        return this.skip();
      }
      session = await Session.begin(kind, new Chance(`faults of ${kind.name}`), BLOCKS);
      await session.start();
      await session.untilCaughtUp();
    });
    after(async () => {
      await session?.dispose();
      await kind.close();
    });

    const quick = faults.filter(({ isQuick }) => isQuick === true || isQuick === kind.name);
    for (const fault of quick.filter(({ only = kind.name }) => only === kind.name)) {
      const name = `${fault.outcome ?? "survives"} ${fault.name}`;
      const missing = fault.needsSmallDisk ? SmallDisk.unavailable : undefined;
      if (missing !== undefined) it.skip(`${name} (skipped: ${missing})`);
      else it(name, async () => void (await session.suffer(fault.cause)));
    }

    it("is after that what a fresh index of the chain is", async () => {
      expect(await session.differences()).to.deep.equal([]);
    });
  });
}
