import { expect } from "chai";
import { makeError } from "ethers";
import hre from "hardhat";

import { Fault } from "../../deploy/fault.js";
import { command } from "../../scripts/lib/command.js";

describe("a command", () => {
  const { error: print } = console;
  const exitCode = process.exitCode;
  let printed: unknown[];

  beforeEach(() => {
    printed = [];
    process.exitCode = undefined;
    console.error = (...args: unknown[]) => printed.push(...args);
  });
  afterEach(() => {
    console.error = print;
    process.exitCode = exitCode;
  });

  const failWith = (error: Error) => command(() => Promise.reject(error))();

  it("keeps the exit code that its action chose", async () => {
    await command(() => {
      process.exitCode = 1;
      return Promise.resolve();
    })();
    expect([process.exitCode, printed]).to.deep.equal([1, []]);
  });

  it("says what a fault says, and exits with 2", async () => {
    await failWith(new Fault("The port is taken."));
    expect([process.exitCode, printed]).to.deep.equal([2, ["The port is taken."]]);
  });

  it("says in a sentence that there is no such network, and exits with 2", async () => {
    await command(async () => void (await hre.network.create("nowhere")))();
    expect(process.exitCode).to.equal(2);
    expect(printed).to.have.lengthOf(1);
    expect(printed[0]).to.match(/The network "nowhere" is not defined/);
  });

  it("says in a sentence that no chain answers, and exits with 2", async () => {
    await command(async () => {
      const override = { url: "http://127.0.0.1:1" };
      const { ethers } = await hre.network.create({ network: "local", override });
      await ethers.provider.getNetwork();
    })();
    expect(process.exitCode).to.equal(2);
    expect(printed).to.have.lengthOf(1);
    expect(printed[0]).to.match(/Cannot connect to the network "local"/);
  });

  it("says in a sentence what the chain answered, and exits with 2", async () => {
    await failWith(makeError("could not decode result data", "BAD_DATA", { value: "0x" }));
    expect([process.exitCode, printed]).to.deep.equal([2, ["The chain: could not decode result data."]]);
  });

  it("prints an endpoint's own words without its URL, which may hold a key, and without what moves a cursor", async () => {
    const error = Object.assign(new Error("over \u001b[2Kquota at https://host/key"), {
      name: "ProviderError",
    });
    await failWith(error);
    expect([process.exitCode, printed]).to.deep.equal([2, ["The chain: over [2Kquota at <url>."]]);
  });

  it("shows an error that nobody expected as it is, with its stack, and exits with 2", async () => {
    const error = new TypeError("undefined is not a function");
    await failWith(error);
    expect([process.exitCode, printed]).to.deep.equal([2, [error]]);
  });
});
