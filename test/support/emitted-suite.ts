import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ContractFactory, JsonRpcProvider, type Interface } from "ethers";
import hre from "hardhat";

import {
  AccessManager__factory,
  IComplianceRegistry__factory,
  IEscrow__factory,
  IUpgradeController__factory,
  LogEmitter__factory,
  type LogEmitter,
} from "../../types/ethers-contracts/index.js";
import { recordAt } from "./record.js";

const interfaces = {
  accessManager: AccessManager__factory.createInterface() as Interface,
  upgradeController: IUpgradeController__factory.createInterface() as Interface,
  complianceRegistry: IComplianceRegistry__factory.createInterface() as Interface,
  escrow: IEscrow__factory.createInterface() as Interface,
};

type ContractName = keyof typeof interfaces;

/** An event to emit: by which contract, its name, its arguments in the order of its declaration. */
export type EmittedEvent = [contract: ContractName, event: string, ...args: unknown[]];

/** Four contracts in the place of the suite's, which emit whatever they are told, and a deployment record of them. */
export interface EmittedSuite {
  recordsDir: string;
  addresses: Record<ContractName, string>;
  provider: JsonRpcProvider;
  /** Emits events in their order; those of one contract that follow each other share a transaction. */
  emit(...events: EmittedEvent[]): Promise<number>;
  /** The calls that would emit events, for whoever sends them himself. */
  calls(...events: EmittedEvent[]): { to: string; data: string }[];
  /** Emits a log that none of the contracts knows. */
  emitRaw(contract: ContractName, log: EmittedLog): Promise<number>;
  dispose(): Promise<void>;
}

/** Deploys the emitters on the chain at `url` and writes their record to a temporary directory. */
export async function deployEmittedSuite(
  url: string,
  chainId: number,
  network = "emitted",
): Promise<EmittedSuite> {
  const provider = new JsonRpcProvider(url, chainId, { staticNetwork: true, cacheTimeout: -1 });
  provider.pollingInterval = 20;
  const signer = await provider.getSigner();
  const startBlock = (await provider.getBlockNumber()) + 1;
  const { abi, bytecode } = await hre.artifacts.readArtifact("LogEmitter");

  const emitters = {} as Record<ContractName, LogEmitter>;
  const addresses = {} as Record<ContractName, string>;
  for (const name of Object.keys(interfaces) as ContractName[]) {
    const deployed = await new ContractFactory(abi, bytecode, signer).deploy();
    await deployed.waitForDeployment();
    addresses[name] = await deployed.getAddress();
    emitters[name] = LogEmitter__factory.connect(addresses[name], signer);
  }

  const recordsDir = await mkdtemp(join(tmpdir(), "holdfast-records-"));
  await writeFile(
    join(recordsDir, `${chainId}.json`),
    JSON.stringify(recordAt(chainId, network, startBlock, addresses)),
  );

  return {
    recordsDir,
    addresses,
    provider,
    emit: async (...events) => {
      let block = 0;
      for (const [contract, logs] of runs(events)) {
        const transaction = await emitters[contract].emitLogs(logs);
        block = (await transaction.wait())!.blockNumber;
      }
      return block;
    },
    calls: (...events) =>
      runs(events).map(([contract, logs]) => ({
        to: addresses[contract],
        data: emitters[contract].interface.encodeFunctionData("emitLogs", [logs]),
      })),
    emitRaw: async (contract, log) => {
      const transaction = await emitters[contract].emitLogs([log]);
      return (await transaction.wait())!.blockNumber;
    },
    dispose: async () => {
      provider.destroy();
      await rm(recordsDir, { recursive: true });
    },
  };
}

interface EmittedLog {
  topics: string[];
  data: string;
}

/** Encoded events, cut where the emitting contract changes. */
function runs(events: EmittedEvent[]): [ContractName, EmittedLog[]][] {
  const cut: [ContractName, EmittedLog[]][] = [];
  for (const [contract, event, ...args] of events) {
    const { topics, data } = interfaces[contract].encodeEventLog(event, args);
    const last = cut.at(-1);
    if (last?.[0] === contract) last[1].push({ topics, data });
    else cut.push([contract, [{ topics, data }]]);
  }
  return cut;
}
