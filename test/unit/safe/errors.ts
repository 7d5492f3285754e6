import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { createRequire } from "node:module";

import { expect } from "chai";
import { AbiCoder, concat } from "ethers";

import { explainSafeError, revertDataOf, SAFE_ERRORS } from "../../../scripts/lib/safe/errors.js";

const require = createRequire(import.meta.url);

/** The codes in Safe's own sources. */
async function codesIn(npmPackage: string): Promise<Set<string>> {
  const root = path.join(path.dirname(require.resolve(`${npmPackage}/package.json`)), "contracts");
  const codes = new Set<string>();
  for (const name of await readdir(root, { recursive: true })) {
    if (!name.endsWith(".sol")) continue;
    const source = await readFile(path.join(root, name), "utf8");
    for (const [, code] of source.matchAll(/"(GS\d{3})"/g)) codes.add(code!);
  }
  return codes;
}

const revertWith = (reason: string) =>
  concat(["0x08c379a0", AbiCoder.defaultAbiCoder().encode(["string"], [reason])]);

describe("a Safe's errors", () => {
  it("are all explained, and no others", async () => {
    const codes = new Set([
      ...(await codesIn("@safe-global/safe-smart-account")),
      ...(await codesIn("@safe-global/safe-contracts")),
    ]);
    expect(codes.size).to.be.greaterThan(25);
    expect(Object.keys(SAFE_ERRORS)).to.have.members([...codes]);
  });

  it("are found wherever a library puts them", () => {
    const data = revertWith("GS020");
    const errors = {
      ethers: Object.assign(new Error("execution reverted"), { code: "CALL_EXCEPTION", data }),
      "a JSON-RPC provider": Object.assign(new Error("reverted"), { data: { data, message: "reverted" } }),
      "a wrapped JSON-RPC error": Object.assign(new Error("could not coalesce"), {
        info: { error: { data } },
      }),
      "an error with a cause": new Error("call failed", { cause: { data } }),
      "nothing but a message": new Error(
        "VM Exception while processing transaction: reverted with reason 'GS020'",
      ),
    };
    for (const [source, error] of Object.entries(errors)) {
      expect(explainSafeError(error), source).to.equal(
        "The Safe refuses with GS020: there are fewer signatures than its threshold; let more owners sign.",
      );
    }
  });

  it("are named even if we do not know them", () => {
    expect(explainSafeError(new Error("GS999"))).to.match(/GS999, a code that we do not know/);
  });

  it("are not seen where there are none", () => {
    for (const error of [new Error("connection refused"), undefined, "GS020", { data: "0x1234" }]) {
      expect(explainSafeError(error)).to.be.undefined;
    }
  });

  it("are told from a failure of the network, which is no answer of the contract", () => {
    const noData = { code: "CALL_EXCEPTION", data: null };
    for (const silent of [
      Object.assign(new Error("reverted"), { data: "0x" }),
      Object.assign(new Error("missing revert data"), noData),
      new Error("Execution reverted"),
    ]) {
      expect(revertDataOf(silent)).to.equal("0x");
      expect(explainSafeError(silent)).to.be.undefined;
    }
    expect(revertDataOf(new Error("connect ECONNREFUSED 127.0.0.1:8545"))).to.be.undefined;
  });
});
