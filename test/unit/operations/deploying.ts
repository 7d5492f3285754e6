import { PassThrough } from "node:stream";

import { expect } from "chai";
import { keccak256 } from "ethers";
import hre from "hardhat";

import { deploy as deployPlanned, planDeployment } from "../../../scripts/lib/operations/deployment.js";
import { Fault } from "../../../deploy/fault.js";
import type { Suite } from "../../../scripts/lib/operations/suite.js";
import { deployConfirmed, namingDeployed } from "../../../scripts/ops/deploying.js";
import { hardhat, withRecord } from "../../support/command-line.js";
import { meddledWith } from "../../support/ceremony.js";
import { AdminChain, faultOf } from "../../support/operations.js";

/** Deploys when it is told to, as `ops upgrade --deploy` does. */
describe("deploying a new version", function () {
  let chain: AdminChain;
  let from: string;
  before(async () => {
    chain = await AdminChain.start();
    from = (await chain.connection.ethers.getSigners())[0]!.address;
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const sent = () => chain.connection.ethers.provider.getTransactionCount(from);
  const deploy = (yes: boolean, suite: Suite = chain.suite) =>
    deployConfirmed(suite, { proxy: "escrow", contract: "EscrowNext", yes });

  /** What is told to a person who types this, or nothing. */
  async function asked<Result>(typed: string | undefined, work: () => Promise<Result>) {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const streams = [
      ["stdin", input],
      ["stderr", output],
    ] as const;
    const real = streams.map(([name]) => Object.getOwnPropertyDescriptor(process, name)!);
    const { error } = console;
    for (const [name, value] of streams) Object.defineProperty(process, name, { value, configurable: true });
    console.error = (line: string) => void output.write(`${line}\n`);
    if (typed === undefined) input.end();
    else input.write(`${typed}\n`);
    try {
      const result = await work();
      return { result, told: String(output.read() ?? "") };
    } finally {
      console.error = error;
      streams.forEach(([name], i) => Object.defineProperty(process, name, real[i]!));
    }
  }

  it("says what, by whom and for how much, and is confirmed before anything is sent", async () => {
    const before = await sent();
    const { told, result } = await asked("EscrowNext", () => deploy(false));
    expect(told)
      .to.match(/Deploying EscrowNext, to be put behind escrow later, on .* \(chain 31337\)/)
      .and.include(`by ${from}, the network's first account, nonce ${before}, which has`)
      .and.include(`to ${result}, constructed with 0x`)
      .and.match(/for up to \d+\.\d+ of the chain's coin \(\d+ gas, each for up to \d+ wei\)/)
      .and.include("Type EscrowNext to go on");
    expect(await sent()).to.equal(before + 1);
  });

  it("sends just what was confirmed, and tells its hash", async () => {
    const { provider } = chain.connection.ethers;
    const { told, result } = await asked("EscrowNext", () => deploy(false));
    const [, hash] = /Sent (0x[0-9a-f]{64}), which deploys EscrowNext/.exec(told)!;
    const transaction = (await provider.getTransaction(hash!))!;
    const [, gas, fee] = /\((\d+) gas, each for up to (\d+) wei\)/.exec(told)!;
    expect(transaction).to.deep.include({ gasLimit: BigInt(gas!), maxFeePerGas: BigInt(fee!) });
    expect(told).to.include(`nonce ${transaction.nonce},`);
    expect(told).to.include(`by code with the hash ${keccak256(transaction.data)}`);
    expect((await provider.getTransactionReceipt(hash!))!.contractAddress).to.equal(result);
  });

  it("sends it for no more than was confirmed, whatever the endpoint wants by then", async () => {
    const cheap = await planDeployment(chain.connection, chain.suite.record, "escrow", "EscrowNext");
    const dearer = `0x${(cheap.maxFeePerGas + 1n).toString(16)}`;
    await chain.send("anvil_setNextBlockBaseFeePerGas", dearer);
    expect(await faultOf(deployPlanned(chain.connection, cheap))).to.include("look whether");
    expect(await sent()).to.equal(cheap.nonce);
  });

  it("sends nothing where its nonce was used while a person was asked", async () => {
    const planned = await planDeployment(chain.connection, chain.suite.record, "escrow", "EscrowNext");
    const [signer] = await chain.connection.ethers.getSigners();
    await (await signer!.sendTransaction({ to: from })).wait();
    expect(await faultOf(deployPlanned(chain.connection, planned)))
      .to.include(`with nonce ${planned.nonce}, and is at ${planned.nonce + 1} now`)
      .and.include("nothing was sent");
    expect(await sent()).to.equal(planned.nonce + 1);
  });

  describe("once it is sent", () => {
    const impatient = { poll: 5, giveUp: 300, remind: 50 };
    const planned = () => planDeployment(chain.connection, chain.suite.record, "escrow", "EscrowNext");
    /** Deploys through an endpoint that has this to say of receipts. */
    async function deployWith(answer: (otherwise: () => Promise<unknown>) => Promise<unknown>) {
      const meddled = meddledWith(chain.connection, ({ method }, otherwise) =>
        method === "eth_getTransactionReceipt" ? answer(otherwise) : otherwise(),
      );
      const [plan, told] = [await planned(), [] as string[]];
      const ended = await deployPlanned(
        meddled,
        plan,
        (sentence) => void told.push(sentence),
        impatient,
      ).then(
        (address) => ({ address, said: "" }),
        (problem: Error) => ({ address: undefined, said: problem.message }),
      );
      return { ...ended, plan, told };
    }
    const unreachable = () => Promise.reject(new Error("502 Bad Gateway of https://rpc.example/key"));

    it("waits on through an answer that is lost", async () => {
      let lost = 3;
      const { address, plan, said } = await deployWith((otherwise) =>
        lost-- > 0 ? unreachable() : otherwise(),
      );
      expect([address, said]).to.deep.equal([plan.address, ""]);
      expect(lost).to.be.below(0);
    });

    it("says at once how to go on without deploying it again", async () => {
      const { told, plan } = await deployWith((otherwise) => otherwise());
      expect(told).to.have.lengthOf(1);
      expect(told[0]).to.include(`--implementation ${plan.address} in the place of --deploy`);
    });

    for (const [what, answer, problem, isUnmined] of [
      ["is never mined", () => Promise.resolve(null), undefined, true],
      [
        "is never heard of again",
        unreachable,
        "The endpoint's last problem: 502 Bad Gateway of <url>",
        false,
      ],
    ] as const) {
      it(`says where to look, and how to go on, if it ${what}`, async () => {
        if (isUnmined) await chain.send("evm_setAutomine", false);
        const { said, plan, told } = await deployWith(answer).finally(() =>
          chain.send("evm_setAutomine", true),
        );
        expect(said)
          .to.include("If it has code, say")
          .and.include(`look whether ${plan.address} has code`)
          .and.include(`--implementation ${plan.address}`);
        expect(/The endpoint's .*/.exec(said)?.[0]).to.equal(problem);
        expect(told.slice(1).join(), "while it waits").to.include("is not mined yet");
      });
    }

    it("finds it by its code where it was sped up in the wallet, and has another hash", async () => {
      const { address, plan } = await deployWith(() => Promise.resolve(null));
      expect(address).to.equal(plan.address);
    });

    it("says so if it failed", async () => {
      const { said, plan } = await deployWith(async (otherwise) => {
        const receipt = await otherwise();
        return receipt === null ? null : { ...receipt, status: "0x0" };
      });
      expect(said)
        .to.include(`reverted, so it did not deploy EscrowNext to ${plan.address}`)
        .and.include("deploy it again");
    });

    for (const verb of [["plan", "upgrade"], ["upgrade"]]) {
      it(`is named by \`ops ${verb.join(" ")}\` when the plan fails`, async () => {
        const [, stranger] = await chain.connection.ethers.getSigners();
        const options = ["--deploy", "--yes", "--contract", "EscrowNext", "--reason", "test"];
        const ended = await withRecord(chain.suite.record, () =>
          hardhat(chain.anvil.url, "ops", ...verb, ...options, "--account", stranger!.address),
        );
        expect(ended.exitCode).to.equal(2);
        expect(ended.stderr).to.include("UPGRADER");
        const { length } = ended.stderr.match(/--implementation 0x\w{40} in the place of --deploy/g)!;
        expect(length, "once it is sent, and once the plan has failed").to.equal(2);
      });
    }

    it("is named by whatever fails after it", async () => {
      const work = () =>
        faultOf(
          namingDeployed((isDeployed) => {
            isDeployed("0xabc");
            return Promise.reject(new Fault("Several accounts hold UPGRADER."));
          }),
        );
      const { told, result } = await asked(undefined, work);
      expect(result).to.equal("Several accounts hold UPGRADER.");
      expect(told).to.include("--implementation 0xabc in the place of --deploy");
    });
  });

  it("refuses, before anybody is asked, what costs more than a transaction may", async () => {
    const before = await sent();
    process.env.HOLDFAST_MAX_COST = "0.000001";
    try {
      const { told, result } = await asked("EscrowNext", () => faultOf(deploy(true)));
      expect(result).to.match(/would cost up to .* more than 0\.000001: it was not signed/);
      expect(told).to.equal("");
    } finally {
      delete process.env.HOLDFAST_MAX_COST;
    }
    expect(await sent()).to.equal(before);
  });

  for (const typed of ["yes", "", undefined]) {
    it(`sends nothing if ${typed === undefined ? "nobody answers" : `somebody types "${typed}"`}`, async () => {
      const before = await sent();
      const { result } = await asked(typed, () => faultOf(deploy(false)));
      expect(result).to.include("It was not confirmed; nothing was sent");
      expect(await sent()).to.equal(before);
    });
  }

  it("sends without asking with --yes, and tells all the same", async () => {
    const before = await sent();
    const { told } = await asked(undefined, () => deploy(true));
    expect(told).to.include("Deploying EscrowNext").and.not.include("Type");
    expect(await sent()).to.equal(before + 1);
  });

  for (const [mode, shows] of [
    ["dry-run", true],
    ["read-only", false],
  ] as const) {
    it(`sends nothing when it is ${mode}, with --yes or without`, async () => {
      const { mode: former } = hre.globalOptions;
      const before = await sent();
      (hre.globalOptions as { mode?: string }).mode = mode;
      try {
        for (const yes of [true, false]) {
          const { told, result } = await asked("EscrowNext", () => faultOf(deploy(yes)));
          expect(result).to.include("nothing was done");
          expect(told.includes("Deploying EscrowNext")).to.equal(shows);
        }
      } finally {
        (hre.globalOptions as { mode?: string }).mode = former;
      }
      expect(await sent()).to.equal(before);
    });
  }
});
