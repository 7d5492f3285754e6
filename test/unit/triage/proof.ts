import { expect } from "chai";
import { id, type Block, type Filter, type TransactionReceipt } from "ethers";
import hre from "hardhat";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/record.js";
import type { Proof } from "../../../scripts/lib/triage/proof.js";
import { exitCodeOf, parseAmount, tokenOf, witnessesOf } from "../../../scripts/triage/verify-proof.js";
import { ended } from "../../support/ended.js";
import { town, type Town } from "./fixture.js";

describe("a proof of payment", () => {
  let at: Town;
  before(async () => (at = await town()));
  afterEach(() => at.reset());

  /** Names of the checks that did not pass. */
  const failing = ({ checks }: Proof) =>
    checks.filter(({ passed }) => passed !== true).map(({ name }) => name);
  const sentenceOf = ({ checks }: Proof, name: string) =>
    checks.find((check) => check.name === name)!.sentence;

  it("is one that passes every check", async () => {
    const { paymentId, transaction, terms } = await at.deposit();
    const { buyer, seller, token, amount } = terms;
    const proof = await at.verify({ paymentId, transaction, buyer, seller, token, amount });
    expect([proof.verdict, failing(proof)]).to.deep.equal(["proved", []]);
    expect(proof.checks.map(({ name }) => name)).to.deep.equal([
      ...["chain", "mined", "success", "canonical", "endpoints", "confirmations"],
      ...["escrow", "terms", "token", "amount", "buyer", "seller", "reference", "once", "state"],
    ]);
    expect(sentenceOf(proof, "amount")).to.equal("1.0 USDC; 1.0 USDC arrived.");
    expect(sentenceOf(proof, "state")).to.include("Funded");
  });

  it("stays one when the payment has moved on", async () => {
    const { paymentId, transaction, terms } = await at.deposit();
    await at.suite.escrow.connect(at.buyer).release(terms, terms.amount);
    const proof = await at.verify({ paymentId, transaction });
    expect(proof.verdict).to.equal("proved");
    expect(sentenceOf(proof, "state")).to.include("Closed");
  });

  it("may be one of several deposits in a transaction, each paid for", async () => {
    const { escrow } = at.suite;
    const both = [await at.termsFor(), await at.termsFor({ amount: 5n })];
    const calls = both.map((terms) => escrow.interface.encodeFunctionData("deposit", [terms]));
    const { hash: transaction } = await escrow.connect(at.buyer).multicall(calls);
    for (const terms of both) {
      const proof = await at.verify({ paymentId: await escrow.hashPayment(terms), transaction });
      expect(proof.verdict).to.equal("proved");
      expect(sentenceOf(proof, "amount")).to.include("1.000005 USDC arrived for the 2 payments");
    }
  });

  it("is not one that fakes the escrow's event", async () => {
    const terms = await at.termsFor();
    const paymentId = await at.suite.escrow.hashPayment(terms);
    const impostor = await (await at.ethers.deployContract("LogEmitter")).getAddress();
    const transaction = await at.emitAt(impostor, [at.created(paymentId, terms)]);
    const proof = await at.verify({ paymentId, transaction });
    expect([proof.verdict, failing(proof)]).to.deep.equal(["refuted", ["escrow"]]);
    expect(sentenceOf(proof, "escrow")).to.include(`${impostor} imitates it`);
  });

  it("is not a transaction that failed", async () => {
    const { paymentId, terms } = await at.deposit();
    const { provider } = at.connection;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const { hash: transaction } = await at.suite.escrow
      .connect(at.buyer)
      .deposit(terms, { gasLimit: 500_000 });
    await at.networkHelpers.mine();
    await provider.request({ method: "evm_setAutomine", params: [true] });
    const proof = await at.verify({ paymentId, transaction });
    expect([proof.verdict, failing(proof)]).to.deep.equal(["refuted", ["success"]]);
  });

  it("is not a transfer of another token of the same symbol", async () => {
    const { paymentId } = await at.deposit();
    const fake = await at.ethers.deployContract("TestUSDC");
    expect(await fake.symbol()).to.equal("USDC");
    await fake.mint(at.buyer.address, 1_000_000n);
    const { hash: transaction } = await fake
      .connect(at.buyer)
      .transfer(await at.suite.escrow.getAddress(), 1_000_000n);
    const proof = await at.verify({ paymentId, transaction });
    expect(failing(proof)).to.deep.equal(["escrow"]);
    expect(sentenceOf(proof, "escrow")).to.equal("The escrow made no payment in it.");
  });

  it("is not a bare transfer of the right token either: nobody's payment", async () => {
    const { paymentId } = await at.deposit();
    const { usdc, escrow } = at.suite;
    const { hash: transaction } = await usdc
      .connect(at.buyer)
      .transfer(await escrow.getAddress(), 1_000_000n);
    expect(failing(await at.verify({ paymentId, transaction }))).to.deep.equal(["escrow"]);
  });

  it("is not a deposit of another token, amount, buyer or seller than was claimed", async () => {
    const { paymentId, transaction } = await at.deposit();
    const someone = at.stranger.address;
    for (const [name, claimed] of [
      ["token", { token: await at.suite.usdt.getAddress() }],
      ["amount", { amount: 1_000_001n }],
      ["buyer", { buyer: someone }],
      ["seller", { seller: someone }],
    ] as const) {
      const proof = await at.verify({ paymentId, transaction, ...claimed });
      expect([proof.verdict, failing(proof)], name).to.deep.equal(["refuted", [name]]);
    }
  });

  it("may be one in a token that the escrow was configured for later, told for what it is", async () => {
    const { token, made } = await at.depositInNewToken("USDC");
    const { paymentId, transaction } = made;
    const proof = await at.verify({ paymentId, transaction, amount: 7n, token: token.toLowerCase() });
    expect([proof.verdict, failing(proof)]).to.deep.equal(["proved", []]);
    expect(sentenceOf(proof, "token")).to.equal(
      `It is in “USDC” (${token}), which the deployment record does not know. The escrow was configured for it.`,
    );
    expect(sentenceOf(proof, "amount")).to.include(`0.000007 “USDC” (${token})`);
    // Of the same symbol it still is another token.
    const usdc = await at.suite.usdc.getAddress();
    expect(failing(await at.verify({ paymentId, transaction, token: usdc }))).to.deep.equal(["token"]);
  });

  it("is not a deposit of a token that the escrow was never configured for", async () => {
    const fake = await at.ethers.deployContract("TestUSDC");
    const terms = await at.termsFor({ token: await fake.getAddress() });
    const paymentId = await at.suite.escrow.hashPayment(terms);
    const escrow = await at.suite.escrow.getAddress();
    const transaction = await at.emitAt(escrow, [at.created(paymentId, terms)]);
    const proof = await at.verify({ paymentId, transaction });
    expect(failing(proof)).to.include("token");
    expect(sentenceOf(proof, "token")).to.include("the escrow was never configured for it");
  });

  it("is not the deposit of another payment", async () => {
    const [mine, theirs] = [await at.deposit(), await at.deposit()];
    const proof = await at.verify({ paymentId: mine.paymentId, transaction: theirs.transaction });
    expect(failing(proof)).to.deep.equal(["escrow"]);
    expect(sentenceOf(proof, "escrow")).to.equal(
      `It is the deposit of another payment: ${theirs.paymentId}.`,
    );
  });

  it("is not one in another escrow", async () => {
    const { paymentId, transaction } = await at.deposit();
    const { record } = at.suite;
    const elsewhere = { ...record.contracts.escrow, address: at.stranger.address };
    const other: DeploymentRecord = { ...record, contracts: { ...record.contracts, escrow: elsewhere } };
    const proof = await at.verify({ paymentId, transaction }, { record: other });
    expect(failing(proof)).to.deep.equal(["escrow"]);
    expect(sentenceOf(proof, "escrow")).to.include("or is another escrow");
  });

  it("is not one on another chain, whatever is asked there", async () => {
    const { paymentId, transaction } = await at.deposit();
    const record = { ...at.suite.record, chainId: 11155111 };
    const proof = await at.verify({ paymentId, transaction }, { record });
    expect(proof.checks).to.deep.equal([
      {
        name: "chain",
        passed: false,
        sentence: "The endpoint is of chain 31337, and the escrow on chain 11155111.",
      },
    ]);
  });

  it("is not one whose terms do not hash to the id", async () => {
    const terms = await at.termsFor();
    const address = await at.suite.escrow.getAddress();
    const transaction = await at.emitAt(address, [at.created(id("made up"), terms)]);
    expect(failing(await at.verify({ paymentId: id("made up"), transaction }))).to.include.members([
      "terms",
      "amount",
    ]);
  });

  it("is not one that came twice", async () => {
    const { paymentId, transaction, terms } = await at.deposit();
    const again = await at.emitAt(await at.suite.escrow.getAddress(), [at.created(paymentId, terms)]);
    const proof = await at.verify({ paymentId, transaction });
    expect(failing(proof)).to.deep.equal(["once"]);
    expect(sentenceOf(proof, "once")).to.include(again);
  });

  it("is one from the last block on that it needs", async () => {
    const { paymentId, transaction } = await at.deposit();
    await at.networkHelpers.mine(10);
    const early = await at.verify({ paymentId, transaction }, { confirmations: 12 });
    expect([early.verdict, failing(early)]).to.deep.equal(["refuted", ["confirmations"]]);
    expect(sentenceOf(early, "confirmations")).to.equal("Only 11 of 12; look again later.");
    await at.networkHelpers.mine();
    expect((await at.verify({ paymentId, transaction }, { confirmations: 12 })).verdict).to.equal("proved");
  });

  it("is not a transaction that does not exist, or waits", async () => {
    const { paymentId } = await at.deposit();
    const invented = await at.verify({ paymentId, transaction: id("invented") });
    expect(failing(invented)).to.deep.equal(["mined"]);
    expect(sentenceOf(invented, "mined")).to.include("no such transaction");

    const { provider } = at.connection;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const terms = await at.termsFor();
    const { hash: transaction } = await at.suite.escrow
      .connect(at.buyer)
      .deposit(terms, { gasLimit: 500_000 });
    const waiting = await at.verify({ paymentId: await at.suite.escrow.hashPayment(terms), transaction });
    await provider.request({ method: "evm_setAutomine", params: [true] });
    expect(sentenceOf(waiting, "mined")).to.equal("It waits to be mined, and proves nothing yet.");
  });

  it("is not one in a block that a reorganisation took away", async () => {
    const { paymentId, transaction } = await at.deposit();
    const provider = at.lying({
      getBlock: async (tag: number) => {
        const block = (await at.ethers.provider.getBlock(tag))!;
        return { ...block, hash: id("other") } as Block;
      },
    });
    const proof = await at.verify({ paymentId, transaction }, { witnesses: [{ label: "here", provider }] });
    expect([proof.verdict, failing(proof)]).to.deep.equal(["refuted", ["canonical"]]);
  });

  it("is not one of which another endpoint says otherwise, and unknown if that is silent", async () => {
    const { paymentId, transaction } = await at.deposit();
    const verdictWith = async (receipt: () => Promise<Partial<TransactionReceipt> | null>) => {
      const other = { label: "other", provider: at.lying({ getTransactionReceipt: receipt }) };
      const proof = await at.verify(
        { paymentId, transaction },
        { witnesses: [{ label: "here", provider: at.ethers.provider }, other] },
      );
      return [proof.verdict, sentenceOf(proof, "endpoints")];
    };
    const real = (await at.ethers.provider.getTransactionReceipt(transaction))!;
    expect(await verdictWith(() => Promise.resolve(real))).to.deep.equal(["proved", "other says the same."]);
    const [none, says] = await verdictWith(() => Promise.resolve(null));
    expect(none).to.equal("refuted");
    expect(says).to.include("other says otherwise of mined: ");
    expect(await verdictWith(() => Promise.resolve({ ...real, blockNumber: 1 }))).to.deep.equal([
      "refuted",
      "other says otherwise of mined: It is in block 1.",
    ]);
    expect(await verdictWith(() => Promise.resolve({ ...real, status: 0 }))).to.deep.equal([
      "refuted",
      "other says otherwise of success: It failed, so it moved nothing.",
    ]);
    expect(await verdictWith(() => Promise.reject(new Error("down: http://key@host/secret")))).to.deep.equal([
      "unknown",
      "other does not tell: down: <url>.",
    ]);
  });

  describe("by an endpoint that gives one transaction the logs of another", () => {
    /** `liar` says of `transaction`, which is no deposit, that it is that of `paymentId`. */
    const forged = async () => {
      const { provider } = at.ethers;
      const { paymentId, transaction: deposit } = await at.deposit();
      const { hash: transaction } = await at.suite.usdc
        .connect(at.buyer)
        .transfer(await at.suite.escrow.getAddress(), 1_000_000n);
      const { logs } = (await provider.getTransactionReceipt(deposit))!;
      const liar = at.lying({
        getTransactionReceipt: async (hash: string) => ({
          ...(await provider.getTransactionReceipt(hash)),
          logs,
        }),
        getLogs: async (filter: Filter) =>
          (await provider.getLogs(filter)).map((log) => ({ ...log, transactionHash: transaction })),
      });
      return { paymentId, transaction, liar: { label: "liar", provider: liar } };
    };

    it("is refuted by an honest one, whichever is asked first", async () => {
      const { paymentId, transaction, liar } = await forged();
      const alone = await at.verify({ paymentId, transaction }, { witnesses: [liar] });
      expect(alone.verdict, "or nothing is tested").to.equal("proved");
      const honest = { label: "honest", provider: at.ethers.provider };
      for (const witnesses of [
        [liar, honest],
        [honest, liar],
      ]) {
        const proof = await at.verify({ paymentId, transaction }, { witnesses });
        expect(proof.verdict).to.equal("refuted");
        expect(failing(proof)).to.include("endpoints");
      }
      const { checks } = await at.verify({ paymentId, transaction }, { witnesses: [liar, honest] });
      expect(checks.find(({ name }) => name === "endpoints")!.sentence).to.equal(
        "honest says otherwise of escrow: The escrow made no payment in it.",
      );
    });

    it("is refuted where only the payment's state is made up", async () => {
      const { paymentId, transaction } = await at.deposit();
      const call = at.ethers.provider.call.bind(at.ethers.provider);
      const state = at.suite.escrow.interface.encodeFunctionResult("paymentState", [
        [3, 0, 0, 0, 0],
      ] as never);
      const selector = at.suite.escrow.interface.getFunction("paymentState").selector;
      const liar = at.lying({
        call: (asked: { data: string }) =>
          asked.data.startsWith(selector) ? Promise.resolve(state) : call(asked),
      });
      const witnesses = [
        { label: "here", provider: at.ethers.provider },
        { label: "liar", provider: liar },
      ];
      const proof = await at.verify({ paymentId, transaction }, { witnesses });
      expect([proof.verdict, failing(proof)]).to.deep.equal(["refuted", ["endpoints"]]);
    });

    it("is not told by one that answers with the receipt of another transaction altogether", async () => {
      const { paymentId, transaction } = await at.deposit();
      const real = (await at.ethers.provider.getTransactionReceipt(transaction))!;
      const provider = at.lying({ getTransactionReceipt: () => Promise.resolve(real) });
      const proof = await at.verify(
        { paymentId, transaction: id("another") },
        { witnesses: [{ label: "here", provider }] },
      );
      expect(proof.verdict).to.equal("unknown");
    });
  });

  it("is unknown while an endpoint that was named does not answer, or is of another chain", async () => {
    const { paymentId, transaction } = await at.deposit();
    const head = { chainId: 31337, block: 1, hash: id("x"), time: 1 };
    const looks = [
      { endpoint: { url: "http://127.0.0.1:1", label: "here" }, head },
      { endpoint: { url: "http://127.0.0.1:2", label: "dead" }, problem: "ECONNREFUSED" },
      { endpoint: { url: "http://127.0.0.1:3", label: "elsewhere" }, head: { ...head, chainId: 1 } },
    ];
    const { witnesses, silent } = await witnessesOf({ looks, chainId: 31337 });
    for (const { close } of witnesses) close();
    expect(witnesses.map(({ label }) => label)).to.deep.equal(["here"]);
    const proof = await at.verify({ paymentId, transaction }, { silent });
    expect([proof.verdict, failing(proof)]).to.deep.equal(["unknown", ["endpoints", "endpoints"]]);
    const told = proof.checks.filter(({ name }) => name === "endpoints").map(({ sentence }) => sentence);
    expect(told).to.deep.equal([
      "dead does not tell: ECONNREFUSED.",
      "elsewhere does not tell: it is of chain 1, not 31337.",
    ]);
    const none = await witnessesOf({ looks: looks.slice(1), chainId: 31337 }).catch(
      (fault: Error) => fault.message,
    );
    expect(none).to.include("No endpoint answers for chain 31337").and.include("elsewhere: it is of chain 1");
  });

  it("is not told by an endpoint that is behind another one, or stands still", async () => {
    const chainId = 11155111;
    const now = Math.floor(Date.now() / 1000);
    const looksAt = (label: string, block: number, time: number) => ({
      endpoint: { url: "http://127.0.0.1:1", label },
      head: { chainId, block, time, hash: id(label) },
    });
    const told = async (on: number, ...looks: ReturnType<typeof looksAt>[]) => {
      const asked = looks.map(({ endpoint, head }) => ({ endpoint, head: { ...head, chainId: on } }));
      const { witnesses, silent, seen } = await witnessesOf({ looks: asked, chainId: on });
      for (const { close } of witnesses) close();
      return { labels: witnesses.map(({ label }) => label), silent, seen };
    };
    const [fresh, close] = [looksAt("fresh", 121, now), looksAt("close", 101, now - 240)];
    const [behind, still] = [looksAt("behind", 100, now), looksAt("still", 121, now - 1_020)];
    expect(await told(chainId, fresh, behind, close, still)).to.deep.equal({
      labels: ["fresh", "close"],
      silent: [
        { label: "behind", why: "it is 21 blocks behind another one" },
        { label: "still", why: "its last block is 17 minutes old" },
      ],
      seen: 121,
    });
    expect((await told(31337, still)).labels, "a local chain's time is its own").to.deep.equal(["still"]);
    const fault = await told(chainId, still).catch((problem: Fault) => problem);
    expect(fault).to.be.instanceOf(Fault);
    expect((fault as Fault).message).to.equal(
      `No endpoint answers for chain ${chainId} as it is now, so nothing can be told:\n` +
        "  still: its last block is 17 minutes old",
    );
  });

  it("is unknown, whatever the others say, while one is far behind, and never judged as of where that is", async () => {
    const { paymentId, transaction, terms } = await at.deposit();
    await at.networkHelpers.mine(12);
    const { provider } = at.ethers;
    const stuck = await provider.getBlockNumber();
    await at.suite.escrow.connect(at.seller).refund(terms, terms.amount);
    await at.networkHelpers.mine(20);
    const here = { label: "here", provider };
    const behind = { label: "behind", provider: at.lying({ getBlockNumber: () => Promise.resolve(stuck) }) };
    for (const witnesses of [
      [here, behind],
      [behind, here],
    ]) {
      const proof = await at.verify({ paymentId, transaction }, { witnesses, confirmations: 12 });
      expect([proof.verdict, proof.mayDeliver, exitCodeOf(proof)]).to.deep.equal(["unknown", false, 2]);
      expect(proof.now?.money).to.equal("returned");
      expect(sentenceOf(proof, "endpoints")).to.equal(
        "behind does not tell: it is 21 blocks behind what was seen of the chain.",
      );
    }
    // One behind whose name several nodes stand, of which an old one answers at last.
    const alone = await at.verify({ paymentId, transaction }, { witnesses: [behind], seen: stuck + 21 });
    expect([alone.verdict, alone.now, failing(alone)]).to.deep.equal(["unknown", null, ["endpoints"]]);
    const near = await at.verify({ paymentId, transaction }, { witnesses: [behind], seen: stuck + 20 });
    expect(near.verdict).to.equal("proved");
  });

  describe("as it is typed", () => {
    const { error: print } = console;
    afterEach(() => {
      console.error = print;
    });
    const type = async (args: Record<string, string>) => {
      const said: string[] = [];
      console.error = (line: unknown) => said.push(String(line));
      const { exits } = await ended(() => hre.tasks.getTask(["triage", "verify-proof"]).run(args));
      return [said.join("\n"), exits] as const;
    };

    it("is refused with a sentence if it is no hash, or names no payment", async () => {
      for (const transaction of ["0x12", "my payment", `0x${"g".repeat(64)}`, `0x${"1".repeat(65)}`, ""]) {
        const [said, code] = await type({ transaction, payment: id("payment") });
        expect(said, transaction).to.include("A transaction is named by its hash");
        expect(code).to.equal(2);
      }
      const transaction = id("transaction");
      expect((await type({ transaction }))[0]).to.include("Say which payment with --payment");
      expect((await type({ transaction, payment: "7" }))[0]).to.include("--payment is a paymentId");
    });

    it("has a token by its symbol in the record, or by its address in any case that is valid", async () => {
      const { record, usdc } = at.suite;
      const address = await usdc.getAddress();
      for (const text of ["USDC", address, address.toLowerCase(), `0x${address.slice(2).toUpperCase()}`])
        expect((await tokenOf(text, record, []))?.address, text).to.equal(address);
      expect(await tokenOf("usdc", record, [])).to.equal(undefined);
    });

    it("has an amount in a token that the record does not know if all endpoints tell its decimals", async () => {
      const { token } = await at.depositInNewToken("PLAIN");
      const here = { label: "here", provider: at.ethers.provider };
      expect(await tokenOf(token.toLowerCase(), at.suite.record, [here])).to.include({ decimals: 6 });
      const silent = { label: "silent", provider: at.lying({ call: () => Promise.reject(new Error("no")) }) };
      expect(await tokenOf(token, at.suite.record, [here, silent])).to.equal(undefined);
    });

    it("has an amount in whole tokens, to the last digit that the token has", () => {
      expect(parseAmount("1250.5", 6)).to.equal(1_250_500_000n);
      for (const text of ["1,250.50", "-1", "1e3", "0.0000001", "", "1."])
        expect(() => parseAmount(text, 6), text).to.throw("--amount is in whole tokens");
    });
  });
});
