import path from "node:path";

import { expect } from "chai";
import hre from "hardhat";

import { startLocalSuite, type LocalSuite } from "../../../scripts/lib/local-suite.js";
import { Running } from "../../../scripts/lib/running.js";
import { RpcProxy } from "../../../scripts/lib/rpc-proxy.js";

const PAUSE = '--bits deposits --duration 1d --reason "to be verified"';

describe("ops verify with a second RPC", function () {
  this.timeout(240_000);

  const running = new Running();
  let suite: LocalSuite;
  let second: RpcProxy;
  before(async () => {
    const directory = path.join(hre.config.paths.root, ".holdfast", "verify-second");
    const connect = (url: string) => hre.network.create({ network: "local", override: { url } });
    suite = await startLocalSuite({ running, directory, connect });
    second = running.keep(await RpcProxy.start(suite.url));
    const [guardian, other] = suite.owners.GUARDIAN;
    await type(`ops pause ${PAUSE}`);
    for (const owner of [guardian, other]) await type(`ops sign --signer keystore --address ${owner}`);
    await type(`ops execute --signer keystore --address ${guardian} --yes`);
  });
  afterEach(() => second.behave());
  after(() => running.stop());

  const type = (words: string, exits = 0) =>
    suite.terminal.type(`npx hardhat ${words} --network local`, exits);
  const verify = (exits: number, more = "") =>
    type(`ops verify --operation 1 --second-rpc ${second.url} ${more}`, exits);
  interface Told {
    readonly passed: boolean;
    readonly disagreements: string[];
    readonly checks: { readonly name: string; readonly problems: string[] }[];
  }

  it("finds all as it should be where both say the same", async () => {
    const { stdout, stderr } = await verify(0);
    expect(stdout).to.match(/good: code and self-tests\n(.*\n)*  good: second RPC\nAll is as it should be\./);
    expect(stderr).to.include("The second RPC agrees");
  });

  it("believes neither where they disagree about the code, and says so where it says whether all is well", async () => {
    second.behave(({ method }) =>
      method === "eth_getCode" ? { as: "lie", about: () => "0x1234" } : undefined,
    );
    const { stdout } = await verify(1);
    expect(stdout)
      .to.include("  NOT good: second RPC\n    The two RPCs disagree about what escrow runs")
      .and.include("Something is not as it should be.");
    const told = JSON.parse((await verify(1, "--json")).stdout) as Told;
    expect(told.passed).to.equal(false);
    expect(told.disagreements).to.have.length(2);
    expect(told.checks.at(-1)).to.deep.equal({ name: "second RPC", problems: told.disagreements });
  });

  it("confirms nothing by one that does not answer", async () => {
    second.behave(() => ({ as: "dead" }));
    expect((await verify(1)).stdout).to.include("So nothing confirms what the network's RPC says.");
  });

  it("has no say where none was named", async () => {
    const { stdout } = await type("ops verify --operation 1");
    expect(stdout).to.include("All is as it should be.").and.not.include("second RPC");
  });

  // The last: it leaves an operation that is only planned.
  it("looks at the latest operation unless told otherwise, and says what to do if that is only planned", async () => {
    expect((await type("ops verify")).stdout).to.include("All is as it should be.");
    await type(`ops plan pause --bits payouts --duration 1h --reason "not carried out"`);
    expect((await type("ops verify", 2)).stderr)
      .to.include("Nothing of this operation was carried out yet")
      .and.include("npx hardhat ops status");
    await verify(0);
  });
});
