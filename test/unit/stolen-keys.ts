import { expect } from "chai";

import { FUNCTION_ROLES, ROLES, type RoleName, type TargetName } from "../../deploy/roles.js";
import { TARGET_NAMES, mappedFunctions } from "../../deploy/selectors.js";
import { docTable } from "../support/doc-tables.js";
import { ATTEMPTS, type Attempt } from "./fixtures/theft/attempts.js";
import { BOUNDS } from "./fixtures/theft/bounds.js";
import { begin, callOf, gained, refusalOf, send, use, type Key, type Theft } from "./fixtures/theft/keys.js";
import { CALLS, act, playStop, stepsOf } from "./fixtures/theft/stops.js";
import { THEFTS, THEFTS_WITH_GUARDIAN, type Kind } from "./fixtures/theft/thefts.js";
import { DAY, deployTown, ethers, networkHelpers, time, usd, type Town } from "./fixtures/theft/town.js";

const PAGE = "docs/stolen-keys.md";
const rows = await docTable(PAGE, "stolen-keys", [
  "stolen",
  "the worst its thief can do",
  "takes at most",
  "can never",
  "stopped by",
] as const);
const pairs = await docTable(PAGE, "stolen-with-guardian", [
  "stolen with GUARDIAN",
  "takes at most",
  "stopped by",
] as const);

const load = () => networkHelpers.loadFixture(deployTown);
const plain = (cell: string) => cell.replaceAll("`", "");

/** Every function that changes state, and the role that may call it. */
const FUNCTIONS = TARGET_NAMES.flatMap((target) =>
  (Object.entries(FUNCTION_ROLES[target]) as [RoleName | "anyone", readonly string[]][]).flatMap(
    ([role, names]) =>
      // What is marked for the veto is ADMIN's.
      names.map((name) => ({ target, name, role: role === "VETOABLE" ? "ADMIN" : role })),
  ),
);

/** Tries one thing, and asserts what it meets; returns whether the thief came to do it, perhaps after a delay. */
async function attempt(
  theft: Theft,
  key: Key,
  target: TargetName,
  name: string,
  role: string,
  tried: Attempt,
) {
  const what = `${key.roles.join()} ${target}.${name}(${tried.args.map(String).join(", ").slice(0, 80)})`;
  const { town } = theft;
  const call = callOf(town[target], name, ...tried.args);
  const ask = () => refusalOf(town, key.address, town[target].target as string, call.data);
  const holds = key.roles.some((held) => held === role);
  const delay = holds ? ROLES[role as RoleName].executionDelay : 0;

  if (delay > 0) {
    expect(await ask(), what).to.equal("AccessManagerNotScheduled");
    expect(await use(theft, key, call), what).to.equal(true);
    await time.increase(delay);
  }
  const outcome = holds ? tried.holding : tried.without;
  expect(await ask(), what).to.equal(outcome);
  if (outcome === "") expect(await (holds ? use(theft, key, call) : send(key, call)), what).to.equal(true);
  return delay > 0 || outcome === "";
}

/** Honest people deposit and are paid. */
async function expectBusinessAsUsual({ escrow, usdc, buyer, seller, termsOf }: Town) {
  const payment = await termsOf(seller, usd(10));
  await escrow.connect(buyer).deposit(payment);
  await expect(escrow.connect(buyer).release(payment, usd(10))).to.changeTokenBalance(
    ethers,
    usdc,
    seller,
    usd(10),
  );
}

/** The thief's key opens nothing any more. */
async function expectNoRight({ town, keys }: Theft) {
  for (const { target, selectors } of mappedFunctions()) {
    for (const { address } of keys) {
      for (const selector of selectors) {
        const [immediate, delay] = await town.accessManager.canCall(address, town[target], selector);
        expect([immediate, delay]).to.deep.equal([false, 0n]);
      }
    }
  }
}

describe("Stolen keys", () => {
  it("are those of every role, and of whoever else has a right", () => {
    expect(rows.map(({ stolen }) => plain(stolen))).to.have.members(Object.keys(THEFTS));
    expect(pairs.map((row) => row["stolen with GUARDIAN"])).to.have.members(
      Object.keys(THEFTS_WITH_GUARDIAN),
    );
  });

  it("are tried on every function that changes state", () => {
    const tried = Object.entries(ATTEMPTS).flatMap(([target, attempts]) =>
      Object.keys(attempts).map((name) => `${target}.${name}`),
    );
    expect(tried).to.have.members(FUNCTIONS.map(({ target, name }) => `${target}.${name}`));
  });

  it("are told of in the words that the tests know, and in all of them", () => {
    const told = [...rows, ...pairs];
    const bounds = told.map((row) => row["takes at most"]);
    const calls = told.flatMap((row) => stepsOf(row["stopped by"]).map(({ call }) => call));
    expect([...new Set(bounds)]).to.have.members(Object.keys(BOUNDS));
    expect([...new Set(calls)]).to.have.members(Object.keys(CALLS));
  });

  for (const row of rows) {
    const kind = THEFTS[plain(row.stolen)]!;
    describe(plain(row.stolen), () => {
      it("opens what its role may do, and nothing else", async () => {
        const bound = BOUNDS[row["takes at most"]]!;
        const town = await load();
        const theft = await begin(town, await kind.steal(town));
        for (const key of theft.keys) {
          for (const { target, name, role } of FUNCTIONS) {
            // A contract in a thief's hands does with itself what it likes.
            if (key.address === town[target].target) continue;
            const scene = { town, thief: key, ...theft.tools };
            for (const tried of await ATTEMPTS[target][name]!(scene)) {
              const snapshot = await networkHelpers.takeSnapshot();
              const done = await attempt(theft, key, target, name, role, tried);
              if (done) {
                const { usdc } = await gained(theft);
                expect(usdc <= bound.byOneCall(town), `${target}.${name} took ${usdc}`).to.equal(true);
                await snapshot.restore();
              }
            }
          }
        }
      });
      play(kind, row["takes at most"], row["stopped by"]);
    });
  }

  describe("ADMIN's, which no revocation ends", () => {
    const start = async () => {
      const town = await load();
      return begin(town, await THEFTS.ADMIN!.steal(town));
    };

    it("takes nothing within 6 d while GUARDIAN stands and vetoes, and everything then", async () => {
      const theft = await start();
      const { accessManager, escrow, usdc, holders } = theft.town;
      const everything = await usdc.balanceOf(escrow);
      for (let day = 0; day < 6; day++) {
        await THEFTS.ADMIN!.strike(theft);
        const { isMember } = await accessManager.hasRole(ROLES.GUARDIAN.id, holders.GUARDIAN);
        expect(isMember, `GUARDIAN on day ${day}`).to.equal(day < 3);
        if (isMember) await act(theft, holders.GUARDIAN, "accessManager.cancel");
        expect((await gained(theft)).usdc).to.equal(0n);
        await time.increase(DAY);
      }
      await THEFTS.ADMIN!.strike(theft);
      expect((await gained(theft)).usdc).to.equal(everything);
    });

    it("is not revoked against its will", async () => {
      const theft = await start();
      const { accessManager, otherAdmin } = theft.town;
      const [key] = theft.keys;
      const revoke = callOf(accessManager, "revokeRole", ROLES.ADMIN.id, key!.address);
      await accessManager.connect(otherAdmin).schedule(accessManager, revoke.data, 0);
      expect(
        await send(key!, callOf(accessManager, "cancel", otherAdmin.address, accessManager, revoke.data)),
      ).to.equal(true);
      await time.increase(ROLES.ADMIN.executionDelay);
      await expect(
        accessManager.connect(otherAdmin).revokeRole(ROLES.ADMIN.id, key!.address),
      ).to.be.revertedWithCustomError(accessManager, "AccessManagerNotScheduled");
    });
  });

  for (const row of pairs) {
    const role = row["stolen with GUARDIAN"];
    describe(`GUARDIAN and ${role}`, () => {
      play(THEFTS_WITH_GUARDIAN[role]!, row["takes at most"], row["stopped by"]);
    });
  }
});

/** Plays a theft twice: with nobody in its way, and stopped as the page says. */
function play({ steal, strike, harm }: Kind, atMost: string, stop: string) {
  const bound = BOUNDS[atMost]!;
  const start = async () => {
    const town = await load();
    return begin(town, await steal(town));
  };

  it(`takes at most ${atMost}`, async () => {
    const theft = await start();
    await bound.unopposed(theft, () => strike(theft));
    if (harm !== undefined) expect(await harm(theft.town), "the worst").to.equal(true);
  });

  if (stop === "no call") return;

  it(`is stopped by ${plain(stop)}`, async () => {
    const theft = await start();
    await playStop(theft, stepsOf(stop), () => strike(theft));

    const taken = await gained(theft);
    expect(taken.native).to.equal(0n);
    expect(taken.usdc <= bound.stopped(theft.town), `took ${taken.usdc}`).to.equal(true);
    if (harm !== undefined) expect(await harm(theft.town), "the worst").to.equal(false);
    await expectNoRight(theft);

    await time.increase(8 * DAY);
    await strike(theft);
    expect(await gained(theft)).to.deep.equal(taken);
    await expectBusinessAsUsual(theft.town);
  });
}
