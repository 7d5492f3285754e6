import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import hre from "hardhat";

import { MNEMONIC, startLocalSuite, type LocalSuite } from "../../scripts/lib/local-suite.js";
import { EFFECTS } from "../../scripts/lib/mode/effects.js";
import { Running } from "../../scripts/lib/running.js";
import { Terminal } from "../../scripts/lib/terminal.js";
import { termsOf } from "../support/terms.js";

/** `npm run test:modes` tries every task; otherwise one of those that share their code. */
const EVERY = process.env.HOLDFAST_TEST_EVERY_MODE === "1";
const ONE_OF_EACH = [
  ...["deploy", "ops plan pause", "ops plan upgrade", "ops pause", "ops rehearse", "ops sign", "ops export"],
  ...["ops execute", "gate sample", "payment claim", "payment release", "compliance record"],
];

describe("a dry run", function () {
  this.timeout(600_000);

  const running = new Running();
  const directory = path.join(hre.config.paths.root, ".holdfast", "modes");
  let suite: LocalSuite;
  let dry: Terminal;
  let payment: string;

  before(async () => {
    const connect = (url: string) => hre.network.create({ network: "local", override: { url } });
    suite = await startLocalSuite({ running, directory, connect });
    const env = { HOLDFAST_DEPLOY_DIR: directory, LOCAL_RPC_URL: suite.url, LOCAL_MNEMONIC: MNEMONIC };
    dry = running.keep(new Terminal("local", { ...env, HOLDFAST_MODE: "dry-run" }));
    const live = (line: string) => suite.terminal.type(`npx hardhat ${line} --network local`);
    await live(`ops pause --bits deposits --reason "for the dry run"`);
    for (const owner of suite.owners.GUARDIAN.slice(0, 2))
      await live(`ops sign --signer keystore --address ${owner}`);
    payment = await makePayment(suite);
  });
  after(async () => {
    await running.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const [someone, another] = [`0x${"11".repeat(20)}`, `0x${"22".repeat(20)}`];
  const why = `--reason "a dry run"`;

  /**
   * How each task that has a dry run is typed, and what it says, or why it is refused as it would be when live. What is
   * refused cannot have written; of those that share their code, one goes all the way.
   */
  const TRIED: Readonly<Record<string, (suite: LocalSuite) => readonly [args: string, says: RegExp]>> = {
    deploy: () => ["", /nothing stands in the way of deploying.*Nothing was sent/],
    "ops plan pause": () => [`--bits exits --duration 1h ${why}`, /nothing was kept, signed or sent/],
    "ops plan unpause": () => [`--bits exits ${why}`, /would change nothing/],
    "ops plan extend-pause": () => [`--bits exits --duration 30d ${why}`, /nothing was kept/],
    "ops plan upgrade": () => [`--deploy ${why}`, /dry run, and --deploy has none/],
    "ops plan rollback": () => [`--proxy escrow ${why}`, /roll/i],
    "ops plan roles": () => [why, /as deploy\/roles|nothing|no difference/i],
    "ops plan roles grant": () => [`--role OPERATOR --to ${someone} ${why}`, /parameters/],
    "ops plan roles revoke": () => [`--role OPERATOR --from ${someone} ${why}`, /OPERATOR/],
    "ops plan roles rotate": () => [`--role OPERATOR --from ${someone} --to ${another} ${why}`, /OPERATOR/],
    "ops plan token": () => [`--symbol USDC ${why}`, /would change nothing/],
    "ops plan policy": () => [why, /would change nothing/],
    "ops plan hold": () => [`--payment ${payment} ${why}`, /nothing was kept/],
    "ops plan unhold": () => [`--payment ${payment} ${why}`, /would change nothing|fail/],
    "ops plan cancel": () => [`--operation 0x1234 ${why}`, /0x1234/],
    "ops pause": () => [
      `--bits exits --duration 1h ${why} --signer keystore --address ${suite.owners.GUARDIAN[0]} --yes`,
      /All went as foretold\.\n.*nothing was kept, signed or sent/,
    ],
    "ops unpause": () => [`--bits exits ${why}`, /would change nothing/],
    "ops upgrade": () => [`--deploy ${why}`, /dry run, and --deploy has none/],
    "ops rollback": () => [`--proxy escrow ${why}`, /roll/i],
    "ops roles": () => [why, /as deploy\/roles|nothing|no difference/i],
    "ops roles grant": () => [`--role OPERATOR --to ${someone} ${why}`, /parameters/],
    "ops roles revoke": () => [`--role OPERATOR --from ${someone} ${why}`, /OPERATOR/],
    "ops roles rotate": () => [`--role OPERATOR --from ${someone} --to ${another} ${why}`, /OPERATOR/],
    "ops cancel": () => [`--operation 0x1234 ${why}`, /0x1234/],
    "ops rehearse": () => ["", /All went as foretold/],
    "ops sign": ({ owners }) => [
      `--signer keystore --address ${owners.GUARDIAN[2]}`,
      /Dry run: nothing was signed/,
    ],
    "ops export": () => ["", /transaction-builder\/pause\.json/],
    "gate sample": () => ["--indexer http://127.0.0.1:1", /does not tell how far it is/],
    "payment claim": () => [`--payment ${payment}`, /It is too early/],
    "payment release": () => [
      `--payment ${payment} --amount 0.25`,
      /Dry run: it would work now: release of 0.25 USDC/,
    ],
    "payment refund": () => [`--payment ${payment} --amount all`, /This account may not/],
    "payment approve-release": () => [`--payment ${payment} --amount all`, /This account may not/],
    "payment approve-refund": () => [`--payment ${payment} --amount all`, /This account may not/],
    "payment resolve": () => [
      `--payment ${payment} --to-seller 1 --to-buyer rest --ruling 0x${"33".repeat(32)}`,
      /not in a state for that/,
    ],
    "credit withdraw": () => [
      `--token USDC --account ${someone}`,
      /Nothing of the token 0x\w+ waits for 0x1111/,
    ],
    "compliance record": ({ holders }) => [
      `--account ${someone} --standing blocked --evidence none --from ${holders.COMPLIANCE[0]}`,
      /Dry run: it would work now: record 0x1111\w+ as blocked/,
    ],
    "payment hold": () => [`--payment ${payment} ${why}`, /This account may not/],
    "payment unhold": () => [`--payment ${payment} ${why}`, /This account may not/],
    "ops execute": ({ owners }) => [
      `--signer keystore --address ${owners.GUARDIAN[2]} --yes`,
      /would be carried out now.*Nothing was sent/,
    ],
  };

  it("is tried of every task that has one", () => {
    const trying = Object.keys(EFFECTS).filter((id) => EFFECTS[id] === "tries");
    expect(Object.keys(TRIED)).to.have.members(trying);
  });

  it("goes as far as it can, and leaves chain and records as they were", async () => {
    const before = await everything(suite, directory);
    const chosen = EVERY ? Object.keys(TRIED) : ONE_OF_EACH;
    for (const id of chosen) {
      const command = TRIED[id]!;
      const [args, says] = command(suite);
      const { stdout, stderr, code } = await dry.try(`npx hardhat ${id} ${args} --network local`);
      expect(stdout + stderr, `${id} (exit code ${code})`).to.match(says);
      expect(await everything(suite, directory), id).to.deep.equal(before);
    }
  });

  it("is shown by the status", async () => {
    const { stdout } = await dry.try("npx hardhat ops status --network local");
    expect(stdout).to.include("dry run: commands go as far as they can");
  });
});

/** A payment of the first account's, which is its buyer. */
async function makePayment({ connection: { ethers }, record }: LocalSuite): Promise<string> {
  const [buyer, seller] = (await ethers.getSigners()).map(({ address }) => address) as [string, string];
  const token = record.tokens.find(({ symbol }) => symbol === "USDC")!.address;
  const usdc = await ethers.getContractAt("TestUSDC", token);
  const escrow = await ethers.getContractAt("Escrow", record.contracts.escrow.address);
  const { timestamp } = (await ethers.provider.getBlock("latest"))!;
  const deadline = BigInt(timestamp + 30 * 86_400);
  const terms = termsOf(1, { buyer, seller, token, amount: 1_000_000n, deadline });
  for (const sent of [await usdc.mint(buyer, terms.amount), await usdc.approve(escrow, terms.amount)])
    await sent.wait();
  await (await escrow.deposit(terms)).wait();
  return await escrow.hashPayment(terms);
}

/** The chain's head, and every file with what is in it. */
async function everything({ connection }: LocalSuite, directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  const contents = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const { hash } = (await connection.ethers.provider.getBlock("latest"))!;
  return { head: hash!, ...Object.fromEntries(files.map((file, i) => [file, contents[i]!])) };
}
