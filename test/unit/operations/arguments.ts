import { expect } from "chai";

import { Fault } from "../../../deploy/fault.js";
import type { Suite } from "../../../scripts/lib/operations/suite.js";
import { parseBits, parseDuration } from "../../../scripts/ops/arguments.js";
import { requestOf, type VerbArguments } from "../../../scripts/ops/requests.js";
import { opsTasks } from "../../../scripts/ops/tasks.js";
import { COMMON, VERBS, wordsOf, type VerbName } from "../../../scripts/ops/verbs.js";

const verbs = Object.keys(VERBS) as VerbName[];

describe("the arguments of an operation", () => {
  /** What Hardhat gives where nothing was typed. */
  const defaults = (verb: VerbName): VerbArguments =>
    Object.fromEntries(
      [...VERBS[verb].options, ...COMMON].map((option) => [
        option.name,
        "defaultValue" in option ? option.defaultValue : undefined,
      ]),
    );
  const request = (verb: VerbName, typed: VerbArguments) =>
    requestOf(verb, { ...defaults(verb), ...typed }, {} as Suite);
  const refusal = async (verb: VerbName, typed: VerbArguments) => {
    const error = await request(verb, typed).catch((fault: unknown) => fault);
    expect(error).to.be.instanceOf(Fault);
    return (error as Fault).message;
  };

  it("are a duration in seconds, minutes, hours or days", () => {
    expect(["30s", "90m", "12h", "3d"].map((text) => parseDuration(text, "--duration"))).to.deep.equal([
      30, 5_400, 43_200, 259_200,
    ]);
    for (const text of ["", "0h", "12", "1w", "-1d", "1.5h"]) {
      expect(() => parseDuration(text, "--duration"), text).to.throw(Fault, "--duration is a number with");
    }
  });

  it("are parts to pause, in any order", () => {
    expect(parseBits("exits, Deposits")).to.deep.equal(["DEPOSITS", "EXITS"]);
    for (const text of ["", "everything", "exits,exits"])
      expect(() => parseBits(text)).to.throw(Fault, "--bits is any of");
  });

  for (const verb of verbs) {
    it(`of ${verb} are refused without a reason, with an example`, async () => {
      expect(await refusal(verb, {}))
        .to.include("Say why with --reason")
        .and.to.include(VERBS[verb].example);
    });
  }

  it("name the folder after the verb and what it is about", async () => {
    expect((await request("pause", { reason: "why" })).name).to.equal("pause");
    expect((await request("token", { reason: "why", symbol: "USDC" })).name).to.equal("token-usdc");
    expect((await request("rollback", { reason: "why", name: "incident-7" })).name).to.equal("incident-7");
    expect(await refusal("pause", { reason: "why", name: "../7" })).to.include("--name has");
  });

  it("of an upgrade say where the new version is, once", async () => {
    const implementation = `0x${"11".repeat(20)}`;
    for (const where of [{}, { deploy: true, implementation }]) {
      expect(await refusal("upgrade", { reason: "why", ...where })).to.include(
        "--implementation, or have it deployed",
      );
    }
    expect(await refusal("upgrade", { reason: "why", implementation: "0x12" })).to.include(
      "--implementation is an address",
    );
    for (const rungs of [0, 1, 21, NaN]) {
      expect(await refusal("upgrade", { reason: "why", implementation, rungs })).to.include(
        `--rungs is from 2 to 20; it was ${rungs}`,
      );
    }
    const calling = { reason: "why", implementation, call: "initializeV2" };
    expect(await refusal("upgrade", { ...calling, args: "7" })).to.include("--args is a JSON array");
    expect((await request("upgrade", { ...calling, args: '["7"]' })).validFor).to.equal(604_800);
  });

  it("of accounts are addresses", async () => {
    expect(await refusal("pause", { reason: "why", account: "me" })).to.include("--account is an address");
  });

  it("are told by --help, for every verb", () => {
    const described = opsTasks.map(({ id, description }) => [id.join(" "), description]);
    for (const verb of verbs)
      expect(described).to.deep.include([`ops plan ${wordsOf(verb).join(" ")}`, VERBS[verb].description]);
  });
});
