import { readdir, readFile, writeFile } from "node:fs/promises";

import { expect } from "chai";

import { requireSignerOf, wantedOf } from "../../../scripts/lib/operations/ceremony.js";
import { collectFor } from "../../../scripts/lib/operations/consents.js";
import { exchange } from "../../../scripts/lib/operations/exchange.js";
import { digestOf } from "../../../scripts/lib/operations/canonical.js";
import { OpenManifest } from "../../../scripts/lib/operations/open.js";
import { findProgress } from "../../../scripts/lib/operations/progress.js";
import { readRaw, signaturesFolder } from "../../../scripts/lib/operations/raw.js";
import { readRehearsal, writeRehearsal } from "../../../scripts/lib/operations/rehearsal.js";
import { rehearse } from "../../../scripts/lib/operations/rehearse.js";
import { toExtendPause, toUpgrade } from "../../../scripts/lib/operations/verbs.js";
import { openService } from "../../../scripts/lib/safe/service.js";
import { openSigner } from "../../../scripts/lib/signers/open.js";
import { formatQuestion } from "../../../scripts/ops/execute.js";
import { sign } from "../../../scripts/ops/sign.js";
import { formatContent, formatWanted } from "../../../scripts/ops/signing-page.js";
import { keystoreOf, signAs } from "../../support/ceremony.js";
import { deployImplementation } from "../../support/deploy-implementation.js";
import { RpcError, serveJsonRpc } from "../../support/json-rpc-server.js";
import { AdminChain, faultOf } from "../../support/operations.js";
import { kitFor, kitTransaction } from "../../support/protocol-kit.js";
import { createSafe } from "../../support/safes.js";
import { startTransactionService } from "../../support/transaction-service.js";

const DAY = 86_400;

describe("signing an operation", function () {
  let chain: AdminChain;
  let people: string[];
  let key: string;
  const safes = { upgrader: "", nested: "", configurator: "" };
  let planned: { upgrade: OpenManifest; extendPause: OpenManifest };

  before(async () => {
    chain = await AdminChain.start(async (connection) => {
      people = (await connection.ethers.getSigners()).slice(11, 19).map(({ address }) => address);
      const [alice, bob, carol, dave, erin] = people as [string, string, string, string, string];
      key = people[7]!;
      const make = (version: "1.5.0" | "1.4.1", ...owners: string[]) =>
        createSafe(connection, { version, owners, threshold: 2 });
      safes.upgrader = await make("1.4.1", alice, bob, dave);
      safes.nested = await make("1.4.1", carol, dave, erin);
      safes.configurator = await make("1.5.0", alice, safes.nested);
      return { GUARDIAN: [key], UPGRADER: [safes.upgrader], CONFIGURATOR: [safes.configurator] };
    });
    const { connection, deployed } = chain;
    const implementation = await deployImplementation(connection, deployed.record, "escrow", "EscrowNext");
    const request = { proxy: "escrow", implementation, contract: "EscrowNext" } as const;
    planned = {
      upgrade: await chain.plan(toUpgrade(request, { rungs: 2, pauseFor: DAY }), { verb: "upgrade" }),
      extendPause: await chain.plan(toExtendPause({ bits: ["EXITS"], seconds: 30 * DAY, reason: "test" })),
    };
  });
  after(() => chain.stop());

  const provider = () => chain.connection.ethers.provider;
  const upgrade = () => chain.again(planned.upgrade);
  const extendPause = () => chain.again(planned.extendPause);
  const wanted = async (opened: OpenManifest, signer: string) =>
    await wantedOf(opened, signer, await findProgress(provider(), opened));
  const stepsWanted = async (opened: OpenManifest, signer: string) =>
    (await wanted(opened, signer)).map(({ step }) => step.id);
  const missing = async (opened: OpenManifest, step: string) =>
    (await collectFor(provider(), opened, step)).missing;

  it("asks a key for all that is kept ready, and not for what is signed when it is executed", async () => {
    const opened = await upgrade();
    expect(await stepsWanted(opened, key)).to.deep.equal(["rollback-1", "rollback-2", "pause-1", "pause-2"]);
    await signAs(chain.connection, opened, [key]);
    expect(await readRaw(opened, "pause-2")).to.match(/^0x02/);
    expect(await stepsWanted(opened, key)).to.deep.equal([]);
  });

  it("asks an owner for all steps of the Safe in one go, and for no other's", async () => {
    const opened = await upgrade();
    expect(await stepsWanted(opened, people[0]!)).to.deep.equal(["schedule", "execute"]);
    expect(await stepsWanted(opened, people[2]!)).to.deep.equal([]);
    expect(() => requireSignerOf(opened, people[2]!)).to.throw(`${people[2]} has nothing to sign`);
    expect(await missing(opened, "schedule")).to.equal(2);
    await signAs(chain.connection, opened, [people[0]!]);
    expect(await missing(opened, "schedule")).to.equal(1);
  });

  it("asks an owner of a Safe that is an owner for what that Safe answers", async () => {
    const opened = await extendPause();
    const [first] = await wanted(opened, people[2]!);
    expect(first!.signing.onBehalfOf).to.deep.equal([safes.nested]);
    await signAs(chain.connection, opened, [people[0]!, people[2]!]);
    expect(await missing(opened, "schedule")).to.equal(1);
    await signAs(chain.connection, opened, [people[4]!]);
    expect(await missing(opened, "schedule")).to.equal(0);
  });

  it("signs the very hash that Safe's own kit works out", async () => {
    for (const [opened, version, safe] of [
      [await upgrade(), "1.4.1", safes.upgrader],
      [await extendPause(), "1.5.0", safes.configurator],
    ] as const) {
      const kit = await kitFor(chain.connection, version, safe);
      const built = await kitTransaction(kit, opened.safeTransaction("schedule"));
      const direct = opened.step("schedule").signing.find(({ onBehalfOf }) => onBehalfOf.length === 0)!;
      expect(direct.digest).to.equal(await kit.getTransactionHash(built));
    }
  });

  it("keeps what was signed when it is interrupted, and asks only for the rest", async () => {
    const opened = await upgrade();
    const [first] = await wanted(opened, key);
    await first!.obtain(await keystoreOf(key));
    expect(await stepsWanted(opened, key)).to.deep.equal(["rollback-2", "pause-1", "pause-2"]);
  });

  it("signs nothing beside a file that is damaged or altered", async () => {
    const opened = await upgrade();
    const [message] = await signAs(chain.connection, opened, [people[0]!], "schedule");
    const content = await readFile(message!, "utf8");
    await writeFile(message!, content.replace(/("signature": "0x)../, "$1ff"));
    expect(await faultOf(wanted(opened, people[0]!))).to.match(/altered|damaged/);
    await writeFile(message!, "{}");
    expect(await faultOf(wanted(opened, people[0]!))).to.include("delete it and sign again");
    const [raw] = await signAs(chain.connection, opened, [key], "pause-1");
    await writeFile(raw!, (await readFile(raw!, "utf8")).replace("pause-1", "pause-2"));
    expect(await faultOf(wanted(opened, key))).to.include("delete it and sign again");
  });

  it("never lets a wallet send what is to be kept", async () => {
    const opened = await upgrade();
    const wallet = await serveJsonRpc({
      eth_requestAccounts: () => [key],
      eth_chainId: () => "0x7a69",
      eth_signTransaction: () => {
        throw new RpcError(4200, "not supported");
      },
      eth_sendTransaction: () => `0x${"11".repeat(32)}`,
    });
    const signer = await openSigner("wallet", { connection: chain.connection, walletUrl: wallet.url });
    const [first] = await wanted(opened, key);
    expect(await faultOf(first!.obtain(signer))).to.include("can only sign and send at once");
    expect(wallet.asked).to.not.include("eth_sendTransaction");
    await wallet.stop();
  });

  it("shows beforehand what each device of the kind will show, line by line", async () => {
    const opened = await upgrade();
    const [first] = await wanted(opened, people[0]!);
    const page = formatWanted(opened.manifest, first!, { kind: "trezor", address: people[0]! }, "1 of 2");
    for (const lines of [...first!.signing.screens["trezor-one"]!, ...first!.signing.screens["trezor-safe"]!])
      for (const line of lines) expect(page).to.include(line);
    expect(page).to.include("Signing 1 of 2: schedule").and.not.include("A Ledger");
  });

  it("shows what is called, from the bytes, whatever the title says", async () => {
    const opened = await upgrade();
    const { manifest } = opened;
    const [first] = await wanted(opened, people[0]!);
    const titled = { ...first!.step, title: "Pause" };
    const { implementation } = manifest.proxies[0]!.after;
    const shown = [
      formatWanted(manifest, { ...first!, step: titled }, { kind: "trezor", address: people[0]! }, "1 of 2"),
      formatContent({ ...manifest, steps: [titled] }),
      formatQuestion(manifest, titled, "local"),
    ];
    for (const text of shown) {
      expect(text).to.include("upgradeController").and.include("upgrade(address,address,bytes)");
      expect(text).to.include(`: ${implementation}, ${manifest.names[implementation]}`);
    }
    for (const text of shown.slice(1)) expect(text).to.include(opened.digest);
  });

  describe("is refused before anybody is asked", () => {
    let opened: OpenManifest;
    before(async () => {
      opened = await upgrade();
      expect((await rehearse(chain.suite, opened)).passed).to.equal(true);
      await chain.keep();
    });
    afterEach(() => chain.reset());

    const signing = async () =>
      await sign(
        {
          suite: chain.suite,
          opened,
          operation: { number: 1, name: "test", path: opened.folder },
          signer: await keystoreOf(key),
          yes: true,
          tell: () => {},
        },
        { propose: false },
      );
    const there = async () => (await readdir(signaturesFolder(opened)).catch(() => [])).length;

    it("if the plan has expired", async () => {
      await chain.pass(8 * DAY);
      expect(await faultOf(signing())).to.include("The plan expired on");
      expect(await there()).to.equal(0);
    });

    it("if an account has used its nonce up to the last rung", async () => {
      await chain.send("anvil_setNonce", key, "0x2");
      expect(await faultOf(signing())).to.include("what is kept ready goes up to 1");
      expect(await there()).to.equal(0);
    });

    it("if the code behind a proxy is another", async () => {
      const { implementation } = chain.deployed.record.contracts.escrow;
      const code = (await chain.send("eth_getCode", implementation, "latest")) as string;
      await chain.send("anvil_setCode", implementation, `${code.slice(0, -2)}00`);
      expect(await faultOf(signing())).to.include(`The code at ${implementation} had the hash`);
      expect(await there()).to.equal(0);
    });

    it("if the new code is not what the build makes, whatever a rehearsal says", async () => {
      const whole = opened;
      const manifest = structuredClone(whole.manifest);
      manifest.proxies[0]!.after.version += "1";
      opened = new OpenManifest({ ...manifest, digest: digestOf(manifest) }, whole.folder);
      const rehearsal = (await readRehearsal(whole))!;
      await writeRehearsal(opened, { ...rehearsal, manifest: opened.digest });
      expect(await faultOf(signing())).to.include("the new code of escrow");
      opened = whole;
      await writeRehearsal(opened, rehearsal);
    });

    it("but not if other rungs of the same account still work", async () => {
      await chain.send("anvil_setNonce", key, "0x1");
      const { files } = await signing();
      expect(files).to.have.lengthOf(4);
    });
  });

  describe("through a transaction service", () => {
    const [told, tell] = [[] as string[], (sentence: string) => void told.push(sentence)];

    it("proposes the first signature, confirms the next, and fetches those that the folder lacks", async () => {
      const chainId = 31337;
      const owners = [people[0]!, people[1]!, people[3]!];
      const safe = { address: safes.upgrader, version: "1.4.1" as const, owners, nonce: 0 };
      const double = await startTransactionService(chainId, [safe]);
      const service = await openService({ chainId, url: double.url });
      const steps = planned.upgrade.manifest.steps.filter(({ branch }) => branch === "main");
      const [alices, bobs] = [await upgrade(), await upgrade()];

      await signAs(chain.connection, alices, [people[0]!]);
      await exchange(alices, steps, service, { propose: true, tell });
      await exchange(bobs, steps, service, { propose: false, tell });
      expect(await missing(bobs, "schedule")).to.equal(1);

      await signAs(chain.connection, bobs, [people[1]!]);
      await exchange(bobs, steps, service, { propose: true, tell });
      await exchange(alices, steps, service, { propose: true, tell });
      for (const step of ["schedule", "execute"]) expect(await missing(alices, step)).to.equal(0);
      expect(await readdir(signaturesFolder(alices))).to.deep.equal(await readdir(signaturesFolder(bobs)));
      expect(told.filter((line) => line.startsWith("Proposed"))).to.have.lengthOf(2);
      expect(told.filter((line) => line.startsWith("Confirmed"))).to.have.lengthOf(2);
      await double.stop();
    });
  });
});
