import { expect } from "chai";
import { network } from "hardhat";
import { deploySuite } from "../../deploy/deploy.js";
import { readParameters } from "../../deploy/parameters.js";

describe("deploySuite", () => {
  it("deploys", async () => {
    const connection = await network.create();
    const parameters = await readParameters("deploy/parameters/local.json5");
    const t = Date.now();
    const record = await deploySuite({ connection, parameters });
    console.log(Date.now() - t, record);
    expect(record.chainId).to.equal(31337);
  });
});
