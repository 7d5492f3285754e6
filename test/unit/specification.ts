import { globSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { Interface } from "ethers";
import { artifacts } from "hardhat";

import { specificationOf } from "../specs/branches.js";
import { documentedErrors } from "../support/natspec.js";

/** Ours, by rule: what stands at the top of contracts/. */
const CONTRACTS = globSync("contracts/*.sol").map((file) => path.basename(file, ".sol"));

/** What the functions raise that OpenZeppelin declares; its documentation does not list it. */
const INHERITED = new Map([
  ["authority", []],
  ["setAuthority", ["AccessManagedUnauthorized", "AccessManagedInvalidAuthority"]],
  ["isConsumingScheduledOp", []],
  ["eip712Domain", []],
  ["multicall", ["FailedCall"]],
]);

/** Errors of OpenZeppelin's that the compiler lists and that no call can meet. */
const OUT_OF_REACH = new Map([
  ["AccessManagedRequiredDelay", "part of IAccessManaged; AccessManaged itself never raises it"],
  ["AddressEmptyCode", "a multicall calls the contract itself, which has code"],
  ["NotInitializing", "raised by internal initializers, which only `initialize` calls"],
  ["SafeCastOverflowedUintDowncast", "times fit 40 bits until the year 36812, a payout a credit's 128"],
]);

function errorsOf(contract: string, name: string): string[] {
  const errors = documentedErrors(contract, name) ?? INHERITED.get(name);
  if (errors === undefined) throw new Error(`Nobody says which errors ${contract}.${name} raises.`);
  return errors;
}

describe("the specification", () => {
  for (const contract of CONTRACTS) {
    describe(`of ${contract}`, () => {
      let abi: Interface;
      let names: string[];
      before(async () => {
        abi = new Interface((await artifacts.readArtifact(contract)).abi);
        names = ["constructor"];
        abi.forEachFunction(({ name }) => names.push(name));
      });

      it("has a tree for every function", () => {
        const without = names.filter(
          (name) => name !== "constructor" && specificationOf(contract, name).length === 0,
        );
        expect(without).to.deep.equal([]);
      });

      it("has a branch for every error that a function can raise", () => {
        const missing = names.flatMap((name) => {
          const specification = specificationOf(contract, name).join("\n");
          return errorsOf(contract, name)
            .filter((error) => !new RegExp(`reverts with ${error}\\b`).test(specification))
            .map((error) => `${name}: ${error}`);
        });
        expect(missing).to.deep.equal([]);
      });

      it("says of every error of the contract which function raises it", () => {
        const raised = new Set(names.flatMap((name) => errorsOf(contract, name)));
        const unsaid: string[] = [];
        abi.forEachError(({ name }) => {
          if (!raised.has(name) && !OUT_OF_REACH.has(name)) unsaid.push(name);
        });
        expect(unsaid).to.deep.equal([]);
      });
    });
  }
});
