import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  DAY,
  HOUR,
  at,
  deployEscrow,
  expectRefusal,
  expectUnauthorized,
  loadFixture,
} from "../fixtures/escrow.js";

const ALL = Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS;
const WEEK = 7n * DAY;
const LATEST = 2n ** 40n - 1n;

/** The suite an hour after it started, so that times can be written down. */
async function atNine() {
  const suite = await loadFixture(deployEscrow);
  const { escrow, guardian, unpauser, admin, startedAt } = suite;
  return {
    suite,
    escrow,
    nine: startedAt + HOUR,
    guarded: escrow.connect(guardian),
    unpausing: escrow.connect(unpauser),
    governed: escrow.connect(admin),
  };
}

describe("Escrow pausing", () => {
  itFollows("escrow/pausing.tree");

  describe("pause", () => {
    it("pauses what it names, and tells until when for each part", async () => {
      const { suite, escrow, guarded, nine } = await atNine();
      await at(nine);
      await expect(guarded.pause(Bit.DEPOSITS | Bit.EXITS, HOUR, "incident 5"))
        .to.emit(escrow, "Paused")
        .withArgs(suite.guardian, Bit.DEPOSITS, nine + HOUR, "incident 5")
        .to.emit(escrow, "Paused")
        .withArgs(suite.guardian, Bit.EXITS, nine + HOUR, "incident 5");
      expect(await escrow.paused()).to.equal(Bit.DEPOSITS | Bit.EXITS);
      expect(await escrow.pausedUntil(Bit.PAYOUTS)).to.equal(0n);
    });

    it("ends by itself", async () => {
      const { suite, escrow, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(ALL, HOUR, "");
      await at(nine + HOUR);
      // Any transaction: a view is asked in the block that was mined last.
      await suite.usdc.mint(suite.buyer, 1);
      expect(await escrow.paused()).to.equal(0n);
      expect(await escrow.pausedUntil(Bit.DEPOSITS)).to.equal(nine + HOUR);
    });

    it("extends a pause that runs", async () => {
      const { escrow, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.DEPOSITS, HOUR, "");
      await at(nine + 10n);
      await guarded.pause(Bit.DEPOSITS, HOUR, "");
      expect(await escrow.pausedUntil(Bit.DEPOSITS)).to.equal(nine + 10n + HOUR);
    });

    it("never shortens one, and tells when it really ends", async () => {
      const { suite, escrow, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.DEPOSITS, DAY, "");
      await at(nine + 10n);
      await expect(guarded.pause(Bit.DEPOSITS, HOUR, "again"))
        .to.emit(escrow, "Paused")
        .withArgs(suite.guardian, Bit.DEPOSITS, nine + DAY, "again");
      expect(await escrow.pausedUntil(Bit.DEPOSITS)).to.equal(nine + DAY);
    });

    for (const bits of [0n, 8n, ALL + 1n, 255n]) {
      it(`reverts given the bits ${bits}`, async () => {
        const { suite, guarded } = await atNine();
        await expectRefusal(suite, guarded.pause(bits, HOUR, ""), "InvalidPauseBits", bits);
      });
    }

    it("reverts given no duration", async () => {
      const { suite, guarded, nine } = await atNine();
      await at(nine);
      const call = guarded.pause(Bit.DEPOSITS, 0, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", nine, nine + 1n, LATEST);
    });

    it("may pause deposits and operators for years", async () => {
      const { escrow, guarded } = await atNine();
      await guarded.pause(Bit.DEPOSITS | Bit.PAYOUTS, 3_650n * DAY, "");
      expect(await escrow.paused()).to.equal(Bit.DEPOSITS | Bit.PAYOUTS);
    });

    for (const who of ["unpauser", "operator", "officer", "admin", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const { suite, escrow } = await atNine();
        await expectUnauthorized(suite, escrow.connect(suite[who]).pause(ALL, HOUR, ""), suite[who]);
      });
    }
  });

  describe("a guardian's pause of exits", () => {
    it("may last seven days", async () => {
      const { escrow, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.EXITS, WEEK, "");
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine + WEEK);
    });

    it("reverts given a second more, also together with other parts", async () => {
      const { suite, guarded, nine } = await atNine();
      await at(nine);
      const call = guarded.pause(ALL, WEEK + 1n, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", nine + WEEK + 1n, nine + 1n, nine + WEEK);
    });

    it("reverts given pieces that end later than seven days after the first began", async () => {
      const { suite, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.EXITS, HOUR, "");
      const later = nine + 5n * DAY;
      await at(later);
      const call = guarded.pause(Bit.EXITS, 2n * DAY + 1n, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", nine + WEEK + 1n, later + 1n, nine + WEEK);
      await guarded.pause(Bit.EXITS, DAY, "");
    });

    it("then rests as long, to the second", async () => {
      const { suite, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.EXITS, WEEK, "");
      const rested = nine + 2n * WEEK;
      await at(rested - 1n);
      const call = guarded.pause(Bit.EXITS, 1, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", rested, rested, nine + WEEK);
      await at(rested);
      await guarded.pause(Bit.EXITS, WEEK, "");
    });

    it("does not begin a new series because the old one was lifted early", async () => {
      const { suite, guarded, unpausing, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.EXITS, WEEK, "");
      await at(nine + 6n * DAY);
      await unpausing.unpause(Bit.EXITS);
      const later = nine + 6n * DAY + HOUR;
      await at(later);
      const call = guarded.pause(Bit.EXITS, WEEK, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", later + WEEK, later + 1n, nine + WEEK);
    });

    it("cannot follow at once on what an admin extended", async () => {
      const { suite, guarded, governed, nine } = await atNine();
      await at(nine);
      await governed.extendPause(Bit.EXITS, 30n * DAY, "");
      const over = nine + 30n * DAY;
      await at(over + WEEK - 1n);
      await expect(guarded.pause(Bit.EXITS, 1, "")).to.be.revertedWithCustomError(
        suite.escrow,
        "InvalidPauseDuration",
      );
      await at(over + WEEK);
      await guarded.pause(Bit.EXITS, WEEK, "");
    });
  });

  describe("extendPause", () => {
    it("pauses exits for longer than a guardian may", async () => {
      const { suite, escrow, governed, nine } = await atNine();
      await at(nine);
      await expect(governed.extendPause(Bit.EXITS, 30n * DAY, "court"))
        .to.emit(escrow, "Paused")
        .withArgs(suite.admin, Bit.EXITS, nine + 30n * DAY, "court");
    });

    it("reverts given unknown bits or no duration", async () => {
      const { suite, governed, nine } = await atNine();
      await expectRefusal(suite, governed.extendPause(8, HOUR, ""), "InvalidPauseBits", 8);
      await at(nine);
      const call = governed.extendPause(Bit.EXITS, 0, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", nine, nine + 1n, LATEST);
    });

    for (const who of ["guardian", "unpauser", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const { suite, escrow } = await atNine();
        await expectUnauthorized(suite, escrow.connect(suite[who]).extendPause(ALL, HOUR, ""), suite[who]);
      });
    }
  });

  describe("unpause", () => {
    it("ends at once what it names, and nothing else", async () => {
      const { suite, escrow, guarded, unpausing, nine } = await atNine();
      await guarded.pause(ALL, DAY, "");
      await at(nine);
      await expect(unpausing.unpause(Bit.DEPOSITS | Bit.EXITS))
        .to.emit(escrow, "Unpaused")
        .withArgs(suite.unpauser, Bit.DEPOSITS | Bit.EXITS);
      expect(await escrow.paused()).to.equal(Bit.PAYOUTS);
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine);
    });

    it("leaves the end of a pause that is over as it was", async () => {
      const { escrow, guarded, unpausing, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.DEPOSITS, HOUR, "");
      await at(nine + DAY);
      await unpausing.unpause(Bit.DEPOSITS);
      expect(await escrow.pausedUntil(Bit.DEPOSITS)).to.equal(nine + HOUR);
    });

    it("reverts given no bits or unknown ones", async () => {
      const { suite, unpausing } = await atNine();
      for (const bits of [0n, 8n]) {
        await expectRefusal(suite, unpausing.unpause(bits), "InvalidPauseBits", bits);
      }
    });

    for (const who of ["guardian", "admin", "stranger"] as const) {
      it(`reverts for the ${who}`, async () => {
        const { suite, escrow } = await atNine();
        await expectUnauthorized(suite, escrow.connect(suite[who]).unpause(ALL), suite[who]);
      });
    }
  });

  describe("pausedUntil", () => {
    for (const bit of [0n, 3n, 8n]) {
      it(`reverts given ${bit}, which is not one part`, async () => {
        const { escrow } = await atNine();
        await expect(escrow.pausedUntil(bit))
          .to.be.revertedWithCustomError(escrow, "InvalidPauseBits")
          .withArgs(bit);
      });
    }
  });
});
