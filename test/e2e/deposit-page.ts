import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";
import { network } from "hardhat";

import { startAnvil } from "../../scripts/lib/anvil.js";
import { startIndexer } from "../../scripts/lib/indexer.js";
import { docBlocks } from "../../scripts/lib/pages/doc-blocks.js";
import { askGraphql } from "../support/read-model.js";
import { deployedSuite } from "../support/suite.js";

const ANVIL_PORT = 21_547;
const INDEXER_PORT = 21_071;
const CHAIN_ID = 31337;
/** Accounts 11 and 12 of the well-known test mnemonic, which hold no role. */
const BUYER_KEY = "0x701b615bbdfb9de65240bc28bd21bbc0d996645a3dd57e7b12bc2bdf6f192c82";
const SELLER_KEY = "0xa267530f49f8280200edf313ee7af6b827f2a8bce2897751d06a843f644967b1";

const run = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;

describe("docs/deposit.md and docs/contracts/Escrow/settle.md", function () {
  this.timeout(180_000);

  it("lead people who copy their snippets to payments that anyone finds in GraphQL", async () => {
    await using stack = new AsyncDisposableStack();
    // A block every second also when nothing is sent: ethers' wait() misses a block that comes too soon, and takes the next.
    const mining = ["--block-time", "1", "--mixed-mining"];
    const anvil = await startAnvil({ port: ANVIL_PORT, args: ["--accounts", "15", ...mining] });
    stack.defer(() => anvil.stop());
    const connection = await network.create({ network: "local", override: { url: anvil.url } });
    const { usdc, escrow, users, record } = await deployedSuite(connection);
    const [buyer, seller] = users;
    await (await usdc.mint(buyer!.address, 1_000_000_000n)).wait();

    // Inside the project, where the snippets' imports and their path to the build are found.
    const directory = await mkdtemp(join(root, "cache", "snippets-"));
    stack.defer(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, `${CHAIN_ID}.json`), JSON.stringify(record));

    const runSnippet = async (name: string, code: string, variables: Record<string, string> = {}) => {
      const file = join(directory, `${name}.ts`);
      await writeFile(file, code);
      const { stdout } = await run(process.execPath, [file], {
        cwd: root,
        env: {
          PATH: process.env.PATH,
          RPC_URL: anvil.url,
          ESCROW: await escrow.getAddress(),
          TOKEN: await usdc.getAddress(),
          SELLER: seller!.address,
          BUYER_KEY,
          ...variables,
        },
      });
      return stdout.trim();
    };

    const paymentIds: string[] = [];
    for (const { name, code } of await docBlocks("docs/deposit.md", "ts", "run")) {
      paymentIds.push(await runSnippet(name, code));
    }
    const [settle] = await docBlocks("docs/contracts/Escrow/settle.md", "ts", "run");
    const settled = await runSnippet(settle!.name, settle!.code, { PAYMENT_ID: paymentIds[1]!, SELLER_KEY });
    expect(settled).to.equal("3n");

    const indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls: { [CHAIN_ID]: anvil.url },
      port: INDEXER_PORT,
      databaseDir: join(directory, "pglite"),
    });
    stack.defer(() => indexer.stop());
    const { payments } = await askGraphql(
      indexer.url,
      `{ payments { items { paymentId buyer seller held released refunded status } } }`,
    );
    const parties = { buyer: buyer!.address.toLowerCase(), seller: seller!.address.toLowerCase() };
    // Both may be of the same second.
    expect((payments as { items: unknown[] }).items).to.have.deep.members([
      {
        paymentId: paymentIds[0],
        ...parties,
        held: "25000000",
        released: "0",
        refunded: "0",
        status: "Funded",
      },
      {
        paymentId: paymentIds[1],
        ...parties,
        held: "0",
        released: "10000000",
        refunded: "30000000",
        status: "Closed",
      },
    ]);
  });
});
