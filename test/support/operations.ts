import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import type { TypedDataField } from "ethers";
import hre, { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../deploy/fault.js";
import { deploymentIdOf } from "../../deploy/journal.js";
import type { Holders, Parameters } from "../../deploy/parameters.js";
import { ROLES } from "../../deploy/roles.js";
import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { writeOperation } from "../../scripts/lib/operations/folder.js";
import type { Manifest } from "../../scripts/lib/operations/manifest.js";
import { openManifest, type OpenManifest } from "../../scripts/lib/operations/open.js";
import { outcomesOf } from "../../scripts/lib/operations/outcomes.js";
import { planOperation, type Request } from "../../scripts/lib/operations/plan.js";
import { signaturesFolder } from "../../scripts/lib/operations/raw.js";
import type { Suite } from "../../scripts/lib/operations/suite.js";
import { writeSignature } from "../../scripts/lib/safe/files.js";
import { freePort } from "../../scripts/lib/processes.js";
import { deployedSuite, localParameters } from "./suite.js";

type TypedDataSigner = Awaited<ReturnType<NetworkConnection["ethers"]["getSigners"]>>[number];
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

  /** Carries a step out on the chain, in its time, as whoever holds the key of its account would, and records it. */
  async carryOut(opened: OpenManifest, id: string): Promise<void> {
    const { account, transaction, notBefore } = opened.step(id);
    if (notBefore !== null) await this.pass(notBefore.seconds);
    const hash = await this.sendAs(account, transaction);
    if (opened.accountOf(id).kind === "safe") return;
    const receipt = (await this.connection.ethers.provider.getTransactionReceipt(hash))!;
    const { timestamp: time } = (await this.connection.ethers.provider.getBlock(receipt.blockNumber))!;
    const { blockNumber: block, blockHash } = receipt;
    const place = { block, blockHash, time };
    await outcomesOf(opened).add({
      kind: "carried out",
      ...{ step: id, hash, ...place, by: account, surprises: null },
    });
  }

  /** Sends a call as any account, whether it has a key or is a Safe whose owners agree. */
  async sendAs(account: string, { to, data }: { to: string; data: string }): Promise<string> {
    await this.send("anvil_impersonateAccount", account);
    await this.send("anvil_setBalance", account, "0xde0b6b3a7640000");
    const hash = (await this.send("eth_sendTransaction", { from: account, to, data })) as string;
    const receipt = await this.connection.ethers.provider.waitForTransaction(hash);
    await this.send("anvil_stopImpersonatingAccount", account);
    expect(receipt!.status).to.equal(1);
    return hash;
  }

  /** ADMIN changes the authority, as slowly as it must. */
  async changeAuthority(functionName: string, args: readonly unknown[]): Promise<void> {
    const { accessManager, holders } = this.deployed;
    const data = accessManager.interface.encodeFunctionData(functionName as "grantRole", args as never);
    await (await accessManager.connect(holders.ADMIN).schedule(accessManager, data, 0)).wait();
    await this.pass(ROLES.ADMIN.executionDelay);
    await (await holders.ADMIN.sendTransaction({ to: accessManager, data })).wait();
  }

  /** Keeps what one of a Safe's owners signs for a step, as its wallet does. */
  async sign(opened: OpenManifest, step: string, signer: TypedDataSigner): Promise<void> {
    const request = opened.requests(step).find((asked) => asked.signer === signer.address)!;
    const { domain, types, message } = request.message;
    const data = await signer.signTypedData(domain, types as Record<string, TypedDataField[]>, message);
    await writeSignature(signaturesFolder(opened), opened.safeTransaction(step), request, data);
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
