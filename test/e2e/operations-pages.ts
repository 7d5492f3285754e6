import { glob, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import hre from "hardhat";

import { NATIVE_COIN } from "../../deploy/parameters.js";
import { startLocalSuite, type LocalSuite } from "../../scripts/lib/local-suite.js";
import type { Manifest } from "../../scripts/lib/operations/manifest.js";
import { Running } from "../../scripts/lib/running.js";
import { domainOf, paymentIdOf, type Payment } from "../../scripts/lib/signing.js";
import { DEVICES, type DeviceModel } from "../../scripts/lib/signers/screens.js";
import {
  masked,
  readTranscripts,
  secondsOf,
  writeTranscripts,
  type Exchange,
} from "../support/transcripts.js";

/*
 * The transcripts of the pages are one story on one chain. What a page says was said is compared with what is said, apart
 * from hashes, times and numbers of blocks. After a wanted change: UPDATE_PAGES=1 npx hardhat test mocha <this file>
 */

/** Which transcripts follow each other: a page, and which of its transcripts if not all. */
const STORY: readonly (readonly [page: string, block?: number])[] = [
  ["status"],
  ["plan"],
  ["rehearse"],
  ["sign"],
  ["ready"],
  ["execute", 0],
  ["cancel"],
  ["execute", 1],
  ["verify"],
  ["history"],
  ["rollback"],
  ["pause"],
  ["unpause"],
  ["upgrade"],
  ["export"],
  ["roles"],
  ["configuring"],
  ["hold"],
];

const IS_UPDATE = process.env.UPDATE_PAGES === "1";
const fileOf = (page: string) => `docs/operations/${page}.md`;

describe("docs/operations", function () {
  this.timeout(240_000);

  const running = new Running();
  const directory = path.join(hre.config.paths.root, ".holdfast", "operations-pages");
  let suite: LocalSuite;

  before(async () => {
    const connect = (url: string) => hre.network.create({ network: "local", override: { url } });
    suite = await startLocalSuite({ running, directory, connect });
  });
  after(async () => {
    await running.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** What is to be read after a line of a transcript. */
  const play = async (line: string): Promise<string> => {
    const seconds = secondsOf(line);
    if (seconds !== undefined) {
      await suite.connection.provider.request({ method: "evm_increaseTime", params: [seconds] });
      await suite.connection.provider.request({ method: "evm_mine", params: [] });
      return "";
    }
    const typed = PAYMENT.test(line) ? line.replace(PAYMENT, `--payment ${await makePayment(suite)}`) : line;
    const { code, stdout, stderr } = await suite.terminal.try(typed.slice("$ ".length));
    const said = code === 0 ? stdout : `${stdout}${stderr}[exit code ${code}]`;
    return said.replaceAll(`${path.relative(process.cwd(), directory)}/`, "deploy/").trimEnd();
  };

  for (const [page, only] of STORY) {
    it(`${page}.md shows what is said${only === undefined ? "" : `, part ${only + 1}`}`, async () => {
      const blocks = await readTranscripts(fileOf(page));
      expect(blocks, "transcripts").to.not.be.empty;
      const played = [...blocks];
      for (const [i, block] of blocks.entries()) {
        if (i !== (only ?? i)) continue;
        played[i] = [];
        for (const { line, output } of block) {
          const said = await play(line);
          // An update records what is said, not that a line stopped working.
          expect(endsBadly(said), `${line}\n${said}`).to.equal(endsBadly(output));
          // What differs only where it may is left as it is, so that an update changes no more than it has to.
          played[i].push({ line, output: masked(said) === masked(output) ? output : said });
        }
      }
      if (IS_UPDATE) return await writeTranscripts(fileOf(page), played);
      expect(textOf(played)).to.equal(textOf(blocks));
    });
  }

  it("tells the options that the commands have", async () => {
    for await (const file of glob("docs/operations/*.md")) {
      const text = await readFile(file, "utf8");
      const updated = text.replaceAll(OPTIONS, (_, task: string) => optionsOf(task));
      if (IS_UPDATE) await writeFile(file, updated);
      else expect(withoutPadding(text), file).to.equal(withoutPadding(updated));
    }
  });

  it("has a page for every verb, which the contents link to", async () => {
    const contents = await readFile(fileOf("README"), "utf8");
    const pages: string[] = [];
    for await (const file of glob("docs/operations/*.md")) pages.push(file);
    const texts = await Promise.all(pages.map((file) => readFile(file, "utf8")));
    for (const file of pages) {
      const name = path.basename(file);
      if (name !== "README.md") expect(contents, name).to.include(`(${name})`);
    }
    const verbs = hre.tasks.getTask("ops").subtasks.keys();
    for (const verb of verbs) expect(texts.join("\n"), verb).to.include(`ops ${verb}`);
  });

  it("shows on screens.md what the manifest foretells", async () => {
    const operation = path.join(directory, "operations", "31337", SCREENS.operation, "manifest.json");
    const manifest = JSON.parse(await readFile(operation, "utf8")) as Manifest;
    const text = await readFile(fileOf("screens"), "utf8");
    const updated = text.replaceAll(SCREENS.blocks, (_, model: DeviceModel, step: string) => {
      const screens = manifest.steps.find(({ id }) => id === step)!.signing[0]!.screens[model]!;
      return ["```text", screens.map((lines) => lines.join("\n")).join("\n\n"), "```"]
        .join("\n")
        .replace("```text", `\`\`\`text ${model}=${step}`);
    });
    if (IS_UPDATE) await writeFile(fileOf("screens"), updated);
    else expect(masked(text)).to.equal(masked(updated));
    for (const model of Object.keys(DEVICES)) expect(text).to.include(`\`\`\`text ${model}=`);
  });
});

const endsBadly = (said: string) => /\[exit code \d+\]$/.test(said.trimEnd());

/** A page names a payment by the id that it had when the page was written. */
const PAYMENT = /--payment 0x[0-9a-f]{64}/;

/** Deposits a coin. Returns the paymentId. */
async function makePayment({ connection, record }: LocalSuite): Promise<string> {
  const { ethers } = connection;
  const [buyer, seller] = (await ethers.getSigners()).slice(-2);
  const escrow = await ethers.getContractAt("Escrow", record.contracts.escrow.address, buyer);
  const { timestamp } = (await ethers.provider.getBlock("latest"))!;
  const payment: Payment = {
    buyer: buyer!.address,
    seller: seller!.address,
    token: NATIVE_COIN,
    amount: 10n ** 15n,
    deadline: BigInt(timestamp + 86_400),
    onDeadline: 1n,
    arbiter: ZeroAddress,
    disputeWindow: 3_600n,
    feeBps: 0n,
    feeRecipient: ZeroAddress,
    paymentReference: ZeroHash,
  };
  await (await escrow.deposit(payment, { value: payment.amount })).wait();
  return paymentIdOf(await domainOf(escrow), payment);
}

const textOf = (blocks: readonly (readonly Exchange[])[]) =>
  blocks
    .flat()
    .map(({ line, output }) => `${line}\n${masked(output)}`.trimEnd())
    .join("\n");

const SCREENS = {
  operation: "1-upgrade-escrow",
  blocks: /^```text ([a-z-]+)=(\S+)\n[\s\S]*?^```$/gm,
};

const OPTIONS = /<!-- options: ([a-z -]+) -->[\s\S]*?<!-- end -->/g;

/** The options of a task as a table. */
function optionsOf(id: string): string {
  const { options } = hre.tasks.getTask(id.split(" "));
  const rows = [...options.values()].map(({ name, description, defaultValue }) => {
    const typed = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const fallback =
      defaultValue === undefined || defaultValue === false ? "" : `\`${defaultValue as string}\``;
    return `| \`${typed}\` | ${description.replaceAll("|", "\\|").replaceAll("<", "\\<")} | ${fallback} |`;
  });
  return [
    `<!-- options: ${id} -->`,
    "",
    `| \`${id}\` | | default |`,
    "| --- | --- | --- |",
    ...rows,
    "",
    "<!-- end -->",
  ].join("\n");
}

const withoutPadding = (text: string) => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
