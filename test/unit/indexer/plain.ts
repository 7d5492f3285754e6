import { expect } from "chai";

import { plain } from "../../../indexer/src/model/plain.js";

describe("event arguments as JSON", () => {
  it("have integers as decimal strings", () => {
    expect(plain({ amount: 2n ** 200n })).to.deep.equal({ amount: (2n ** 200n).toString() });
  });

  it("have addresses, hashes and bytes in lower case, however deep", () => {
    expect(plain({ list: [{ account: "0xABc" }], data: "0x" })).to.deep.equal({
      list: [{ account: "0xabc" }],
      data: "0x",
    });
  });

  it("keep text as it was written, also if it begins like hex", () => {
    expect(plain({ reason: "0xABC Wallet Stolen" })).to.deep.equal({ reason: "0xABC Wallet Stolen" });
  });

  it("have text without NUL, which Postgres cannot store", () => {
    expect(plain({ reason: "0xAB\0 Sto\0len" })).to.deep.equal({ reason: "0xAB Stolen" });
  });

  it("leave what is neither as it is", () => {
    expect(plain([true, 7, null])).to.deep.equal([true, 7, null]);
  });
});
