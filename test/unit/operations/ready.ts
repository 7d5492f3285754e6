import { readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import { HDNodeWallet, Interface, Mnemonic, type TypedDataField } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import type { Collecting } from "../../../scripts/lib/operations/consents.js";
import type { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { findProgress } from "../../../scripts/lib/operations/progress.js";
import { signaturesFolder, writeRaw } from "../../../scripts/lib/operations/raw.js";
import { findReadiness, type OperationReadiness } from "../../../scripts/lib/operations/ready.js";
import { hindrancesOf } from "../../../scripts/lib/operations/readiness.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { readRegister, type Registered } from "../../../scripts/lib/operations/register.js";
import { readStatus } from "../../../scripts/lib/operations/status.js";
import { toRollBack, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { requireWayBack } from "../../../scripts/lib/operations/way-back.js";
import type { Given } from "../../../scripts/lib/safe/collect.js";
import { ServiceDown } from "../../../scripts/lib/safe/service-answer.js";
import { askedOnce } from "../../../scripts/lib/safe/service-once.js";
import type { TransactionService } from "../../../scripts/lib/safe/service.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import { toSign } from "../../../scripts/lib/signers/transaction.js";
import { formatReadiness } from "../../../scripts/ops/ready.js";
import { hardhat, withRecord } from "../../support/command-line.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { AdminChain } from "../../support/operations.js";
import { createSafe } from "../../support/safes.js";

const DAY = 86_400;
const OWNER_MANAGER = new Interface([
  "function changeThreshold(uint256)",
  "function swapOwner(address previous, address old, address next)",
]);
/** Anvil's accounts. */
const keyOf = (index: number) =>
  HDNodeWallet.fromMnemonic(
    Mnemonic.fromPhrase("test test test test test test test test test test test junk"),
    `m/44'/60'/0'/0/${index}`,
  );
const KEY = 18;

/** A 2-of-3 Safe guards, of which a Safe is an owner; so does a key. The upgrade is carried out. */
describe("what is kept ready", function () {
  let chain: AdminChain;
  let people: Awaited<ReturnType<AdminChain["connection"]["ethers"]["getSigners"]>>;
  const safes = { guardian: "", nested: "" };
  let opened: OpenManifest;
  let ofKey: OpenManifest;

  before(async () => {
    chain = await AdminChain.start(async (connection) => {
      people = (await connection.ethers.getSigners()).slice(11, 18);
      const [alice, bob, carol, dave] = people.map(({ address }) => address) as [
        string,
        string,
        string,
        string,
      ];
      const make = (version: "1.5.0" | "1.4.1", ...owners: string[]) =>
        createSafe(connection, { version, owners, threshold: 2 });
      safes.nested = await make("1.4.1", carol, dave);
      safes.guardian = await make("1.5.0", alice, bob, safes.nested);
      return { GUARDIAN: [safes.guardian, keyOf(KEY).address] };
    });
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    const plan = (guardian: string) =>
      chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade", guardian });
    opened = await plan(safes.guardian);
    ofKey = await plan(keyOf(KEY).address);
    // The first rungs by Alice and Bob, the second by Alice and the Safe of Carol and Dave.
    for (const step of ["rollback-1", "pause-1"]) await signAll(step, 0, 1);
    for (const step of ["rollback-2", "pause-2"]) await signAll(step, 0, 2, 3);
    for (const { id } of ofKey.manifest.steps.filter(({ branch }) => branch === "ready")) {
      const transaction = toSign(ofKey.transaction(id));
      transaction.signature = keyOf(KEY).signingKey.sign(transaction.unsignedHash);
      await writeRaw(ofKey, id, transaction.serialized);
    }
    await chain.carryOut(opened, "schedule");
    await chain.keep();
  });
  afterEach(() => chain.reset());
  after(() => chain.stop());

  const signAll = async (step: string, ...signers: number[]) => {
    for (const signer of signers) await chain.sign(opened, step, people[signer]!);
  };
  const execute = () => chain.carryOut(opened, "execute");
  const bySafe = (data: string) => chain.sendAs(safes.guardian, { to: safes.guardian, data });
  const useNonces = (nonce: number) =>
    chain.send("anvil_setStorageAt", safes.guardian, `0x${"0".repeat(63)}5`, `0x${"0".repeat(63)}${nonce}`);
  const look = async (collecting: Collecting = {}): Promise<OperationReadiness> => {
    const { provider } = chain.connection.ethers;
    const register = await readRegister(provider, chain.deployed.record, chain.folder);
    const { operations } = await findReadiness(chain.suite, register, { ahead: true, collecting });
    return operations.find(({ number }) => number === 1)!;
  };
  const uncovered = async () => {
    const register = await readRegister(
      chain.connection.ethers.provider,
      chain.deployed.record,
      chain.folder,
    );
    return (await findReadiness(chain.suite, register, { ahead: false })).uncovered;
  };
  const verdicts = ({ steps }: OperationReadiness) =>
    Object.fromEntries(steps.map(({ step, verdict }) => [step, verdict]));
  const whyOf = ({ steps }: OperationReadiness, step: string) =>
    steps.find((found) => found.step === step)!.why.join(" ");

  it("works now, or after what its nonce lets go first, by keys and by a Safe's own owners (ERC-1271)", async () => {
    await execute();
    const found = await look();
    expect(verdicts(found)).to.deep.equal({
      "rollback-1": "works",
      "rollback-2": "later",
      "pause-1": "works",
      "pause-2": "later",
    });
    expect(found.steps.find(({ step }) => step === "rollback-2")!.ahead).to.equal(1);
    expect(found.attention).to.deep.equal([]);
  });

  it("works with what a transaction service holds, or what its sender is an owner to send", async () => {
    const unsigned = await chain.again(opened);
    const step = unsigned.step("pause-1");
    const { provider } = chain.connection.ethers;
    const progress = await findProgress(provider, unsigned);
    const looking = { provider, record: chain.deployed.record, opened: unsigned, step, progress };
    const [alice, bob] = people as [(typeof people)[0], (typeof people)[0]];
    await chain.sign(unsigned, step.id, alice);
    expect((await hindrancesOf(looking)).join()).to.include("1 of 2 signatures is missing");
    expect(await hindrancesOf(looking, { executor: bob.address })).to.deep.equal([]);
    expect((await hindrancesOf(looking, { executor: alice.address })).join()).to.include("1 of 2 signatures");

    const transaction = unsigned.safeTransaction(step.id);
    const { domain, types, message } = unsigned.requests(step.id)[0]!.message;
    const data = await bob.signTypedData(domain, types as Record<string, TypedDataField[]>, message);
    const signature = { kind: "ecdsa", owner: bob.address, data } as const;
    const given: Given = { signatures: [{ source: "service", onBehalfOf: [], signature }], refused: [] };
    const asked: SafeTransaction[] = [];
    const service = {
      signatures: (wanted: SafeTransaction) => {
        asked.push(wanted);
        return Promise.resolve(given);
      },
    } as unknown as TransactionService;
    expect(await hindrancesOf(looking, { service })).to.deep.equal([]);
    expect(asked[0]).to.deep.equal(transaction);
    // What waits for its turn is tried out with them as well, on a fork.
    const later = await look({ executor: people[2]!.address, service });
    expect(verdicts(later)).to.include({ "pause-1": "works", "pause-2": "later" });
  });

  it("does not need a service that is out of order if the signatures are in the folder", async () => {
    const service = {
      signatures: () => Promise.reject(new Fault("The transaction service is out of order.")),
    } as unknown as TransactionService;
    expect(verdicts(await look({ service }))).to.include({ "pause-1": "works" });
  });

  it("asks a service that is out of order once, and says so once, whatever it looks at", async () => {
    await execute();
    let asked = 0;
    const told: string[] = [];
    const down = {
      signatures: () => {
        asked += 1;
        return Promise.reject(new ServiceDown("The transaction service is out of order."));
      },
    } as unknown as TransactionService;
    const service = askedOnce(down, (sentence) => void told.push(sentence));
    expect(verdicts(await look({ service }))).to.include({ "rollback-1": "works", "pause-2": "later" });
    expect(asked).to.equal(1);
    expect(told.join()).to.include("is out of order. It is not asked any more");
    expect(told).to.have.length(1);
  });

  it("says what each waits for, and what to do, in a table", async () => {
    await execute();
    const page = formatReadiness([await look()], [], Date.now() / 1000);
    expect(page).to.match(/rollback-1 +│ 0 +│ works now/);
    expect(page).to.match(/rollback-2 +│ 1 +│ works later .*Its nonce is 1/);
  });

  it("waits for the upgrade to be executed, and is tried out on a fork on which it is", async () => {
    const found = await look();
    expect(found.standing).to.equal("under way");
    expect(verdicts(found)).to.include({ "rollback-1": "later", "pause-1": "works" });
    expect(whyOf(found, "rollback-1")).to.equal("It is for after execute, which was not carried out.");
    expect(found.attention).to.deep.equal([]);
  });

  it("has a rung that works after another transaction took the first one's nonce", async () => {
    await execute();
    await useNonces(1);
    const found = await look();
    expect(verdicts(found)).to.deep.equal({
      "rollback-1": "dead",
      "rollback-2": "works",
      "pause-1": "dead",
      "pause-2": "works",
    });
    expect(whyOf(found, "rollback-1")).to.equal(`Its nonce is 0 and ${safes.guardian} is at 1: it is used.`);
    expect(found.attention).to.deep.equal([]);
  });

  it("needs attention once every nonce is used", async () => {
    await execute();
    await useNonces(2);
    expect((await look()).attention).to.deep.equal([
      "No rollback that was signed with operation 1 would work.",
      "No pause that was signed with operation 1 would work.",
    ]);
  });

  it("lacks the signature of an owner who was removed", async () => {
    await execute();
    const [alice, bob, , , erin] = people.map(({ address }) => address);
    await bySafe(OWNER_MANAGER.encodeFunctionData("swapOwner", [alice, bob, erin]));
    const found = await look();
    expect(verdicts(found)).to.include({ "rollback-1": "unsigned", "rollback-2": "later" });
    expect(whyOf(found, "rollback-1")).to.include(`${bob} is no owner of the Safe ${safes.guardian}`);
    expect(found.attention).to.include("No rollback that was signed with operation 1 would work.");
  });

  it("lacks a signature of the Safe whose own owner was replaced", async () => {
    await execute();
    await useNonces(1);
    const [, , carol, dave, erin] = people.map(({ address }) => address);
    await chain.sendAs(safes.nested, {
      to: safes.nested,
      data: OWNER_MANAGER.encodeFunctionData("swapOwner", [carol, dave, erin]),
    });
    expect(verdicts(await look())["rollback-2"]).to.equal("unsigned");
  });

  it("lacks a signature once the threshold is raised", async () => {
    await execute();
    await bySafe(OWNER_MANAGER.encodeFunctionData("changeThreshold", [3]));
    const found = await look();
    expect(verdicts(found)["rollback-1"]).to.equal("unsigned");
    expect(whyOf(found, "rollback-1")).to.include("1 of 3 signatures is missing");
  });

  it("is missed where the operation's whole folder is missing, for as long as its upgrade can be taken back", async () => {
    const elsewhere = `${chain.folder}-elsewhere`;
    expect(await uncovered()).to.deep.equal([]);
    await execute();
    expect(await uncovered()).to.deep.equal([]);
    await rename(chain.folder, elsewhere);
    try {
      const [sentence, ...others] = await uncovered();
      const { before, after } = opened.manifest.proxies[0]!;
      expect(others).to.deep.equal([]);
      expect(sentence)
        .to.include(`escrow was upgraded from ${before.implementation} to ${after.implementation}`)
        .and.include("get its folder from version control")
        .and.include("ops plan rollback");
      const ended = await withRecord(chain.deployed.record, () =>
        hardhat(chain.anvil.url, "ops", "ready", "--json"),
      );
      expect((JSON.parse(ended.stdout) as { attention: string[] }).attention).to.have.length(1);
      expect(ended.exitCode).to.equal(1);
      const { attention } = await readStatus(chain.suite, chain.folder, chain.folder);
      expect(attention).to.include(sentence);

      await chain.pass(chain.deployed.parameters.rollbackWindow + 1);
      expect(await uncovered()).to.deep.equal([]);
    } finally {
      await rename(elsewhere, chain.folder);
    }
  });

  it("is not what covers an upgrade that was made without its steps", async () => {
    const { account, transaction } = opened.step("execute");
    await chain.pass(2 * DAY);
    await chain.send("anvil_setNonce", account, "0x20");
    await chain.sendAs(account, transaction);
    expect((await uncovered()).join()).to.include("no operation here keeps a rollback of it ready");
  });

  describe("for an upgrade of which nothing was", () => {
    const uncover = async () => {
      const { account, transaction } = opened.step("execute");
      await chain.pass(2 * DAY);
      await chain.send("anvil_setNonce", account, "0x20");
      await chain.sendAs(account, transaction);
    };
    /** Plans what is said to be planned, and takes it away after the test. */
    const planned = async (account: string, work: (rollback: OpenManifest) => Promise<void>) => {
      const [, days] = /--valid-for (\d+)d/.exec((await uncovered()).join())!;
      const validFor = Number(days) * DAY;
      const rollback = await chain.plan(toRollBack("escrow"), { verb: "rollback", account, validFor });
      try {
        await work(rollback);
      } finally {
        await rm(rollback.folder, { recursive: true });
      }
    };

    it("is a rollback that is planned, signed and rehearsed, for as long as it can be needed", async () => {
      await uncover();
      await planned(safes.guardian, async (rollback) => {
        const { id } = rollback.manifest.steps[0]!;
        expect((await uncovered()).join(), "unsigned").to.include("keeps a rollback of it ready");
        await chain.sign(rollback, id, people[0]!);
        expect((await uncovered()).join(), "unrehearsed").to.include("keeps a rollback of it ready");
        await rehearse(chain.suite, rollback);
        expect(await uncovered(), "one held back, for who sends it").to.deep.equal([]);
        await chain.sign(rollback, id, people[1]!);
        expect(await uncovered()).to.deep.equal([]);
        await chain.pass(chain.deployed.parameters.rollbackWindow - 3 * DAY);
        expect(await uncovered()).to.deep.equal([]);
      });
    });

    it("is none that a key would have to sign first: its plan is told of once it is rehearsed", async () => {
      await uncover();
      const { address } = keyOf(KEY);
      const none = "no operation here keeps a rollback of it ready";
      await planned(address, async (rollback) => {
        expect((await uncovered()).join(), "unrehearsed").to.include(none);
        await rehearse(chain.suite, rollback);
        const [sentence, ...others] = await uncovered();
        expect(others).to.deep.equal([]);
        expect(sentence)
          .to.include(`is planned and rehearsed, which only ${address} can sign`)
          .and.include(`--operation ${path.basename(rollback.folder)}`);
        const { nonce } = rollback.manifest.steps[0]!;
        await chain.send("anvil_setNonce", address, `0x${(nonce + 1).toString(16)}`);
        expect((await uncovered()).join(), "its nonce is used").to.include(none);
      });
    });
  });

  it("is over with the rollback window, but for the pause", async () => {
    await execute();
    await chain.pass(chain.deployed.parameters.rollbackWindow + 1);
    const found = await look();
    expect(verdicts(found)).to.include({ "rollback-1": "dead", "pause-1": "works" });
    expect(whyOf(found, "rollback-1")).to.include("It was possible until");
    expect(found.attention).to.deep.equal([]);
  });

  it("is dead once the role is revoked", async () => {
    await execute();
    await chain.changeAuthority("revokeRole", [2, safes.guardian]);
    const found = await look();
    expect(new Set(Object.values(verdicts(found)))).to.deep.equal(new Set(["dead"]));
    expect(whyOf(found, "pause-1")).to.equal(`${safes.guardian} does not hold GUARDIAN any more.`);
    expect(found.attention).to.have.length(2);
  });

  it("is dead where other code runs than what it was signed for", async () => {
    await execute();
    await chain.carryOut(opened, "rollback-1");
    const found = await look();
    expect(verdicts(found)["rollback-2"]).to.equal("dead");
    expect(whyOf(found, "rollback-2")).to.include("escrow should run");
    expect(found.attention).to.deep.equal([]);
  });

  it("works whatever has become of the code that it takes back", async () => {
    await execute();
    const { implementation } = opened.manifest.proxies[0]!.after;
    await chain.send("anvil_setCode", implementation, "0x60006000fd");
    const found = await look();
    expect(verdicts(found)).to.include({ "rollback-1": "works" });
    // Such code cannot even be paused.
    expect(found.attention).to.deep.equal(["No pause that was signed with operation 1 would work."]);
  });

  it("is dead if the code that it would put back has changed", async () => {
    await execute();
    const { implementation } = opened.manifest.proxies[0]!.before;
    await chain.send("anvil_setCode", implementation, "0x60006000fd");
    expect(verdicts(await look())).to.include({ "rollback-1": "dead" });
  });

  it("is a danger once nobody wants it: whoever has the files can send it until its nonces are used up", async () => {
    await execute();
    expect((await look()).unwanted).to.deep.equal([]);
    await chain.carryOut(opened, "rollback-1");
    await useNonces(1);
    const found = await look();
    expect(found.unwanted).to.deep.equal([
      `rollback-2, pause-2 of operation 1 (done): anybody who has the files can send what is signed for nonce 1 of ` +
        `${safes.guardian}. Use it up with other transactions of that account, such as one of no coin and no data to itself.`,
    ]);
    expect(formatReadiness([found], [], Date.now() / 1000))
      .to.include("Signed, and wanted by nobody any more:\n  rollback-2, pause-2")
      .and.include("Whatever can still be rolled back");
    const { attention } = await readStatus(chain.suite, chain.folder, chain.folder);
    expect(attention).to.include(found.unwanted[0]);
    await useNonces(2);
    expect((await look()).unwanted).to.deep.equal([]);
  });

  it("is as dangerous when the operation was cancelled, or something else took its place", async () => {
    const { account, transaction, nonce } = opened.step("execute");
    const { accessManager, holders } = chain.deployed;
    await (
      await accessManager.connect(holders.ADMIN).cancel(account, transaction.to, transaction.data)
    ).wait();
    const cancelled = await look();
    expect(cancelled.standing).to.equal("cancelled");
    expect(cancelled.unwanted.join()).to.include(
      "rollback-1, rollback-2, pause-1, pause-2 of operation 1 (cancelled)",
    );
    await chain.reset();
    expect((await look()).unwanted).to.deep.equal([]);
    await chain.send("anvil_setNonce", account, `0x${(nonce + 1).toString(16)}`);
    expect((await look()).unwanted.join())
      .to.include("of operation 1 (under way)")
      .and.include("nonces 0, 1");
  });

  it("is enough with one signature less, which whoever sends it gives", async () => {
    const folder = signaturesFolder(opened);
    const bobs = (await readdir(folder)).filter((file) => file.includes(people[1]!.address));
    const elsewhere = (file: string) => path.join(opened.folder, file);
    for (const file of bobs) await rename(path.join(folder, file), elsewhere(file));
    try {
      const later = await look();
      expect(verdicts(later)).to.include({ "rollback-1": "later", "pause-1": "works" });
      expect(later.attention).to.deep.equal([]);
      // What a dead service does not give is not refused: one signature is held back all the same.
      const service = {
        signatures: () => Promise.reject(new ServiceDown("The transaction service is out of order.")),
      } as unknown as TransactionService;
      expect(verdicts(await look({ service }))).to.include({ "pause-1": "works" });
      expect(whyOf(later, "pause-1")).to.equal(
        `The last signature is that of who sends it: ${people[1]!.address}.`,
      );
      await execute();
      expect(verdicts(await look())).to.include({ "rollback-1": "works" });
      await chain.carryOut(opened, "rollback-1");
      expect((await look()).unwanted.join()).to.include("rollback-2, pause-2 of operation 1");
    } finally {
      for (const file of bobs) await rename(elsewhere(file), path.join(folder, file));
    }
  });

  describe("with one signature held back", () => {
    const elsewhere = (file: string) => path.join(opened.folder, file);
    let bobs: string[];
    before(async () => {
      const files = await readdir(signaturesFolder(opened));
      bobs = files.filter((file) => file.includes(people[1]!.address));
      for (const file of bobs) await rename(path.join(signaturesFolder(opened), file), elsewhere(file));
    });
    after(async () => {
      for (const file of bobs) await rename(elsewhere(file), path.join(signaturesFolder(opened), file));
    });

    it("works beside a service to which it was never proposed", async () => {
      const unknown = "The transaction service at safe.example does not know that (404: Not found.).";
      const service = {
        signatures: () => Promise.reject(new Fault(unknown)),
      } as unknown as TransactionService;
      const found = await look({ service });
      expect(verdicts(found)).to.include({ "rollback-1": "later", "pause-1": "works" });
      expect(found.attention).to.deep.equal([]);
    });

    it("works beside what anybody else has left among the signatures, which is no reason not to upgrade", async () => {
      const { safeTxHash } = opened.step("rollback-1");
      const junk = path.join(signaturesFolder(opened), `${safeTxHash}-x.json`);
      await writeFile(junk, "{}");
      try {
        const found = await look();
        expect(verdicts(found)).to.include({ "rollback-1": "later" });
        expect(found.attention).to.deep.equal([]);
        const { provider } = chain.connection.ethers;
        const progress = await findProgress(provider, opened);
        await requireWayBack(provider, chain.deployed.record, opened, progress);
      } finally {
        await rm(junk);
      }
    });

    it("lacks it if that was given, and is damaged", async () => {
      const { safeTxHash } = opened.step("rollback-1");
      const damaged = path.join(signaturesFolder(opened), `${safeTxHash}-${people[1]!.address}.json`);
      await writeFile(damaged, "{}");
      try {
        expect(verdicts(await look())).to.include({ "rollback-1": "unsigned", "pause-1": "works" });
      } finally {
        await rm(damaged);
      }
    });
  });

  it("of a key is its whole transaction, fees included", async () => {
    await execute();
    const { provider } = chain.connection.ethers;
    const { operations, unreadable } = await readRegister(provider, chain.deployed.record, chain.folder);
    const [first, second] = operations as [Registered, Registered];
    // The same upgrade, but with the other guardian's rungs.
    const register = { unreadable, operations: [{ ...second, progress: first.progress }] };
    const [rich] = (await findReadiness(chain.suite, register)).operations;
    expect(verdicts(rich!)).to.include({ "rollback-1": "works", "rollback-2": "later" });
    await chain.send("anvil_setNextBlockBaseFeePerGas", "0xffffffffff");
    await chain.send("evm_mine");
    const [waiting] = (await findReadiness(chain.suite, register)).operations;
    expect(verdicts(waiting!)).to.include({ "rollback-1": "later", "rollback-2": "later" });
    expect(whyOf(waiting!, "rollback-1")).to.include("It would wait: it pays up to");
    expect(waiting!.attention).to.deep.equal([]);
    await chain.send("anvil_setBalance", keyOf(KEY).address, "0x1");
    const [poor] = (await findReadiness(chain.suite, register)).operations;
    expect(whyOf(poor!, "rollback-1")).to.include("send it coin");
  });
});
