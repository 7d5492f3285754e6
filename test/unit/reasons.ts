import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { COMPLIANCE_REASONS, complianceReasonOf, complianceReasonsTable } from "../../scripts/lib/reasons.js";
import { solidityEnum } from "../support/solidity-enum.js";
import {
  Reason,
  deployEscrow,
  ethers,
  fund,
  loadFixture,
  termsOf,
  usd,
  type Suite,
} from "./fixtures/escrow.js";
import { FINDINGS, PERSONAL_REASONS, askOracle } from "./fixtures/findings.js";

const ORACLE_REVERTS = 1;

/** The seller comes not to pass for this reason. */
async function befallSeller(suite: Suite, reason: keyof typeof Reason) {
  if (reason === "None") return;
  if (reason === "OracleUnavailable") await (await askOracle(suite)).setMode(ORACLE_REVERTS);
  else await FINDINGS[reason](suite, [suite.seller], true);
}

describe("The reasons of compliance", () => {
  it("are Solidity's, in Solidity's order", async () => {
    const names = COMPLIANCE_REASONS.map(({ name }) => name);
    expect(names).to.deep.equal(await solidityEnum("ComplianceTypes.sol", "ComplianceReason"));
    expect(names).to.deep.equal(["None", ...PERSONAL_REASONS, "OracleUnavailable"]);
  });

  it("are what docs/compliance.md says", async () => {
    const compact = (markdown: string) => markdown.replace(/ +/g, " ").replace(/-{3,}/g, "---");
    expect(compact(await readFile("docs/compliance.md", "utf8"))).to.include(
      compact(complianceReasonsTable()),
    );
  });

  it("do not include a code that the contracts lack", () => {
    expect(() => complianceReasonOf(7)).to.throw("There is no compliance reason 7.");
  });

  for (const [code, { name }] of COMPLIANCE_REASONS.entries()) {
    it(`have one code for ${name} everywhere: registry, escrow, lens, refusal, frozen credit`, async () => {
      const suite = await loadFixture(deployEscrow);
      const { escrow, registry, buyer, seller } = suite;
      const lens = await ethers.deployContract("EscrowLens", [escrow]);
      const { payment } = await fund(suite);
      const next = await termsOf(suite);
      await befallSeller(suite, name as keyof typeof Reason);

      const preview = await lens.previewRelease(payment, usd(1_000));
      const { reason: checked } = await registry.check(seller, seller, payment.token, 1n);
      const [screened] = await registry.screen(seller);
      const [alsoScreened] = await escrow.screen(seller);
      expect([preview.seller.frozenBy, checked, screened, alsoScreened]).to.deep.equal(
        Array<bigint>(4).fill(BigInt(code)),
      );
      if (name === "None") return;

      // The oracle that is down is asked about the buyer first.
      const account = name === "OracleUnavailable" ? buyer : seller;
      await expect(escrow.connect(buyer).deposit(next))
        .to.be.revertedWithCustomError(escrow, "NotCompliant")
        .withArgs(account, code);
      await escrow.connect(buyer).release(payment, usd(1_000));
      const [credited] = await escrow.queryFilter(
        escrow.filters.PayoutCredited(undefined, undefined, seller),
      );
      expect(credited!.args.reason).to.equal(code);
    });
  }
});
