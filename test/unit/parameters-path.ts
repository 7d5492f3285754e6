import path from "node:path";

import { expect } from "chai";
import hre from "hardhat";

import { Fault } from "../../deploy/fault.js";
import { parametersPath } from "../../scripts/lib/parameters-path.js";

describe("the path of the parameters", () => {
  const on = (network?: string) => ({
    config: hre.config,
    // Hardhat's type says that there always is one.
    globalOptions: { ...hre.globalOptions, network: network! },
  });

  it("is named after the network", () => {
    expect(parametersPath(on("sepolia"))).to.equal(path.resolve("deploy/parameters/sepolia.json5"));
  });

  it("is the one that was given", () => {
    expect(parametersPath(on("sepolia"), "mine.json5")).to.equal("mine.json5");
  });

  it("is not guessed when no network was chosen", () => {
    expect(() => parametersPath(on())).to.throw(Fault, "Choose a network with --network");
  });
});
