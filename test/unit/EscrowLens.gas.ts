import { expect } from "chai";

import { itFollows } from "../specs/outline.js";
import {
  ACTIONS,
  connection,
  ethers,
  fund,
  fundAndDispute,
  lensSuite,
  networkHelpers,
  type Suite,
} from "./fixtures/lens.js";

const STEP = 5_000;
const PLENTY = 1_000_000;

/** The suite with a sanctions oracle in its policy. */
async function withOracle() {
  const suite = await lensSuite();
  const { escrow, complianceRegistry } = suite;
  const oracle = await ethers.deployContract("MockSanctionsOracle");
  const registry = await ethers.getImpersonatedSigner(await complianceRegistry.getAddress());
  await networkHelpers.setBalance(registry.address, ethers.parseEther("1"));
  const { enforced, listMode, maxRiskScore } = await escrow.policy();
  await escrow
    .connect(registry)
    .storePolicy({ enforced, listMode, maxRiskScore, sanctionsOracle: await oracle.getAddress() });
  return suite;
}

/** What a call of the lens with so much gas ends in: "answer", "out of gas", or the name of the escrow's error. */
async function outcome({ escrow, escrowLens }: Suite, data: string, gas: number): Promise<string> {
  try {
    const call = { to: await escrowLens.getAddress(), data, gas: ethers.toQuantity(gas) };
    await connection.provider.request({ method: "eth_call", params: [call, "latest"] });
    return "answer";
  } catch (error) {
    const { data: reason } = error as { data?: unknown };
    const isNamed = typeof reason === "string" && reason !== "0x";
    return isNamed ? escrow.interface.parseError(reason)!.name : "out of gas";
  }
}

const CALLS: Readonly<Record<string, (suite: Suite) => Promise<string>>> = {
  canAct: async (suite) => {
    const payment = await fund(suite);
    const [terms, action] = [
      { ...payment, paymentReference: ethers.id("another") },
      ACTIONS.indexOf("Deposit"),
    ];
    return suite.escrowLens.interface.encodeFunctionData("canAct", [terms, payment.buyer, action]);
  },
  previewRelease: async (suite) =>
    suite.escrowLens.interface.encodeFunctionData("previewRelease", [await fund(suite), 1n]),
  previewRefund: async (suite) =>
    suite.escrowLens.interface.encodeFunctionData("previewRefund", [await fund(suite), 1n]),
  previewClaim: async (suite) =>
    suite.escrowLens.interface.encodeFunctionData("previewClaim", [await fund(suite)]),
  previewResolve: async (suite) => {
    const payment = await fundAndDispute(suite, suite.buyer.address);
    return suite.escrowLens.interface.encodeFunctionData("previewResolve", [payment, payment.amount, 0n]);
  },
  previewSettle: async (suite) => {
    const payment = await fund(suite);
    return suite.escrowLens.interface.encodeFunctionData("previewSettle", [payment, 0n, payment.amount]);
  },
};

describe("EscrowLens gas", () => {
  itFollows("EscrowLens.gas.tree");

  for (const [name, encode] of Object.entries(CALLS)) {
    describe(name, () => {
      it("reverts with InsufficientGas given less than it takes to ask the oracle fairly", async () => {
        const suite = await networkHelpers.loadFixture(withOracle);
        const data = await encode(suite);
        const outcomes: string[] = [];
        for (let gas = STEP; outcomes.at(-1) !== "answer" && gas < PLENTY; gas += STEP) {
          outcomes.push(await outcome(suite, data, gas));
        }
        expect(new Set(outcomes)).to.deep.equal(new Set(["out of gas", "InsufficientGas", "answer"]));
      });
    });
  }
});
