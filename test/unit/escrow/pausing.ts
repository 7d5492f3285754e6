import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  Bit,
  DAY,
  HOUR,
  at,
  deployEscrow,
  expectOnly,
  expectRefusal,
  loadFixture,
  time,
} from "../fixtures/escrow.js";

const ALL = Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS;
const WEEK = 7n * DAY;
const LATEST = 2n ** 40n - 1n;
/** Seconds of the longest pause that fits the parameter: 136 years. */
const LONGEST = 2n ** 32n - 1n;

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

    it("may last one second", async () => {
      const { escrow, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(ALL, 1, "");
      expect(await escrow.paused()).to.equal(ALL);
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine + 1n);
    });

    for (const bits of [0n, 8n, 9n, 255n]) {
      it(`reverts with InvalidPauseBits given the bits ${bits}`, async () => {
        const { suite, guarded } = await atNine();
        await expectRefusal(suite, guarded.pause(bits, HOUR, ""), "InvalidPauseBits", bits);
      });
    }

    for (const [part, bits, latest] of [
      ["deposits", Bit.DEPOSITS, LATEST],
      ["payouts", Bit.PAYOUTS, LATEST],
      ["exits", Bit.EXITS, WEEK],
    ] as const) {
      it(`reverts with InvalidPauseDuration given none for ${part}`, async () => {
        const { suite, guarded, nine } = await atNine();
        await at(nine);
        const max = bits === Bit.EXITS ? nine + latest : latest;
        await expectRefusal(suite, guarded.pause(bits, 0, ""), "InvalidPauseDuration", nine, nine + 1n, max);
      });
    }

    it("may pause deposits and operators for as long as it can say", async () => {
      const { escrow, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.DEPOSITS | Bit.PAYOUTS, LONGEST, "");
      expect(await escrow.paused()).to.equal(Bit.DEPOSITS | Bit.PAYOUTS);
      expect(await escrow.pausedUntil(Bit.PAYOUTS)).to.equal(nine + LONGEST);
    });

    it("reverts with AccessManagedUnauthorized for everybody but the guardian", async () => {
      const { suite, escrow } = await atNine();
      await expectOnly(suite, ["guardian"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).pause(ALL, HOUR, ""),
      );
    });
  });

  describe("a guardian's pause of exits", () => {
    it("may last seven days", async () => {
      const { escrow, guarded, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.EXITS, WEEK, "");
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine + WEEK);
    });

    it("reverts with InvalidPauseDuration given a second more, also together with other parts", async () => {
      const { suite, guarded, nine } = await atNine();
      await at(nine);
      const call = guarded.pause(ALL, WEEK + 1n, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", nine + WEEK + 1n, nine + 1n, nine + WEEK);
    });

    it("reverts with InvalidPauseDuration given pieces that end later than seven days after the first began", async () => {
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

    it("extends what a guardian paused, and never shortens it", async () => {
      const { escrow, guarded, governed, nine } = await atNine();
      await at(nine);
      await guarded.pause(Bit.EXITS, WEEK, "");
      await at(nine + DAY);
      await governed.extendPause(Bit.EXITS, WEEK, "");
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine + DAY + WEEK);
      await governed.extendPause(Bit.EXITS, 1, "");
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine + DAY + WEEK);
    });

    it("may last as long as it can say", async () => {
      const { escrow, governed, nine } = await atNine();
      await at(nine);
      await governed.extendPause(ALL, LONGEST, "");
      expect(await escrow.paused()).to.equal(ALL);
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine + LONGEST);
    });

    for (const bits of [0n, 8n, 9n, 255n]) {
      it(`reverts with InvalidPauseBits given the bits ${bits}`, async () => {
        const { suite, governed } = await atNine();
        await expectRefusal(suite, governed.extendPause(bits, HOUR, ""), "InvalidPauseBits", bits);
      });
    }

    it("reverts with InvalidPauseDuration given none", async () => {
      const { suite, governed, nine } = await atNine();
      await at(nine);
      const call = governed.extendPause(Bit.EXITS, 0, "");
      await expectRefusal(suite, call, "InvalidPauseDuration", nine, nine + 1n, LATEST);
    });

    it("reverts with AccessManagedUnauthorized for everybody but the configurator", async () => {
      const { suite, escrow } = await atNine();
      await expectOnly(suite, ["admin"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).extendPause(ALL, HOUR, ""),
      );
    });
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

    it("leaves what never was paused as it was", async () => {
      const { escrow, unpausing } = await atNine();
      await unpausing.unpause(ALL);
      for (const bit of [Bit.DEPOSITS, Bit.PAYOUTS, Bit.EXITS]) {
        expect(await escrow.pausedUntil(bit)).to.equal(0n);
      }
    });

    for (const bits of [0n, 8n, 9n, 255n]) {
      it(`reverts with InvalidPauseBits given the bits ${bits}`, async () => {
        const { suite, unpausing } = await atNine();
        await expectRefusal(suite, unpausing.unpause(bits), "InvalidPauseBits", bits);
      });
    }

    it("reverts with AccessManagedUnauthorized for everybody but the unpauser", async () => {
      const { suite, escrow } = await atNine();
      await expectOnly(suite, ["unpauser"], "AccessManagedUnauthorized", (by) =>
        escrow.connect(by).unpause(ALL),
      );
    });
  });

  describe("paused", () => {
    it("names nothing before the first pause", async () => {
      const { escrow } = await atNine();
      expect(await escrow.paused()).to.equal(0n);
    });

    for (const [part, bit] of Object.entries(Bit)) {
      it(`names ${part} until the second in which its pause ends`, async () => {
        const { escrow, guarded, nine } = await atNine();
        await at(nine);
        await guarded.pause(bit, HOUR, "");
        await time.increaseTo(nine + HOUR - 1n);
        expect(await escrow.paused()).to.equal(bit);
        await time.increaseTo(nine + HOUR);
        expect(await escrow.paused()).to.equal(0n);
      });
    }
  });

  describe("pausedUntil", () => {
    it("is zero before the first pause", async () => {
      const { escrow } = await atNine();
      expect(await escrow.pausedUntil(Bit.DEPOSITS)).to.equal(0n);
    });

    it("tells each part's own end, also when it is over", async () => {
      const { escrow, guarded, nine } = await atNine();
      for (const [i, bit] of [Bit.DEPOSITS, Bit.PAYOUTS, Bit.EXITS].entries()) {
        await at(nine + BigInt(i));
        await guarded.pause(bit, HOUR, "");
      }
      await time.increaseTo(nine + DAY);
      expect(await escrow.pausedUntil(Bit.DEPOSITS)).to.equal(nine + HOUR);
      expect(await escrow.pausedUntil(Bit.PAYOUTS)).to.equal(nine + 1n + HOUR);
      expect(await escrow.pausedUntil(Bit.EXITS)).to.equal(nine + 2n + HOUR);
    });

    for (const bit of [0n, 3n, 8n, 255n]) {
      it(`reverts with InvalidPauseBits given ${bit}, which is not one part`, async () => {
        const { escrow } = await atNine();
        await expect(escrow.pausedUntil(bit))
          .to.be.revertedWithCustomError(escrow, "InvalidPauseBits")
          .withArgs(bit);
      });
    }
  });
});
