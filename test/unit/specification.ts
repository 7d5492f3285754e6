import { globSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { Interface } from "ethers";
import { artifacts } from "hardhat";

import { specificationOf, TREES } from "../specs/branches.js";
import { documentedErrors } from "../support/natspec.js";
import { isInReach, OUT_OF_REACH } from "../support/out-of-reach.js";
import { functionsOf } from "../support/solidity.js";

/** Ours, by rule: what stands at the top of contracts/. */
const CONTRACTS = globSync("contracts/*.sol").map((file) => path.basename(file, ".sol"));

/** What modifiers raise; the interfaces say so once, in their heads. */
const OF_MODIFIERS = ["AccessManagedUnauthorized", "ReentrancyGuardReentrantCall", "InvalidInitialization"];

/** The errors that a call of each function, or the constructor, can end in. */
async function raisedErrors(contract: string): Promise<[name: string, errors: string[]][]> {
  return Array.from(await functionsOf(contract), ([name, { errors }]) => [
    name,
    [...errors.keys()].filter((error) => isInReach(error, name)),
  ]);
}

describe("the specification", () => {
  it("has no tree without a suite that follows it", () => {
    const suites = globSync("test/unit/**/*.ts").map((file) => readFileSync(file, "utf8"));
    const isFollowed = ({ file, root }: (typeof TREES)[number]) =>
      suites.some((suite) => suite.includes(`describe("${root}"`) && suite.includes(`itFollows("${file}")`));
    expect(TREES.filter((tree) => !isFollowed(tree)).map(({ root }) => root)).to.deep.equal([]);
  });

  for (const contract of CONTRACTS) {
    describe(`of ${contract}`, () => {
      let raised: [name: string, errors: string[]][];
      before(async () => {
        raised = await raisedErrors(contract);
      });

      it("has a tree for every function", async () => {
        const abi = new Interface((await artifacts.readArtifact(contract)).abi);
        const without: string[] = [];
        abi.forEachFunction(({ name }) => {
          if (specificationOf(contract, name).length === 0) without.push(name);
        });
        expect(without).to.deep.equal([]);
      });

      it("has a branch for every error that a function can raise, itself or through whom it calls", () => {
        const missing = raised.flatMap(([name, errors]) => {
          const specification = specificationOf(contract, name).join("\n");
          return [...errors, ...(documentedErrors(contract, name) ?? [])]
            .filter((error) => !new RegExp(`reverts with ${error}\\b`).test(specification))
            .map((error) => `${name}: ${error}`);
        });
        expect(missing).to.deep.equal([]);
      });

      it("is documented: each function lists the errors that its code can raise", () => {
        const undocumented = raised.flatMap(([name, errors]) => {
          const documented = documentedErrors(contract, name);
          if (documented === undefined) return []; // OpenZeppelin's
          return errors
            .filter((error) => !documented.includes(error) && !OF_MODIFIERS.includes(error))
            .map((error) => `${name}: ${error}`);
        });
        expect(undocumented).to.deep.equal([]);
      });

      it("is documented truly: each error listed can be raised", () => {
        const untrue = raised.flatMap(([name, errors]) =>
          (documentedErrors(contract, name) ?? [])
            .filter((error) => !errors.includes(error))
            .map((error) => `${name}: ${error}`),
        );
        expect(untrue).to.deep.equal([]);
      });
    });
  }

  it("makes no excuse for what no code raises", async () => {
    const functions = (await Promise.all(CONTRACTS.map(functionsOf))).flatMap((all) => [...all.values()]);
    const needless = OUT_OF_REACH.filter(
      ({ what, in: names }) =>
        !functions.some(
          ({ name, errors, events }) => names.test(name) && (errors.has(what) || events.has(what)),
        ),
    );
    expect(needless.map(({ what }) => what)).to.deep.equal([]);
  });
});
