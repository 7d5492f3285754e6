import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { indexedChains } from "../../../indexer/deployments.js";
import { recordAt } from "../../support/record.js";

const address = (byte: string) => `0x${byte.repeat(20)}`;
const record = (chainId: number, network: string) =>
  recordAt(chainId, network, 7, {
    accessManager: address("a1"),
    upgradeController: address("a2"),
    complianceRegistry: address("a3"),
    escrow: address("a4"),
  });

describe("chains to index", () => {
  let directory: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "holdfast-records-"));
    await writeFile(join(directory, "1.json"), JSON.stringify(record(1, "mainnet")));
    await writeFile(join(directory, "31337.json"), JSON.stringify(record(31337, "local")));
    await writeFile(join(directory, "notes.json"), "{}");
  });
  after(() => rm(directory, { recursive: true }));

  it("are those with a deployment record, at the record's addresses", () => {
    const chains = indexedChains({
      HOLDFAST_RECORDS_DIR: directory,
      PONDER_RPC_URL_1: "http://one, http://two",
    });
    expect(chains.map(({ id, name, rpc, startBlock }) => ({ id, name, rpc, startBlock }))).to.deep.equal([
      { id: 1, name: "mainnet", rpc: ["http://one", "http://two"], startBlock: 7 },
      { id: 31337, name: "local", rpc: ["http://127.0.0.1:8545"], startBlock: 7 },
    ]);
    expect(chains[0]?.addresses.escrow).to.equal(address("a4"));
  });

  it("can be narrowed", () => {
    const chains = indexedChains({ HOLDFAST_RECORDS_DIR: directory, HOLDFAST_CHAINS: "31337" });
    expect(chains.map(({ id }) => id)).to.deep.equal([31337]);
  });

  it("need a name each", async () => {
    const path = join(directory, "2.json");
    await writeFile(path, JSON.stringify(record(2, "mainnet")));
    try {
      expect(() => indexedChains({ HOLDFAST_RECORDS_DIR: directory })).to.throw(
        'The records of chains 1 and 2 both say network "mainnet": rename one.',
      );
    } finally {
      await rm(path);
    }
  });

  it("need an RPC endpoint each", () => {
    expect(() => indexedChains({ HOLDFAST_RECORDS_DIR: directory })).to.throw(
      "No RPC for mainnet: set PONDER_RPC_URL_1, or leave it out of HOLDFAST_CHAINS.",
    );
  });

  it("cannot be asked for without a record", () => {
    expect(() => indexedChains({ HOLDFAST_RECORDS_DIR: directory, HOLDFAST_CHAINS: "5" })).to.throw(
      /HOLDFAST_CHAINS asks for 5, but .* has no record of it/,
    );
    expect(() => indexedChains({ HOLDFAST_RECORDS_DIR: join(directory, "none") })).to.throw(/deploy first/);
  });

  it("cannot come from a damaged record", async () => {
    const damaged = await mkdtemp(join(tmpdir(), "holdfast-records-"));
    await writeFile(join(damaged, "1.json"), JSON.stringify({ ...record(1, "mainnet"), startBlock: "soon" }));
    expect(() => indexedChains({ HOLDFAST_RECORDS_DIR: damaged })).to.throw(
      /1\.json is malformed at startBlock/,
    );
    await rm(damaged, { recursive: true });
  });
});
