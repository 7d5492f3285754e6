import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import { docTable } from "../../support/doc-tables.js";
import { Reason, deployEscrow, expectRefusal, loadFixture } from "../fixtures/escrow.js";
import {
  ACTS,
  CIRCUMSTANCES,
  PEOPLE,
  STAGES,
  type Act,
  type Circumstance,
  type Leg,
  type Person,
  type Scene,
} from "../fixtures/in-flight.js";

const COLUMNS = ["who", "why", "payment", "act", "what happens"] as const;
const rows = await docTable("docs/compliance.md", "in-flight", COLUMNS);

/** The escrow's own events of a transaction, by name. */
async function eventsOf({ suite: { escrow } }: Scene, sent: ContractTransactionResponse) {
  const { logs } = (await sent.wait())!;
  return logs.flatMap((log) => escrow.interface.parseLog(log) ?? []);
}

/** Makes the call and asserts that of its legs exactly those to `stopped` became credits, for this reason. */
async function expectPayouts(
  scene: Scene,
  act: Act,
  { reason }: Circumstance,
  stopped: (leg: Leg) => boolean,
) {
  const { escrow, usdc } = scene.suite;
  const legs = await act.pays(scene);
  const read = () =>
    Promise.all(legs.map(async ([to]) => [await usdc.balanceOf(to), await escrow.creditOf(usdc, to)]));
  const before = await read();
  const sent = await act.call(scene);
  const events = await eventsOf(scene, sent);
  const after = await read();

  const frozen = legs.filter(stopped);
  legs.forEach((leg, i) => {
    const [paid, owed] = [after[i]![0]! - before[i]![0]!, after[i]![1]! - before[i]![1]!];
    const withdrawn = events.some(({ name }) => name === "CreditWithdrawn");
    const [to, amount] = leg;
    if (stopped(leg)) expect([paid, owed], to.address).to.deep.equal([0n, amount]);
    else if (withdrawn) expect(paid, to.address).to.equal(amount);
    else expect([paid, owed], to.address).to.deep.equal([amount, 0n]);
  });
  expect(
    events.filter(({ name }) => name === "PayoutCredited").map(({ args }) => [args.account, args.reason]),
  ).to.deep.equal(frozen.map(([to]) => [to.address, Reason[reason!]]));
  return events.filter(({ name }) => name === "ScreeningObserved");
}

const OUTCOMES: Readonly<Record<string, (scene: Scene, act: Act, found: Circumstance) => Promise<void>>> = {
  async "refused: NotCompliant"(scene, act, { reason }) {
    const asked = act.concerns.flatMap((person) => PEOPLE[person](scene.suite));
    const stopped = asked.find((account) => scene.who.includes(account))!;
    await expectRefusal(scene.suite, act.call(scene), "NotCompliant", stopped, Reason[reason!]);
  },
  async "refused: PaymentOnHold"(scene, act) {
    await expectRefusal(scene.suite, act.call(scene), "PaymentOnHold", scene.paymentId);
  },
  async "goes through"(scene, act, found) {
    expect(await expectPayouts(scene, act, found, () => false)).to.deep.equal([]);
  },
  async "goes through; what they would get is a frozen credit, the rest is paid"(scene, act, found) {
    expect((await act.pays(scene)).some(([to]) => scene.who.includes(to))).to.equal(true);
    const observed = await expectPayouts(scene, act, found, ([to]) => scene.who.includes(to));
    expect(observed).to.deep.equal([]);
  },
  async "goes through and is reported"(scene, act, found) {
    const observed = await expectPayouts(scene, act, found, () => false);
    expect(observed.map(({ args }) => [args.account, args.reason])).to.deep.equal(
      scene.who.map(({ address }) => [address, Reason[found.reason!]]),
    );
  },
};

/** Plays one scene from the deposit to the outcome that the page tells. */
async function play(who: Person, found: Circumstance, stage: string, act: string, outcome: string) {
  const suite = await loadFixture(deployEscrow);
  const concerned = PEOPLE[who](suite);
  const { arrange, later } = STAGES[stage]!;
  const scene = { suite, who: concerned, ...(await arrange(suite, concerned)) };
  await found.befall(scene);
  await later?.(scene);
  await OUTCOMES[outcome]!(scene, ACTS[act]!, found);
}

const plain = (cell: string) => cell.replaceAll("`", "");
const listed = (cell: string) => plain(cell).split(" · ");
const used = (column: (typeof COLUMNS)[number]) =>
  [...new Set(rows.flatMap((row) => listed(row[column])))].sort();

describe("Payments in flight", () => {
  for (const row of rows) {
    it(COLUMNS.map((column) => plain(row[column])).join(" | "), async () => {
      const outcome = plain(row["what happens"]);
      for (const who of listed(row.who) as Person[]) {
        for (const found of CIRCUMSTANCES[plain(row.why)]!) {
          for (const stage of listed(row.payment)) {
            for (const act of listed(row.act)) {
              const what = `${who}, ${found.name}, ${stage}, ${act}`;
              await play(who, found, stage, act, outcome).catch((cause: Error) => {
                throw new Error(`${what}: ${cause.message}`, { cause });
              });
            }
          }
        }
      }
    });
  }

  it("are told of for everybody whom an act pays, or asks about", () => {
    const told = rows
      .filter(({ why }) => why === "any finding")
      .flatMap((row) => listed(row.act).flatMap((act) => listed(row.who).map((who) => `${act}: ${who}`)));
    const concerned = Object.entries(ACTS).flatMap(([act, { concerns }]) =>
      concerns.map((who) => `${act}: ${who}`),
    );
    expect(told).to.include.members(concerned);
  });

  for (const [column, words] of [
    ["who", PEOPLE],
    ["why", CIRCUMSTANCES],
    ["payment", STAGES],
    ["act", ACTS],
    ["what happens", OUTCOMES],
  ] as const) {
    it(`are told of in the words that the tests know, and in all of them: ${column}`, () => {
      expect(used(column)).to.deep.equal(Object.keys(words).sort());
    });
  }
});
