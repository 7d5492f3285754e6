import { mkdir } from "node:fs/promises";
import path from "node:path";

import { Fault } from "../../deploy/fault.js";
import { startIndexer } from "../lib/indexer.js";
import { startLocalSuite, type LocalSuite } from "../lib/local-suite.js";
import { freePort } from "../lib/processes.js";
import type { Finding } from "../lib/reconcile/findings.js";
import { reconcileRunning } from "../lib/reconcile/running.js";
import { sentenceOf } from "../lib/reconcile/report.js";
import { enterWorld } from "../scenario/world.js";
import { LocalChainProvider } from "../start/chain.js";
import { Payments } from "./payments.js";
import type { Theatre } from "./theatre.js";

/** What a stage is set up with. */
export interface StageOptions extends Theatre {
  /** For everything that is written. */
  readonly directory: string;
}

/** All that a scenario plays on: the suite on a chain of its own, its read model, its payments, and a terminal. */
export class Stage {
  private constructor(
    readonly suite: LocalSuite,
    readonly payments: Payments,
    private readonly provider: LocalChainProvider,
    private readonly indexerUrl: string,
  ) {}

  static async set({ running, directory, connect }: StageOptions): Promise<Stage> {
    const suite = await startLocalSuite({ running, directory, connect });
    const provider = new LocalChainProvider(suite.url);
    // eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
    running.keep({ stop: async () => provider.destroy() });
    // For the Safes act those who own them, by commands.
    const officers = Object.entries(suite.holders).filter(([role]) => !(role in suite.owners));
    const world = await enterWorld(provider, suite.record, Object.fromEntries(officers));
    const databaseDir = path.join(directory, "database");
    await mkdir(databaseDir, { recursive: true });
    const indexer = running.keep(
      await startIndexer({
        recordsDir: path.join(directory, "records"),
        rpcUrls: { [suite.record.chainId]: suite.url },
        port: await freePort(),
        databaseDir,
      }),
    );
    return new Stage(suite, new Payments(world, "drill"), provider, indexer.url);
  }

  /** Types a command of an admin, which has to succeed. Returns what it said. */
  async type(line: string): Promise<string> {
    return (await this.suite.terminal.type(`npx hardhat ${line} --network local`)).stdout;
  }

  /** Lets time pass on the chain. */
  async pass(seconds: bigint): Promise<void> {
    await this.payments.world.clock.pass(seconds);
  }

  /** Compares the read model with the chain. */
  async reconcile(): Promise<readonly Finding[]> {
    const { result, scratch } = await reconcileRunning(this.suite.record, this.provider, this.indexerUrl);
    scratch.close();
    return result.findings;
  }

  /** @throws {@link Fault} if the read model differs from the chain. */
  async expectAgreement(): Promise<void> {
    const findings = await this.reconcile();
    if (findings.length === 0) return;
    throw new Fault("The read model and the chain should agree, and do not:", {
      details: findings.map(sentenceOf),
    });
  }
}
