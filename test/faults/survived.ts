import { expect } from "chai";

import { Chance } from "../support/faults/chance.js";
import { databaseKinds } from "../support/faults/databases.js";
import { survivable } from "../support/faults/faults.js";
import { Session } from "../support/faults/session.js";

/** Long enough for blocks that are final, and reorgs of 64 that end above them. */
const BLOCKS = 80;

/*
 * After each fault every table is, row for row, that of an index that only ever saw the chain as it is now. The faults
 * of one kind of database happen to one indexer, one after the other. HOLDFAST_ALL_FAULTS=1 tries all there are.
 */
for (const kind of databaseKinds()) {
  describe(`read model on ${kind.name}`, function () {
    this.timeout(240_000);

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

    const wanted = process.env.HOLDFAST_ALL_FAULTS ? survivable : survivable.filter(({ isQuick }) => isQuick);
    for (const fault of wanted.filter(({ only }) => only === undefined || only === kind.name)) {
      it(`is right after ${fault.name}`, async () => {
        await fault.cause(session);
        await session.untilCaughtUp();
        expect(await session.differences()).to.deep.equal([]);
      });
    }
  });
}
