import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { promisify } from "node:util";

import { expect } from "chai";
import { network } from "hardhat";

import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { startIndexer, untilIndexed, type Indexer } from "../../scripts/lib/indexer.js";
import { docBlocks } from "../../scripts/lib/pages/doc-blocks.js";
import { live } from "../support/life.js";
import { askGraphql } from "../support/read-model.js";
import { deployedSuite } from "../support/suite.js";

const ANVIL_PORT = 21_547;
const INDEXER_PORT = 21_071;
const CHAIN_ID = 31337;

type Suite = Awaited<ReturnType<typeof deployedSuite>>;
/** What `verifyPayment` answers. */
type Proof = Record<"block" | "header" | "value" | "termsHash", string> & {
  matches: boolean;
  accountProof: string[];
  storageProof: string[];
  payment: Record<string, unknown>;
};

const run = promisify(execFile);
const root = new URL("../../", import.meta.url).pathname;

/** One start of the whole stack with the real escrow, and of Node for every check: some 60 s. */
describe("verifyPayment, checked as docs/verify-payment.md says", function () {
  this.timeout(240_000);

  const cleanup = new AsyncDisposableStack();
  let suite: Suite;
  let indexer: Indexer;
  let anvil: Anvil;
  let ids: Record<"Funded" | "Disputed" | "Closed", string>;
  let check: (readModel: string, paymentId: string, variables?: Record<string, string>) => Promise<string>;

  before(async () => {
    anvil = await startAnvil({ port: ANVIL_PORT, args: ["--accounts", "16"] });
    cleanup.defer(() => anvil.stop());
    const connection = await network.create({ network: "local", override: { url: anvil.url } });
    suite = await deployedSuite(connection);
    await live(suite, connection);

    // Inside the project, where the snippet's imports are found.
    const directory = await mkdtemp(join(root, "cache", "snippets-"));
    cleanup.defer(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, `${CHAIN_ID}.json`), JSON.stringify(suite.record));
    indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls: { [CHAIN_ID]: anvil.url },
      port: INDEXER_PORT,
      databaseDir: join(directory, "pglite"),
    });
    cleanup.defer(() => indexer.stop());

    const { payments } = (await askGraphql(indexer.url, "{ payments { items { paymentId status } } }")) as {
      payments: { items: { paymentId: string; status: keyof typeof ids }[] };
    };
    ids = Object.fromEntries(
      payments.items.map(({ paymentId, status }) => [status, paymentId]),
    ) as typeof ids;

    const [snippet] = await docBlocks("docs/verify-payment.md", "ts", "run");
    const file = join(directory, "verify.ts");
    await writeFile(file, snippet!.code);
    check = async (readModel, paymentId, variables = {}) => {
      const env = {
        PATH: process.env.PATH,
        READ_MODEL: readModel,
        RPC_URL: anvil.url,
        ESCROW: await suite.escrow.getAddress(),
        CHAIN_ID: String(CHAIN_ID),
        PAYMENT_ID: paymentId,
        ...variables,
      };
      return run(process.execPath, [file], { cwd: root, env }).then(
        ({ stdout }) => stdout.trim(),
        (error: { stderr: string }) => /Error: (.*)/.exec(error.stderr)?.[1] ?? error.stderr,
      );
    };
  });
  after(() => cleanup.disposeAsync());

  const prove = async (paymentId: string) => {
    const [query] = await docBlocks("docs/verify-payment.md", "graphql", "query");
    const answer = await askGraphql(indexer.url, query!.code, { chainId: CHAIN_ID, paymentId });
    return answer.verifyPayment as Proof | null;
  };

  it("matches for every payment, as of the block at which the read model is", async () => {
    const { payments } = (await askGraphql(indexer.url, "{ payments { items { paymentId } } }")) as {
      payments: { items: { paymentId: string }[] };
    };
    expect(payments.items).to.have.length.greaterThan(8);
    for (const { paymentId } of payments.items) {
      const proof = await prove(paymentId);
      expect(proof, paymentId).to.include({ matches: true });
      expect(Number(proof!.block)).to.equal(await suite.escrow.runner!.provider!.getBlockNumber());
    }
  });

  it("passes the check with a block's hash alone, whatever the payment's status", async () => {
    for (const [status, paymentId] of Object.entries(ids)) {
      expect(await check(indexer.url, paymentId)).to.match(
        new RegExp(`^Proved at block \\d+: ${status}, \\d+ held, \\d+ released\\.$`),
      );
    }
  });

  it("is of the new state when the payment has moved", async () => {
    const { escrow, holders } = suite;
    const id = ids.Funded;
    const freeze = (await escrow.paymentState(id)).flags & 1n ? "unhold" : "hold";
    const receipt = await (await escrow.connect(holders.COMPLIANCE)[freeze](id, "to be proved")).wait();
    await untilIndexed(indexer.url, CHAIN_ID, receipt!.blockNumber);
    const proof = await prove(id);
    expect(proof!.payment).to.include({ onHold: freeze === "hold" });
    expect(proof!.matches).to.equal(true);
    expect(await check(indexer.url, id)).to.include("Proved");
  });

  it("is nothing for a payment that does not exist, and an objection to what is no id", async () => {
    expect(await prove(`0x${"12".repeat(32)}`)).to.equal(null);
    const objection = await prove("0x12").catch((error: Error) => error.message);
    expect(objection).to.include("give 32 bytes");
  });

  describe("fails the check", () => {
    /** A read model that lies: it passes questions on and changes what comes back. */
    const lying = async (
      lie: (proof: Proof) => void | Promise<void>,
    ): Promise<{ url: string; server: Server }> => {
      const server = createServer((request, response) => {
        void (async () => {
          const { query, variables } = (await json(request)) as { query: string; variables: object };
          const data = (await askGraphql(indexer.url, query, { ...variables })) as { verifyPayment: Proof };
          await lie(data.verifyPayment);
          response.end(JSON.stringify({ data }));
        })().catch((error: Error) => response.destroy(error));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
    };
    const flipped = (hex: string, at: number) =>
      hex.slice(0, at) + (hex[at] === "0" ? "1" : "0") + hex.slice(at + 1);

    const lies: [what: string, lie: (proof: Proof) => void | Promise<void>, says: string][] = [
      [
        "more held",
        ({ payment }) => void (payment.held = String(BigInt(payment.held as string) + 1n)),
        "held differs",
      ],
      [
        "more released",
        ({ payment }) => void (payment.released = String(BigInt(payment.released as string) + 1n)),
        "released differs",
      ],
      ["another status", ({ payment }) => void (payment.status = "Closed"), "the status differs"],
      ["another hold", ({ payment }) => void (payment.onHold = !payment.onHold), "on hold"],
      [
        "another seller",
        ({ payment }) => void (payment.seller = payment.buyer),
        "the terms are those of another payment",
      ],
      [
        "another deadline",
        ({ payment }) => void (payment.deadline = "1"),
        "the terms are those of another payment",
      ],
      [
        "a changed header",
        (proof) => void (proof.header = flipped(proof.header, 200)),
        "the header is not that of the block",
      ],
      [
        "a changed account",
        (proof) => void (proof.accountProof[0] = flipped(proof.accountProof[0]!, 40)),
        "proof",
      ],
      [
        "a changed slot",
        (proof) => void (proof.storageProof[0] = flipped(proof.storageProof[0]!, 40)),
        "proof",
      ],
      ["no storage proof", (proof) => void (proof.storageProof = []), "proof"],
      [
        "the proof of another payment's slot",
        async (proof) => void (proof.storageProof = (await prove(ids.Closed))!.storageProof),
        "proof",
      ],
      [
        "an earlier block's state under the last block's number",
        async (proof) =>
          void (proof.block = String((await suite.escrow.runner!.provider!.getBlockNumber()) - 1)),
        "the header is not that of the block",
      ],
    ];
    for (const [what, lie, says] of lies) {
      it(`given ${what}`, async () => {
        const { url, server } = await lying(lie);
        try {
          const told = await check(url, ids.Disputed);
          expect(told).to.not.include("Proved");
          expect(told.toLowerCase()).to.include(says);
        } finally {
          server.close();
        }
      });
    }
  });

  describe("when no node answers", () => {
    it("says so, without the endpoint's URL, and leaves other questions alone", async () => {
      await anvil.stop();
      const objection = await prove(ids.Funded).catch((error: Error) => error.message);
      expect(objection).to.match(
        /^No RPC endpoint of \S+ answered eth_\w+: ask again, or with a node that has it\.$/,
      );
      expect(objection).to.not.include("http");
      expect(await askGraphql(indexer.url, "{ payments { totalCount } }")).to.have.nested.property(
        "payments.totalCount",
      );
    });
  });
});
