import { expect } from "chai";

import { itFollows } from "../specs/outline.js";
import {
  ListMode,
  OracleMode,
  Reason,
  blockedRecord,
  clearedRecord,
  deployRegistry,
  ethers,
  loadFixture,
  networkHelpers,
  noRecord,
  openPolicy,
  time,
} from "./fixtures/registry.js";
import {
  findingWith,
  gasOf,
  intrinsicGasOf,
  lowest,
  measuresDeployedCode,
  slotsRead,
} from "./fixtures/gas.js";
import { controlsSlot, recordSlot } from "./fixtures/slots.js";

const EXPIRY = 3_000_000_000n;
const { maxRiskScore } = openPolicy;

/** What a record says at a moment, and what must be found under either list mode. */
interface Situation {
  given: string;
  records: (typeof clearedRecord)[];
  at?: bigint;
  deny: Reason;
  allow: Reason;
}

const expiring = { ...clearedRecord, expiry: EXPIRY };
const { None, Blocked, NotListed, Expired, RiskTooHigh, Sanctioned, OracleUnavailable } = Reason;

const situations: Situation[] = [
  { given: "no record", records: [], deny: None, allow: NotListed },
  { given: "a record that was taken back", records: [blockedRecord, noRecord], deny: None, allow: NotListed },
  {
    given: "a clearing without expiry",
    records: [{ ...clearedRecord, expiry: 0n }],
    deny: None,
    allow: None,
  },
  { given: "the last second of a clearing", records: [expiring], at: EXPIRY - 1n, deny: None, allow: None },
  { given: "the second a clearing expires in", records: [expiring], at: EXPIRY, deny: None, allow: Expired },
  { given: "a block", records: [blockedRecord], deny: Blocked, allow: Blocked },
  {
    given: "a block past its expiry",
    records: [{ ...blockedRecord, expiry: EXPIRY }],
    at: EXPIRY,
    deny: Blocked,
    allow: Blocked,
  },
  {
    given: "the highest score that passes",
    records: [{ ...clearedRecord, riskScore: maxRiskScore }],
    deny: None,
    allow: None,
  },
  {
    given: "a score above it",
    records: [{ ...clearedRecord, riskScore: maxRiskScore + 1 }],
    deny: RiskTooHigh,
    allow: RiskTooHigh,
  },
  {
    given: "a score above it in a clearing that expired",
    records: [{ ...expiring, riskScore: maxRiskScore + 1 }],
    at: EXPIRY,
    deny: RiskTooHigh,
    allow: Expired,
  },
  {
    given: "a block with a score above it",
    records: [{ ...blockedRecord, riskScore: 255 }],
    deny: Blocked,
    allow: Blocked,
  },
];

/** A registry that asks the mock oracle. */
async function withOracle() {
  const fixture = await deployRegistry();
  const policy = { ...openPolicy, sanctionsOracle: await fixture.oracle.getAddress() };
  await fixture.registry.connect(fixture.admin).setPolicy(policy);
  return { ...fixture, policy };
}

const MISBEHAVIOURS = [
  ["reverts", OracleMode.Reverts],
  ["returns nothing", OracleMode.ReturnsNothing],
  ["burns its gas", OracleMode.BurnsGas],
  ["returns a bomb", OracleMode.ReturnBomb],
  ["answers with a word that is no boolean", OracleMode.LiesWithWord],
] as const;

describe("ComplianceRegistry screening", () => {
  itFollows("ComplianceRegistry.tree");

  describe("screen", () => {
    for (const listMode of [ListMode.Deny, ListMode.Allow]) {
      describe(listMode === ListMode.Deny ? "given a deny-list" : "given an allow-list", () => {
        for (const { given, records, at, deny, allow } of situations) {
          const finding = listMode === ListMode.Deny ? deny : allow;

          it(`finds ${Reason[finding]} given ${given}`, async () => {
            for (const enforced of [true, false]) {
              const { registry, escrow, admin, officer, buyer } = await loadFixture(deployRegistry);
              await registry.connect(admin).setPolicy({ ...openPolicy, listMode, enforced });
              for (const record of records) {
                await registry.connect(officer).setRecords([{ account: buyer, ...record }]);
              }
              if (at !== undefined) await time.increaseTo(at);

              for (const screened of [registry, escrow]) {
                expect(await screened.screen(buyer)).to.deep.equal([finding, enforced]);
              }
            }
          });
        }
      });
    }

    describe("given a sanctions oracle", () => {
      it("finds None for an account that is not on its list", async () => {
        const { registry, buyer } = await loadFixture(withOracle);

        expect((await registry.screen(buyer)).reason).to.equal(None);
      });

      it("finds Sanctioned for one that is", async () => {
        const { registry, oracle, buyer } = await loadFixture(withOracle);
        await oracle.setSanctioned(buyer, true);

        expect((await registry.screen(buyer)).reason).to.equal(Sanctioned);
      });

      it("reports its finding without enforcing it when the policy observes", async () => {
        const { registry, admin, oracle, policy, buyer } = await loadFixture(withOracle);
        await oracle.setSanctioned(buyer, true);
        await registry.connect(admin).setPolicy({ ...policy, enforced: false });

        expect(await registry.screen(buyer)).to.deep.equal([Sanctioned, false]);
      });

      for (const [misbehaves, mode] of MISBEHAVIOURS) {
        it(`finds OracleUnavailable when it ${misbehaves}`, async () => {
          const { registry, oracle, buyer } = await loadFixture(withOracle);
          await oracle.setMode(mode);

          expect(await registry.screen(buyer)).to.deep.equal([OracleUnavailable, true]);
        });
      }

      it("finds OracleUnavailable when its code is gone", async () => {
        const { registry, oracle, buyer } = await loadFixture(withOracle);
        await networkHelpers.setCode(await oracle.getAddress(), "0x");

        expect((await registry.screen(buyer)).reason).to.equal(OracleUnavailable);
      });

      for (const [given, record, listMode, finding] of [
        ["a block", blockedRecord, ListMode.Deny, Blocked],
        ["no record", noRecord, ListMode.Allow, NotListed],
        ["a score too high", { ...clearedRecord, riskScore: 255 }, ListMode.Deny, RiskTooHigh],
      ] as const) {
        it(`is not asked given ${given}`, async () => {
          const { registry, admin, officer, oracle, policy, buyer } = await loadFixture(withOracle);
          await oracle.setMode(OracleMode.Reverts);
          await registry.connect(admin).setPolicy({ ...policy, listMode });
          await registry.connect(officer).setRecords([{ account: buyer, ...record }]);

          expect((await registry.screen(buyer)).reason).to.equal(finding);
        });
      }
    });
  });

  describe("check", () => {
    const token = ethers.ZeroAddress;

    it("names nobody when both pass", async () => {
      const { registry, buyer, seller } = await loadFixture(withOracle);

      expect(await registry.check(buyer, seller, token, 1n)).to.deep.equal([None, ethers.ZeroAddress, true]);
    });

    it("names the buyer when the buyer does not pass", async () => {
      const { registry, officer, buyer, seller } = await loadFixture(withOracle);
      await registry.connect(officer).setRecords([{ account: buyer, ...blockedRecord }]);

      expect(await registry.check(buyer, seller, token, 1n)).to.deep.equal([Blocked, buyer.address, true]);
    });

    it("names the seller when the seller does not pass", async () => {
      const { registry, officer, buyer, seller } = await loadFixture(withOracle);
      await registry.connect(officer).setRecords([{ account: seller, ...blockedRecord }]);

      expect(await registry.check(buyer, seller, token, 1n)).to.deep.equal([Blocked, seller.address, true]);
    });

    it("names the buyer when neither passes", async () => {
      const { registry, officer, oracle, buyer, seller } = await loadFixture(withOracle);
      await oracle.setSanctioned(buyer, true);
      await registry.connect(officer).setRecords([{ account: seller, ...blockedRecord }]);

      expect(await registry.check(buyer, seller, token, 1n)).to.deep.equal([Sanctioned, buyer.address, true]);
    });

    it("asks the oracle about the seller too", async () => {
      const { registry, oracle, buyer, seller } = await loadFixture(withOracle);
      await oracle.setSanctioned(seller, true);

      expect(await registry.check(buyer, seller, token, 1n)).to.deep.equal([
        Sanctioned,
        seller.address,
        true,
      ]);
    });

    it("says that a policy which observes stops nothing", async () => {
      const { registry, admin, oracle, policy, buyer, seller } = await loadFixture(withOracle);
      await registry.connect(admin).setPolicy({ ...policy, enforced: false });
      await oracle.setSanctioned(seller, true);

      expect(await registry.check(buyer, seller, token, 1n)).to.deep.equal([
        Sanctioned,
        seller.address,
        false,
      ]);
    });
  });

  describe("isCompliant", () => {
    it("says whether anything is found, whether the policy enforces it or only observes", async () => {
      for (const enforced of [true, false]) {
        const { registry, admin, officer, policy, oracle, buyer, seller, stranger } =
          await loadFixture(withOracle);
        await registry.connect(admin).setPolicy({ ...policy, enforced });
        await registry.connect(officer).setRecords([{ account: buyer, ...blockedRecord }]);
        await oracle.setSanctioned(seller, true);

        const answers = [buyer, seller, stranger].map((account) => registry.isCompliant(account));
        expect(await Promise.all(answers)).to.deep.equal([false, false, true]);
      }
    });

    for (const [misbehaves, mode] of MISBEHAVIOURS) {
      it(`says no when the oracle ${misbehaves}`, async () => {
        const { registry, oracle, buyer } = await loadFixture(withOracle);
        await oracle.setMode(mode);

        expect(await registry.isCompliant(buyer)).to.equal(false);
      });
    }
  });

  describe("gas", () => {
    measuresDeployedCode();

    /** A registry and both of its questions, as calldata. */
    async function withQuestions() {
      const fixture = await withOracle();
      const { registry, officer, buyer, seller } = fixture;
      await registry.connect(officer).setRecords([
        { account: buyer, ...clearedRecord },
        { account: seller, ...clearedRecord },
      ]);
      return {
        ...fixture,
        screen: registry.interface.encodeFunctionData("screen", [seller.address]),
        isCompliant: registry.interface.encodeFunctionData("isCompliant", [seller.address]),
        check: registry.interface.encodeFunctionData("check", [
          buyer.address,
          seller.address,
          ethers.ZeroAddress,
          1n,
        ]),
      };
    }

    /** The first word of each answer about a sanctioned account; `isCompliant` says false, which is the word of None. */
    for (const [question, screened, enough, refused] of [
      ["screen", ["seller"], 90_000, "Sanctioned"],
      ["check", ["buyer", "seller"], 150_000, "Sanctioned"],
      ["isCompliant", ["seller"], 90_000, "None"],
    ] as const) {
      describe(question, () => {
        it("reads the escrow's settings and each record, no record twice", async () => {
          const { registry, admin, ...fixture } = await loadFixture(withQuestions);
          await registry.connect(admin).setPolicy({ ...openPolicy, listMode: ListMode.Allow });
          const settings = ethers.toBeHex(controlsSlot, 32);
          const records = screened.map((party) => recordSlot(fixture[party].address));

          const read = await slotsRead(registry, fixture[question]);
          expect(read).to.include(settings);
          expect(read.filter((slot) => slot !== settings)).to.deep.equal(records);
        });

        it("reverts with InsufficientGas rather than starve an oracle", async () => {
          const { registry, escrow, oracle, seller, ...questions } = await loadFixture(withQuestions);
          await oracle.setMode(OracleMode.GivesUpWhenStarved);
          await oracle.setSanctioned(seller, true);
          const ask = (gas: number) => findingWith(gas, registry, escrow, questions[question]);

          const needed = await lowest(60_000, 200_000, async (gas) => (await ask(gas)) === refused);
          for (let gas = needed - 120; gas < needed; gas++) {
            expect(await ask(gas), `with ${gas} gas`).to.equal("InsufficientGas");
          }
          for (let gas = 30_000; gas < needed; gas += 500) {
            expect(await ask(gas), `with ${gas} gas`).to.be.oneOf(["InsufficientGas", "OutOfGas"]);
          }
        });

        it(`answers with ${enough} gas though the oracle uses all it gets`, async () => {
          const { registry, escrow, oracle, seller, ...questions } = await loadFixture(withQuestions);
          await oracle.setMode(OracleMode.AnswersAtTheLastMoment);
          await oracle.setSanctioned(seller, true);
          const gas = intrinsicGasOf(questions[question]) + enough;

          expect(await findingWith(gas, registry, escrow, questions[question])).to.equal(refused);
        });
      });
    }

    it("grants a burning oracle 50,000 and no more", async () => {
      const { registry, oracle, ...questions } = await loadFixture(withQuestions);
      const idle = await gasOf(await registry.getAddress(), questions.screen);
      await oracle.setMode(OracleMode.BurnsGas);

      const spent = (await gasOf(await registry.getAddress(), questions.screen)) - idle;
      expect(spent).to.be.within(40_000, 50_000);
    });

    it("copies nothing of a return bomb but one word", async () => {
      const { registry, oracle, ...questions } = await loadFixture(withQuestions);
      await oracle.setMode(OracleMode.ReturnsNothing);
      const nothing = await gasOf(await registry.getAddress(), questions.screen);
      await oracle.setMode(OracleMode.ReturnBomb);

      // Only the oracle's own memory, which it pays for itself.
      expect((await gasOf(await registry.getAddress(), questions.screen)) - nothing).to.be.below(1_500);
    });
  });
});
