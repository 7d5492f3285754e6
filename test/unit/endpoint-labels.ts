import { spawnSync } from "node:child_process";

import { expect } from "chai";

import { endpointsOf } from "../../indexer/watch/endpoints.js";

/** Two of one host, also with a key and the port that https has anyway, one whose host begins as another's, one twice. */
const URLS = [
  "https://rpc.example/v2/KEY",
  "https://RPC.example:443/v2/OTHER",
  "http://rpc.example:8545",
  "https://rpc.example.org?key=KEY",
  "https://rpc.example/v2/KEY",
];
const ENDPOINTS = endpointsOf({ name: "chain", rpc: URLS });

const endpoints = (urls: string, ...words: string[]) => {
  const { status, stdout, stderr } = spawnSync("node", ["scripts/endpoints.js", ...words], {
    input: urls,
    encoding: "utf8",
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
};

describe("npm run endpoints", () => {
  it("takes out exactly the URL that metrics call by that label", () => {
    expect(ENDPOINTS.map(({ label }) => label)).to.include.members(["rpc.example", "rpc.example#2"]);
    for (const { label } of ENDPOINTS) {
      const { stdout } = endpoints(` ${URLS.join(",\n")}\n`, label);
      const others = ENDPOINTS.filter((endpoint) => endpoint.label !== label);
      expect(stdout, label).to.equal(others.map(({ url }) => url).join(","));
    }
  });

  it("tells who is left without their keys", () => {
    const { stdout } = endpoints(URLS.join(","), "rpc.example", "--labels");
    expect(stdout).to.equal("left: rpc.example#2, rpc.example:8545, rpc.example.org");
  });

  it("writes nothing where there is no such endpoint, no other, or no label", () => {
    const refused = (urls: string, ...words: string[]) => {
      const { status, stdout, stderr } = endpoints(urls, ...words);
      expect({ status, stdout }).to.deep.equal({ status: 1, stdout: "" });
      expect(stderr).to.not.include("KEY");
      return stderr;
    };
    expect(refused(URLS.join(","), "example")).to.include("None of them is example. There are: rpc.example,");
    expect(refused(URLS[0]!, "rpc.example")).to.equal("There is none but rpc.example.");
    expect(refused("", "rpc.example")).to.include("There are: none.");
    expect(refused(URLS.join(","), "")).to.include("Type: ");
    expect(refused("KEY", "rpc.example")).to.equal("One of them is no URL.");
  });
});
