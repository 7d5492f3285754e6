import { globSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { Interface } from "ethers";
import { artifacts } from "hardhat";

import { specificationOf, TREES } from "../specs/branches.js";
import { documentedErrors } from "../support/natspec.js";
import { raisedErrors } from "../support/raised-errors.js";

/** Ours, by rule: what stands at the top of contracts/. */
const CONTRACTS = globSync("contracts/*.sol").map((file) => path.basename(file, ".sol"));

/** What modifiers raise; the interfaces say so once, in their heads. */
const OF_MODIFIERS = ["AccessManagedUnauthorized", "ReentrancyGuardReentrantCall", "InvalidInitialization"];

/** Errors to which a path leads in the code that no call can take, and in which functions. */
const OUT_OF_REACH = [
  {
    error: "SafeCastOverflowedUintDowncast",
    in: /./,
    because: "times fit 40 bits until the year 36812, and the 104 bits of a payout fit a credit's 128",
  },
  {
    error: "InvalidPauseBits",
    in: /^(deposit|release|refund|claim|settle|withdrawCredit|paused$)/,
    because: "these ask about a part by its constant",
  },
  { error: "InvalidInitialization", in: /^constructor$/, because: "there is nothing to initialize twice" },
  { error: "NotInitializing", in: /^initialize$/, because: "OpenZeppelin's initializers run inside of it" },
  { error: "AddressEmptyCode", in: /^multicall$/, because: "the contract calls itself, which has code" },
  { error: "UnlistedWithData", in: /^submitAttestation$/, because: "an attestation always clears" },
  { error: "EscrowNotSet", in: /^selfTest$/, because: "it asks an escrow only if there is one" },
];

const isOutOfReach = (error: string, name: string) =>
  OUT_OF_REACH.some((excuse) => excuse.error === error && excuse.in.test(name));

describe("the specification", () => {
  it("has no tree without a suite that follows it", () => {
    const suites = globSync("test/unit/**/*.ts").map((file) => readFileSync(file, "utf8"));
    const isFollowed = ({ file, root }: (typeof TREES)[number]) =>
      suites.some((suite) => suite.includes(`describe("${root}"`) && suite.includes(`itFollows("${file}")`));
    expect(TREES.filter((tree) => !isFollowed(tree)).map(({ root }) => root)).to.deep.equal([]);
  });

  for (const contract of CONTRACTS) {
    describe(`of ${contract}`, () => {
      let abi: Interface;
      let raised: [name: string, errors: string[]][];
      before(async () => {
        abi = new Interface((await artifacts.readArtifact(contract)).abi);
        raised = [...(await raisedErrors(contract))].map(([name, errors]) => [
          name,
          [...errors].filter((error) => !isOutOfReach(error, name)),
        ]);
      });

      it("has a tree for every function", () => {
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

      it("is documented truly: each error listed can be raised, or is somebody else's", () => {
        const untrue = raised.flatMap(([name, errors]) =>
          (documentedErrors(contract, name) ?? [])
            .filter((error) => abi.getError(error) !== null && !errors.includes(error))
            .map((error) => `${name}: ${error}`),
        );
        expect(untrue).to.deep.equal([]);
      });
    });
  }

  it("makes no excuse for what no code raises", async () => {
    const all = (await Promise.all(CONTRACTS.map(raisedErrors))).flatMap((raised) => [...raised]);
    const needless = OUT_OF_REACH.filter(
      (excuse) => !all.some(([name, errors]) => excuse.in.test(name) && errors.has(excuse.error)),
    );
    expect(needless.map(({ error }) => error)).to.deep.equal([]);
  });
});
