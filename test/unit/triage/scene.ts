import { expect } from "chai";

import { urlsIn } from "../../../scripts/triage/scene.js";

const KEY = "0123456789abcdef";

describe("the endpoints that triage is given", () => {
  it("are all asked, of HTTP with and without TLS", () => {
    expect(urlsIn(" http://one , https://two/key,, ", "in --rpc")).to.deep.equal([
      "http://one",
      "https://two/key",
    ]);
    expect(urlsIn("", "in --rpc")).to.deep.equal([]);
  });

  it("are refused where one could not be asked, instead of being left out, and without a word of its key", () => {
    for (const scheme of ["wss", "ws", "httpx", "file"])
      expect(() => urlsIn(`https://one,${scheme}://two/${KEY}`, "in --rpc"), scheme).to.throw(
        /^The 2\. RPC endpoint in --rpc is not of HTTP, .* https:\/\/ in its place\.$/,
      );
    expect(() => urlsIn(KEY, "in PONDER_RPC_URL_1")).to.throw(
      /^The 1\. RPC endpoint in PONDER_RPC_URL_1 is no URL\.$/,
    );
  });
});
