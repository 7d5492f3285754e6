import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

import { expect } from "chai";
import { parseEther, toBeHex } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { startAnvil, type Anvil } from "../../../scripts/lib/anvil.js";
import { fund } from "../../../scripts/lib/operations/funding.js";
import { withFork, type Fork } from "../../../scripts/lib/operations/fork.js";
import { relay } from "../../../scripts/lib/operations/relay.js";
import { freePort } from "../../../scripts/lib/processes.js";

const [ALICE, BOB] = [toBeHex(0xa11ce, 20), toBeHex(0xb0b, 20)];

describe("a fork", function () {
  let chain: Anvil;
  let connection: NetworkConnection;
  before(async () => {
    chain = await startAnvil({ port: await freePort() });
    connection = await network.create({ network: "local", override: { url: chain.url } });
  });
  after(() => chain.stop());

  const onFork = async <Result>(work: (fork: Fork) => Promise<Result>) =>
    await withFork(connection, await connection.ethers.provider.getBlockNumber(), work);
  const answers = async (url: string) =>
    await fetch(url, { method: "POST", body: "{}" }).then(
      () => true,
      () => false,
    );

  it("is the same chain to whoever signs for it", async () => {
    expect(await onFork((fork) => fork.provider.send("eth_chainId", []))).to.equal("0x7a69");
  });

  it("lets anybody act, at any time, without the chain noticing", async () => {
    await onFork(async (fork) => {
      const time = (await fork.now()) + 1_000;
      await fork.setBalance(ALICE, parseEther("1"));
      const mined = await fork.send(ALICE, { to: BOB, value: 5n, data: "0x" }, time);
      expect(mined).to.include({ time });
      expect(await fork.provider.getBalance(BOB)).to.equal(5n);
    });
    expect(await connection.ethers.provider.getBalance(BOB)).to.equal(0n);
  });

  it("takes back what was done apart, and what failed", async () => {
    await onFork(async (fork) => {
      const pay = () => fork.send(ALICE, { to: BOB, value: 5n, data: "0x" });
      await fork.apart(pay);
      const failure = fork.tentatively(async () => {
        await pay();
        throw new Error("it failed");
      });
      expect(await failure.catch((error: Error) => error.message)).to.equal("it failed");
      expect(await fork.provider.getBalance(BOB)).to.equal(0n);
      await fork.tentatively(pay);
      expect(await fork.provider.getBalance(BOB)).to.equal(5n);
    });
  });

  it("gives anybody any token, whichever slot it keeps balances in", async () => {
    const token = await connection.ethers.deployContract("TestUSDT");
    const address = await token.getAddress();
    await onFork(async (fork) => {
      expect(await fund(fork, address, ALICE, 777n)).to.equal(true);
      expect(
        await fork.provider.call({
          to: address,
          data: token.interface.encodeFunctionData("balanceOf", [ALICE]),
        }),
      ).to.equal(toBeHex(777, 32));
      expect(await fund(fork, BOB, ALICE, 1n), "of what is no token").to.equal(false);
    });
  });

  it("cannot send, sign or change anything on the chain that it was taken from", async () => {
    const endpoint = await relay(connection.provider);
    const ask = async (method: string) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] });
      return (await (await fetch(endpoint.url, { method: "POST", body })).json()) as {
        result?: string;
        error?: { message: string };
      };
    };
    expect((await ask("eth_blockNumber")).result).to.match(/^0x/);
    for (const method of [
      "eth_sendTransaction",
      "eth_sendRawTransaction",
      "eth_sign",
      "anvil_setBalance",
      "evm_mine",
    ]) {
      expect((await ask(method)).error?.message, method).to.include("only reads here");
    }
    await endpoint.stop();
  });

  it("does not show the endpoint, which may contain a key, to other processes", async () => {
    const { stdout } = await onFork(async () => await promisify(execFile)("ps", ["-eo", "args"]));
    const own = stdout.split("\n").filter((line) => line.includes("--fork-url"));
    expect(own).to.not.be.empty;
    expect(own.filter((line) => line.includes(chain.url))).to.deep.equal([]);
  });

  it("is gone when the work is done, and when it fails", async () => {
    const urls: string[] = [];
    await onFork((fork) => Promise.resolve(urls.push(fork.url)));
    await onFork((fork) => {
      urls.push(fork.url);
      return Promise.reject(new Error("it failed"));
    }).catch(() => {});
    for (const url of urls) expect(await answers(url)).to.equal(false);
  });

  it("is gone after Ctrl-C", async () => {
    const child = spawn(
      "npx",
      ["hardhat", "run", "--no-compile", "--network", "local", "test/support/hold-fork.ts"],
      {
        env: { ...process.env, LOCAL_RPC_URL: chain.url, HOLD_FORK: "1" },
        detached: true,
      },
    );
    let said = "";
    while (!said.includes("The fork is at")) {
      const [data] = (await once(child.stdout, "data")) as [Buffer];
      said += data.toString();
    }
    const [url] = /http:\S+\d/.exec(said)!;
    expect(await answers(url)).to.equal(true);
    const ended = once(child, "exit");
    // To the whole group, as a terminal does.
    process.kill(-child.pid!, "SIGINT");
    await ended;
    expect(await answers(url)).to.equal(false);
  });
});
