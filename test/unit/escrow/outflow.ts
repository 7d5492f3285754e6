import { expect } from "chai";

import { itFollows } from "../../specs/outline.js";
import {
  CAP,
  DAY,
  HOUR,
  at,
  configure,
  deployEscrow,
  expectRefusal,
  fund,
  loadFixture,
  time,
  usd,
} from "../fixtures/escrow.js";

const LIMIT = usd(50_000);
const WINDOW = DAY;

/** A payment large enough for every test, that needs no approval, and a limit that nobody has used. */
async function withLimit(outflowLimit = LIMIT) {
  const suite = await loadFixture(deployEscrow);
  const { escrow, usdc, operator, startedAt } = suite;
  const { payment } = await fund(suite, { amount: usd(900_000), deadline: startedAt + 365n * DAY });
  const limit = { approvalThreshold: CAP, outflowLimit, outflowWindow: WINDOW };
  await configure(escrow, usdc, limit);
  const start = BigInt(await time.latest()) + HOUR;
  /** Moves money in the second that is so many after the start. */
  const move = async (second: bigint, amount: bigint, by = operator) => {
    await at(start + second);
    return escrow.connect(by).release(payment, amount);
  };
  const expectTooMuch = (second: bigint, amount: bigint, by = operator) =>
    expectRefusal(suite, move(second, amount, by), "OutflowLimitExceeded");
  /** What could be moved in that second. */
  const available = async (second: bigint) => {
    await time.increaseTo(start + second);
    return escrow.availableOutflow(usdc);
  };
  return { suite, limit, payment, move, expectTooMuch, available };
}

/** What operators moved, and in which second. */
type History = [second: bigint, amount: bigint][];

/** The most that was moved in any span of so many seconds, its ends included. */
function mostWithin(history: History, seconds: bigint): bigint {
  const sums = history.map(([first]) =>
    history
      .filter(([second]) => second >= first && second <= first + seconds)
      .reduce((sum, [, amount]) => sum + amount, 0n),
  );
  return sums.reduce((most, sum) => (sum > most ? sum : most), 0n);
}

/** Numbers from 0 to 1 that look random and are the same in every run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("Escrow outflow", () => {
  itFollows("escrow/outflow.tree");

  describe("in a span of seconds", () => {
    it("permits the limit in one second, and not a unit more", async () => {
      const { move, expectTooMuch } = await withLimit();
      await move(0n, LIMIT - 1n);
      await expectTooMuch(1n, LIMIT / WINDOW + 2n);
    });

    it("permits twice the limit in a whole window at worst: a full limit at each end", async () => {
      const { move, expectTooMuch } = await withLimit();
      await move(0n, LIMIT);
      await move(WINDOW, LIMIT);
      await expectTooMuch(WINDOW + 1n, LIMIT / WINDOW + 1n);
    });

    it("permits less than twice the limit in less than a window", async () => {
      const { move, expectTooMuch } = await withLimit();
      await move(0n, LIMIT);
      const comesBack = (LIMIT * (WINDOW - 1n)) / WINDOW;
      await expectTooMuch(WINDOW - 1n, comesBack + 1n);
      await move(WINDOW, LIMIT);
    });

    for (const seed of [1, 2, 3]) {
      it(`permits never more than the limit and what came back, however greedily it is used (${seed})`, async () => {
        const { move, available } = await withLimit();
        const roll = dice(seed);
        const history: History = [];
        for (let second = 0n; history.length < 30;) {
          // Mostly short pauses, some longer than the window.
          second += 2n + BigInt(Math.floor(roll() ** 4 * 1.5 * Number(WINDOW)));
          const left = await available(second - 1n);
          const amount = roll() < 0.5 ? left : left / 3n;
          if (amount === 0n) continue;
          await move(second, amount);
          history.push([second, amount]);
        }
        for (const span of [0n, 1n, HOUR, WINDOW / 2n, WINDOW, 2n * WINDOW, 7n * WINDOW]) {
          const most = LIMIT + (LIMIT * span) / WINDOW;
          expect(mostWithin(history, span) <= most, `in ${span} seconds`).to.equal(true);
        }
        expect(mostWithin(history, WINDOW) > LIMIT, "more than the limit, or this tried little").to.equal(
          true,
        );
      });
    }

    it("permits nothing more for being taken in many small pieces, whose roundings are lost", async () => {
      const { move, available } = await withLimit(1_000n);
      await move(0n, 1_000n);
      // One unit comes back in 86.4 seconds; each use forgets what came back of the next one.
      for (let second = 100n; second <= 1_000n; second += 100n) await move(second, 1n);
      expect(await available(1_001n)).to.equal(0n);
    });
  });

  describe("given several operators", () => {
    it("is one limit for all", async () => {
      const { suite, move, expectTooMuch } = await withLimit();
      await suite.grant("OPERATOR", suite.stranger);
      await move(0n, LIMIT);
      await expectTooMuch(1n, LIMIT / WINDOW + 1n, suite.stranger);
    });
  });

  describe("given several payments", () => {
    it("is one limit for all, in both directions", async () => {
      const { suite, move } = await withLimit();
      const { payment: other } = await fund(suite, { amount: usd(9_000) });
      await move(0n, LIMIT);
      const call = suite.escrow.connect(suite.operator).refund(other, usd(9_000));
      await expectRefusal(suite, call, "OutflowLimitExceeded");
    });
  });

  describe("given another limit", () => {
    const withUsedUp = async (change: { outflowLimit?: bigint; outflowWindow?: bigint }) => {
      const context = await withLimit();
      await context.move(0n, LIMIT);
      await configure(context.suite.escrow, context.suite.usdc, { ...context.limit, ...change });
      return context;
    };

    it("frees at once no more than the limit grew", async () => {
      const { suite } = await withUsedUp({ outflowLimit: LIMIT + usd(10) });
      const left = await suite.escrow.availableOutflow(suite.usdc);
      expect(left >= usd(10) && left <= usd(10) + (2n * LIMIT) / WINDOW).to.equal(true);
    });

    it("frees nothing when the limit shrank, until what was used came back", async () => {
      const { suite, available } = await withUsedUp({ outflowLimit: LIMIT / 2n });
      expect(await suite.escrow.availableOutflow(suite.usdc)).to.equal(0n);
      expect(await available(WINDOW)).to.equal(0n);
      expect(await available(2n * WINDOW)).to.equal(LIMIT / 2n);
    });

    it("never frees more than the new limit, however short the window became", async () => {
      const { available } = await withUsedUp({ outflowWindow: 1n });
      expect(await available(10n)).to.equal(LIMIT);
    });
  });
});
