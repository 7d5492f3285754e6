import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import hre, { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../deploy/fault.js";
import { deploymentIdOf } from "../../deploy/journal.js";
import type { Holders, Parameters } from "../../deploy/parameters.js";
import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { writeOperation } from "../../scripts/lib/operations/folder.js";
import type { Manifest } from "../../scripts/lib/operations/manifest.js";
import { openManifest, type OpenManifest } from "../../scripts/lib/operations/open.js";
import { planOperation, type Request } from "../../scripts/lib/operations/plan.js";
import type { Suite } from "../../scripts/lib/operations/suite.js";
import { freePort } from "../../scripts/lib/processes.js";
import { deployedSuite, localParameters } from "./suite.js";

export type Deployed = Awaited<ReturnType<typeof deployedSuite>>;

/** A real chain with the whole suite on it, as an admin finds it. */
export class AdminChain {
  #snapshot = "";

  private constructor(
    readonly anvil: Anvil,
    readonly connection: NetworkConnection,
    readonly deployed: Deployed,
    /** Where the operations of this test are kept. */
    readonly folder: string,
  ) {}

  /** @param holders Who holds roles, where it is not who the local parameters say; made on the chain beforehand. */
  static async start(
    holders: (connection: NetworkConnection) => Promise<Partial<Holders>> = () => Promise.resolve({}),
  ): Promise<AdminChain> {
    const anvil = await startAnvil({ port: await freePort(), args: ["--accounts", "20"] });
    const connection = await network.create({ network: "local", override: { url: anvil.url } });
    const parameters = await localParameters();
    const given = { ...parameters, holders: { ...parameters.holders, ...(await holders(connection)) } };
    const deployed = await deployedSuite(connection, given as Parameters);
    const folder = await mkdtemp(path.join(tmpdir(), "holdfast-operations-"));
    const chain = new AdminChain(anvil, connection, deployed, folder);
    await chain.keep();
    return chain;
  }

  get suite(): Suite {
    const { record, parameters } = this.deployed;
    return { connection: this.connection, record, parameters };
  }

  /** Plans something on the chain as it is, and opens what was written. */
  async plan(prepare: Request["prepare"], change: Partial<Request> = {}): Promise<OpenManifest> {
    const manifest = await planOperation(this.suite, {
      verb: "act",
      name: "test",
      reason: "a test",
      prepare,
      ...change,
    });
    return await this.open(manifest);
  }

  /** The same plan once more, in a folder where nothing was signed or rehearsed yet. */
  async again({ manifest }: OpenManifest): Promise<OpenManifest> {
    return await this.open(manifest);
  }

  async open(manifest: Manifest): Promise<OpenManifest> {
    const { path: folder } = await writeOperation(manifest, this.folder);
    return await openManifest(folder, this.deployed.record);
  }

  async send(method: string, ...params: unknown[]): Promise<unknown> {
    return await this.connection.provider.request({ method, params });
  }

  /** Lets time pass on the chain. */
  async pass(seconds: number): Promise<void> {
    await this.send("evm_increaseTime", seconds);
    await this.send("evm_mine");
  }

  /** From now on, every test begins with the chain as it is. */
  async keep(): Promise<void> {
    this.#snapshot = (await this.send("evm_snapshot")) as string;
  }

  /** Takes back what a test did: the same blocks, with the same hashes. */
  async reset(): Promise<void> {
    await this.send("evm_revert", this.#snapshot);
    await this.keep();
  }

  async stop(): Promise<void> {
    const journal = path.join(
      hre.config.paths.ignition,
      "deployments",
      await deploymentIdOf(this.connection),
    );
    await this.anvil.stop();
    await rm(journal, { recursive: true, force: true });
    await rm(this.folder, { recursive: true });
  }
}

/** The sentence of the {@link Fault} that work ends in. */
export async function faultOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return expect.fail("it should have been refused");
}
