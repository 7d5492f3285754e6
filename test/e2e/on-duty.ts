import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import { startAnvil } from "../../scripts/lib/anvil.js";
import { sample } from "../../scripts/lib/gate/sampler.js";
import { startIndexer, untilIndexed, type Indexer } from "../../scripts/lib/indexer.js";
import { freePort } from "../../scripts/lib/processes.js";
import { ReadModel } from "../../scripts/lib/read-model.js";
import { lookAt } from "../../scripts/lib/triage/endpoints.js";
import { LIMITS } from "../../scripts/lib/triage/site.js";
import { triage, type Scene } from "../../scripts/lib/triage/triage.js";
import { hardhat, withRecord } from "../support/command-line.js";
import { live } from "../support/life.js";
import { deployedSuite } from "../support/suite.js";

const CHAIN_ID = 31337;
const TOKEN = "0123456789abcdef0123456789abcdef";
const WEEKS = 60 * 86_400;

/** What the story of `live` leaves behind once two months have passed, by the look that sees it. */
const LEFT = {
  stuck: { on_hold: 1, unclaimed: 4 },
  disputes: { arbiter_silent: 1 },
  approvals: { approval_stale: 1 },
  credits: { credit_frozen: 1 },
} as const;

const connect = (url: string) => network.create({ network: "local", override: { url } });

describe("on duty", function () {
  this.timeout(240_000);

  const cleanup = new AsyncDisposableStack();
  const tokenBefore = process.env.HOLDFAST_INCIDENT_TOKEN;
  let suite: Awaited<ReturnType<typeof deployedSuite>>;
  let connection: Awaited<ReturnType<typeof connect>>;
  let url: string;
  let indexer: Indexer;

  before(async () => {
    const anvil = await startAnvil({ port: await freePort(), args: ["--accounts", "16"] });
    cleanup.defer(() => anvil.stop());
    ({ url } = anvil);
    connection = await connect(url);
    suite = await deployedSuite(connection);
    await live(suite, connection);
    await connection.networkHelpers.time.increase(WEEKS);

    const directory = await mkdtemp(join(tmpdir(), "holdfast-on-duty-"));
    cleanup.defer(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, `${CHAIN_ID}.json`), JSON.stringify(suite.record));
    process.env.HOLDFAST_INCIDENT_TOKEN = TOKEN;
    indexer = await startIndexer({
      recordsDir: directory,
      rpcUrls: { [CHAIN_ID]: url },
      port: await freePort(),
      databaseDir: join(directory, "pglite"),
    });
    cleanup.defer(() => indexer.stop());
  });
  after(async () => {
    if (tokenBefore === undefined) delete process.env.HOLDFAST_INCIDENT_TOKEN;
    else process.env.HOLDFAST_INCIDENT_TOKEN = tokenBefore;
    await cleanup.disposeAsync();
  });

  const scene = async (change: Partial<Scene> = {}): Promise<Scene> => {
    const endpoints = [{ url, label: "anvil" }];
    return {
      ...{ network: "local", chainId: CHAIN_ID, record: suite.record, indexer: indexer.url, endpoints },
      looks: await lookAt(endpoints),
      provider: connection.ethers.provider,
      fromBlock: suite.record.startBlock,
      limits: LIMITS,
      ...change,
    };
  };
  const counted = (findings: readonly { check: string; reason: string }[]) => {
    const counts: Record<string, Record<string, number>> = {};
    for (const { check, reason } of findings) {
      counts[check] ??= {};
      counts[check][reason] = (counts[check][reason] ?? 0) + 1;
    }
    return counts;
  };
  const ask = async (question: string, token = TOKEN) => {
    const response = await fetch(`${indexer.url}/internal/incident/${question}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: (await response.json()) as { rows: Record<string, unknown>[] } };
  };

  it("triage finds what is left, by the read model, and nothing else", async () => {
    const found = await triage(await scene());
    expect(found.unknown).to.deep.equal([]);
    expect(counted(found.findings)).to.deep.equal(LEFT);
    expect(found.checks.find(({ check }) => check === "stuck")!.looked).to.include(
      "listed by the read model",
    );
  });

  it("triage finds the same without the read model, and says that it is down", async () => {
    const found = await triage(await scene({ indexer: "http://127.0.0.1:1" }));
    expect(found.unknown).to.deep.equal([]);
    expect(counted(found.findings)).to.deep.equal({ index: { index_down: 1 }, ...LEFT });
    expect(found.checks.find(({ check }) => check === "stuck")!.looked).to.include(
      "listed by the chain's logs",
    );
  });

  it("triage finds the same from any block on, by what the read model has of before; without it, no more than it says", async () => {
    const head = await connection.ethers.provider.getBlockNumber();
    const { startBlock } = suite.record;
    for (let fromBlock = startBlock + 1; fromBlock <= head; fromBlock += 7) {
      const found = await triage(await scene({ fromBlock }));
      expect([found.unknown, counted(found.findings)], `from ${fromBlock}`).to.deep.equal([[], LEFT]);
      const blind = await triage(await scene({ fromBlock, indexer: "http://127.0.0.1:1" }));
      expect(blind.unknown, `from ${fromBlock}`).not.to.be.empty;
      for (const [check, reasons] of Object.entries(counted(blind.findings)))
        for (const [reason, count] of Object.entries(reasons))
          expect(count, `${check} from ${fromBlock}: ${reason}`).to.be.at.most(
            ({ index: { index_down: 1 }, ...LEFT } as Record<string, Record<string, number>>)[check]?.[
              reason
            ] ?? 0,
          );
    }
  });

  it("triage sees that the read model is behind", async () => {
    const { number } = (await connection.ethers.provider.getBlock("latest"))!;
    await untilIndexed(indexer.url, CHAIN_ID, number);
    const ahead = (await scene()).looks.map((look) => look);
    const found = await triage(await scene({ looks: ahead, limits: { ...LIMITS, lag: -1 } }), ["index"]);
    expect(found.findings.map(({ reason }) => reason)).to.deep.equal(["index_behind"]);
  });

  it("triage sees that the read model is ahead of what the endpoints tell", async () => {
    const { provider, looks, ...rest } = await scene();
    void provider;
    const stale = looks.map((look) => ({ ...look, head: { ...look.head!, block: look.head!.block - 21 } }));
    const found = await triage({ ...rest, looks: stale }, ["index"]);
    expect(found.findings.map(({ reason }) => reason)).to.deep.equal(["index_ahead"]);
  });

  it("samples of the gate match, and one that the read model has wrong does not", async () => {
    const { provider } = connection.ethers;
    const sampling = {
      readModel: new ReadModel(indexer.url),
      indexer: indexer.url,
      provider,
      count: 20,
      now: 1,
    };
    const right = await sample({ ...sampling, record: suite.record });
    expect(right.length).to.be.at.least(10);
    expect(right.filter(({ matched }) => !matched)).to.deep.equal([]);

    const lying = new ReadModel(indexer.url);
    const rows = lying.ask.bind(lying);
    lying.ask = async <Data>(query: string, variables?: Record<string, unknown>) =>
      JSON.parse(
        JSON.stringify(await rows(query, variables)).replaceAll('"onHold":false', '"onHold":true'),
      ) as Data;
    const wrong = await sample({ ...sampling, readModel: lying, record: suite.record });
    expect(wrong.filter(({ matched }) => !matched)).not.to.deep.equal([]);

    // A row that says that it is of a block to come hides nothing by that.
    lying.ask = async <Data>(query: string, variables?: Record<string, unknown>) =>
      JSON.parse(
        JSON.stringify(await rows(query, variables)).replaceAll(
          /"updatedBlock":"\d+"/g,
          '"updatedBlock":"99999999"',
        ),
      ) as Data;
    const hidden = await sample({ ...sampling, readModel: lying, record: suite.record, patience: 0 });
    expect(hidden.length).to.be.at.least(10);
    expect(hidden.filter(({ matched }) => matched)).to.deep.equal([]);
  });

  it("the incident endpoints tell what the tables know, and nobody's address", async () => {
    const answers = Object.fromEntries(
      await Promise.all(
        ["stuck", "disputes", "approvals", "credits", "doubles", "leaks", "lag"].map(
          async (question) => [question, await ask(question)] as const,
        ),
      ),
    );
    for (const [question, { status }] of Object.entries(answers)) expect(status, question).to.equal(200);
    const rows = (question: string) => answers[question]!.body.rows;
    expect(
      rows("stuck")
        .map(({ onHold }) => onHold)
        .sort(),
    ).to.deep.equal([false, false, false, false, true]);
    expect(rows("disputes")).to.have.lengthOf(1);
    expect(rows("credits").map(({ frozen, accounts }) => [frozen, accounts])).to.deep.equal([[true, 1]]);
    for (const clean of ["approvals", "doubles", "leaks"]) expect(rows(clean), clean).to.deep.equal([]);
    const { block } = rows("lag")[0]!;
    expect(Number(block)).to.equal(await connection.ethers.provider.getBlockNumber());

    const said = JSON.stringify(answers).toLowerCase();
    for (const { address } of await connection.ethers.getSigners())
      expect(said).not.to.include(address.toLowerCase().slice(2));
  });

  it("the incident endpoints are closed to everybody else", async () => {
    expect((await ask("stuck", id("wrong"))).status).to.equal(401);
  });

  it("the command tells it with its exit code, and what it tells to type works", async () => {
    await withRecord(suite.record, async () => {
      const look = await hardhat(url, "triage", "disputes", "--json", "--indexer", indexer.url);
      const { findings } = JSON.parse(look.stdout) as { findings: { command: string; paymentId: string }[] };
      expect([look.exitCode, look.stderr, findings.length]).to.deep.equal([1, "", 1]);
      const { command, paymentId } = findings[0]!;
      expect(command).to.match(/^npx hardhat payment claim --network local --payment 0x/);

      const [, , ...words] = command
        .replace(/ --network local/, "")
        .concat(" --yes")
        .split(" ");
      const claim = await hardhat(url, ...words);
      expect(claim.stdout, claim.stderr).to.include("Done: the payment is Closed and holds 0.0 USDC.");
      const after = await hardhat(url, "triage", "disputes", "--payment", paymentId);
      expect([after.exitCode, after.stderr]).to.deep.equal([0, ""]);
      const again = await hardhat(url, ...words);
      expect([again.exitCode, again.stderr]).to.deep.equal([
        2,
        "InvalidStatus: The payment is not in a state for that: it does not exist, is disputed, or is closed. Nothing was sent.\n",
      ]);

      const [deposit] = await suite.escrow.queryFilter(suite.escrow.filters.PaymentCreated(paymentId));
      const proof = await hardhat(
        url,
        ...["triage", "verify-proof", deposit!.transactionHash, "--payment", paymentId],
      );
      // The claim sent its money back to the buyer.
      expect(proof.stdout, proof.stderr).to.match(
        /It IS the deposit of this payment\.\nDo NOT deliver for it: all of its 1\.0 USDC went back to the buyer, .*\n$/,
      );
      expect(proof.exitCode).to.equal(3);
      const { paymentReference } = deposit!.args;
      const told = await hardhat(
        url,
        ...["triage", "verify-proof", deposit!.transactionHash, "--payment", paymentId, "--json"],
        ...["--reference", paymentReference],
      );
      const { verdict, mayDeliver, now } = JSON.parse(told.stdout) as {
        verdict: string;
        mayDeliver: boolean;
        now: Record<string, unknown>;
      };
      expect([told.exitCode, verdict, mayDeliver]).to.deep.equal([3, "proved", false]);
      expect(now).to.include({ money: "returned", status: "Closed", held: "0", refunded: "1000000" });
      const socket = await hardhat(url, "triage", "chain", "--rpc", "wss://rpc.example/key");
      expect([socket.exitCode, socket.stdout]).to.deep.equal([2, ""]);
      expect(socket.stderr).to.match(/^The 1\. RPC endpoint in --rpc is not of HTTP/);
      const gate = await hardhat(url, "gate");
      expect([gate.exitCode, gate.stderr]).to.deep.equal([1, ""]);
      expect(gate.stdout).to.include("The gate is shut").and.include("There are 0 of the 1000 samples");
    });
  });
});
