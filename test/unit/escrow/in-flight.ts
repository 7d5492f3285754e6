import { expect } from "chai";

import { docTable } from "../../support/doc-tables.js";
import { Reason, deployEscrow, expectRefusal, loadFixture } from "../fixtures/escrow.js";
import {
  ACTS,
  CIRCUMSTANCES,
  PEOPLE,
  STAGES,
  type Account,
  type Act,
  type Circumstance,
  type Person,
  type Scene,
} from "../fixtures/in-flight.js";

const COLUMNS = ["who", "why", "payment", "act", "what happens"] as const;
const rows = await docTable("docs/compliance.md", "in-flight", COLUMNS);

type Finding = [account: string, reason: bigint];

/**
 * Makes the call and asserts that each of its legs was paid, but for those to `frozen`, which became their credits for
 * this reason.
 *
 * @returns What was observed on the way.
 */
async function expectPayouts(
  scene: Scene,
  act: Act,
  { reason }: Circumstance,
  frozen: Account[] = [],
): Promise<Finding[]> {
  const { escrow, usdc } = scene.suite;
  const legs = await act.pays(scene);
  const balances = () => Promise.all(legs.map(([to]) => usdc.balanceOf(to)));
  const before = await balances();
  const { logs } = (await (await act.call(scene)).wait())!;
  const after = await balances();

  const expected = legs.map(([to, amount]) => (frozen.includes(to) ? 0n : amount));
  expect(after.map((balance, i) => balance - before[i]!)).to.deep.equal(expected);
  const events = logs.flatMap((log) => escrow.interface.parseLog(log) ?? []);
  const credited = events
    .filter(({ name }) => name === "PayoutCredited")
    .map(({ args }) => args.toArray().slice(2, 4).concat(args.reason) as [string, bigint, bigint]);
  expect(credited).to.deep.equal(
    legs.filter(([to]) => frozen.includes(to)).map(([to, amount]) => [to.address, amount, Reason[reason!]]),
  );
  return events
    .filter(({ name }) => name === "ScreeningObserved")
    .map(({ args }) => [args.account as string, args.reason as bigint]);
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
    expect(await expectPayouts(scene, act, found)).to.deep.equal([]);
  },
  async "goes through; what they would get is a frozen credit, the rest is paid"(scene, act, found) {
    expect((await act.pays(scene)).some(([to]) => scene.who.includes(to))).to.equal(true);
    expect(await expectPayouts(scene, act, found, scene.who)).to.deep.equal([]);
  },
  async "goes through and is reported"(scene, act, found) {
    expect(await expectPayouts(scene, act, found)).to.deep.equal(
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
