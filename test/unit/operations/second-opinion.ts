import { expect } from "chai";
import { keccak256 } from "ethers";

import { findDisagreements } from "../../../scripts/lib/operations/second-opinion.js";
import { secondOpinion } from "../../../scripts/ops/second.js";
import { openSecond } from "../../../scripts/lib/reconcile/second.js";
import { RpcProxy, type Behaviour } from "../../../scripts/lib/rpc-proxy.js";
import { hardhat, withRecord } from "../../support/command-line.js";
import { AdminChain, faultOf } from "../../support/operations.js";

describe("a second RPC", function () {
  let chain: AdminChain;
  let proxy: RpcProxy;
  before(async () => {
    chain = await AdminChain.start();
    proxy = await RpcProxy.start(chain.anvil.url);
  });
  afterEach(() => proxy.behave());
  after(async () => {
    await proxy.stop();
    await chain.stop();
  });

  const compare = async (url = proxy.url) => {
    const second = openSecond(url, 31337, 2_000);
    try {
      return await findDisagreements(chain.suite, second.rpc);
    } finally {
      second.close();
    }
  };
  const lie = (method: string, answer: unknown): Behaviour => {
    return (call) => (call.method === method ? { as: "lie", about: () => answer } : undefined);
  };
  const word = (digit: string) => `0x${digit.repeat(64)}`;

  it("that tells the same finds nothing", async () => {
    expect(await compare()).to.deep.equal([]);
  });

  it("of another chain is named first", async () => {
    proxy.behave(lie("eth_chainId", "0x1"));
    expect((await compare()).join()).to.match(
      /^The two RPCs are of different chains: the network's RPC says 31337, the second RPC says 1\./,
    );
  });

  it("on another fork disagrees about the block", async () => {
    proxy.behave(({ method }) =>
      method === "eth_getBlockByNumber"
        ? { as: "lie", about: (block) => ({ ...(block as object), hash: word("7") }) }
        : undefined,
    );
    expect((await compare()).join()).to.match(/^The two RPCs disagree about block \d+: .*0x7777/);
  });

  it("that is behind is named as that, and compared as far as it goes", async () => {
    await chain.pass(600);
    const { number } = (await chain.connection.ethers.provider.getBlock("latest"))!;
    const before = await chain.send("eth_getBlockByNumber", `0x${(number - 1).toString(16)}`, false);
    proxy.behave(({ method, params }) =>
      method === "eth_getBlockByNumber" && params[0] === "latest"
        ? { as: "lie", about: () => before }
        : undefined,
    );
    const found = await compare();
    expect(found).to.have.length(1);
    expect(found[0]).to.match(/^The head of the second RPC is \d{3} s older/);
  });

  it("that shows another implementation, or other code, is not believed, nor is the first", async () => {
    const { implementation } = chain.deployed.record.contracts.escrow;
    proxy.behave(lie("eth_getStorageAt", word("1")));
    const [escrow, registry] = await compare();
    expect(escrow).to.include(`the network's RPC says ${implementation}`).and.include("0x1111");
    expect(registry).to.include("disagree about what complianceRegistry runs");
    proxy.behave(lie("eth_getCode", "0x1234"));
    expect((await compare())[0]).to.include(`codehash ${keccak256("0x1234")}. One of them lies`);
  });

  it("that does not answer, or answers nonsense, confirms nothing, and says so", async () => {
    for (const behaviour of [
      () => ({ as: "dead" }) as const,
      () => ({ as: "status", status: 502 }) as const,
      lie("eth_getCode", "\u001b[2J"),
      lie("eth_getCode", "0x600"),
      lie("eth_getStorageAt", undefined),
      lie("eth_getBlockByNumber", undefined),
      lie("eth_getBlockByNumber", null),
      lie("eth_getBlockByNumber", { number: "0x1", hash: 7, timestamp: "0x1" }),
    ]) {
      proxy.behave(behaviour);
      const [sentence, ...others] = await compare();
      expect(others).to.deep.equal([]);
      expect(sentence)
        .to.include("So nothing confirms what the network's RPC says")
        .and.not.match(/\p{Cc}/u);
      expect(sentence).not.to.include(proxy.url);
    }
  });

  it("whose head is an old block with the time of now is not believed", async () => {
    const { number } = (await chain.connection.ethers.provider.getBlock("latest"))!;
    const before = (await chain.send(
      "eth_getBlockByNumber",
      `0x${(number - 1).toString(16)}`,
      false,
    )) as object;
    proxy.behave(({ method, params }) =>
      method === "eth_getBlockByNumber" && params[0] === "latest"
        ? {
            as: "lie",
            about: (head) => ({ ...before, timestamp: (head as { timestamp: string }).timestamp }),
          }
        : undefined,
    );
    const found = await compare();
    expect(found).to.have.length(1);
    expect(found[0]).to.match(
      /^Of block \d+, its head, the second RPC says 0x.* and then 0x.*believe neither/,
    );
  });

  it("that is the network's own is refused", async () => {
    expect(await faultOf(secondOpinion(chain.suite, chain.anvil.url))).to.include("the network's own RPC");
  });

  for (const verb of ["status", "ready"]) {
    // A command is a process of its own, which takes its time on a machine with more to do.
    it(`needs attention in ops ${verb} where it disagrees, and is told to agree where it does`, async function () {
      this.timeout(600_000);
      const run = async () =>
        await withRecord(chain.deployed.record, () =>
          hardhat(chain.anvil.url, "ops", verb, "--json", "--second-rpc", proxy.url),
        );
      expect((await run()).stderr).to.include("The second RPC agrees");
      proxy.behave(lie("eth_getCode", "0x1234"));
      const { stdout, exitCode } = await run();
      const { attention } = JSON.parse(stdout) as { attention: string[] };
      expect(attention[0]).to.include("The two RPCs disagree about what escrow runs");
      expect(exitCode).to.equal(1);
    });
  }
});
