import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { MaxUint256 } from "ethers";
import { network } from "hardhat";

import { startAnvil } from "../../../scripts/lib/anvil.js";
import { freePort } from "../../../scripts/lib/processes.js";
import { deployedSuite } from "../../../test/support/suite.js";
import { makePayments, type Makers } from "./make.js";
import { Node, type Sent } from "./node.js";
import { buyers } from "./terms.js";

const CHAIN_ID = 31337;
/** Its past is long past, as when somebody indexes anew: what is recent is also logged. */
const SECONDS_AGO = 365 * 86_400;
const SECONDS_PER_BLOCK = 12;
/** Some blocks more than Ponder takes for final on a local chain, so that all payments are in the backfill. */
const BLOCKS_ON_TOP = 64;
const FUNDS = 10n ** 15n;
const USED_BY_APPROVAL = 100_000n;

/** A chain with the suite on it and payments that are made on demand. */
export interface PaymentChain extends AsyncDisposable {
  readonly chainId: number;
  readonly url: string;
  readonly node: Node;
  readonly makers: Makers;
  /** Directory with the chain's deployment record. */
  readonly recordsDir: string;
  /** Makes payments until there are that many. */
  growTo(payments: number): Promise<void>;
}

/** Starts a chain and deploys the suite. Ends with the scope that it is `await using` in. */
export async function startPaymentChain(): Promise<PaymentChain> {
  await using cleanup = new AsyncDisposableStack();
  const startedAt = Math.floor(Date.now() / 1000) - SECONDS_AGO;
  const anvil = await startAnvil({
    port: await freePort(),
    args: [
      ...["--accounts", "16", "--auto-impersonate", "--timestamp", String(startedAt)],
      ...["--gas-limit", "100000000", "--gas-price", "0", "--block-base-fee-per-gas", "0"],
    ],
  });
  cleanup.defer(() => anvil.stop());
  const connection = await network.create({ network: "local", override: { url: anvil.url } });
  const suite = await deployedSuite(connection);
  const recordsDir = await mkdtemp(path.join(tmpdir(), "holdfast-bench-"));
  cleanup.defer(() => rm(recordsDir, { recursive: true }));
  await writeFile(path.join(recordsDir, `${CHAIN_ID}.json`), JSON.stringify(suite.record));

  const node = new Node(anvil.url);
  await node.ask("anvil_setBlockTimestampInterval", SECONDS_PER_BLOCK);
  await node.ask("evm_setAutomine", false);
  const makers: Makers = {
    node,
    chainId: CHAIN_ID,
    escrow: await suite.escrow.getAddress(),
    tokens: [await suite.usdc.getAddress(), await suite.usdt.getAddress()],
    officers: {
      arbiter: suite.holders.ARBITER.address,
      approver: suite.holders.APPROVER.address,
      officer: suite.holders.COMPLIANCE.address,
      anyone: suite.deployer.address,
    },
  };
  await fundBuyers(makers, suite.usdc.interface);

  let made = 0;
  const resources = cleanup.move();
  return {
    chainId: CHAIN_ID,
    url: anvil.url,
    node,
    makers,
    recordsDir,
    growTo: async (payments) => {
      await makePayments(makers, made, payments);
      made = payments;
      await node.ask("anvil_mine", BLOCKS_ON_TOP);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function fundBuyers(
  { node, escrow, tokens }: Makers,
  token: Awaited<ReturnType<typeof deployedSuite>>["usdc"]["interface"],
): Promise<void> {
  const transactions = buyers.flatMap((buyer): Sent[] =>
    tokens.flatMap((to) => [
      { from: buyer, to, data: token.encodeFunctionData("mint", [buyer, FUNDS]), gas: USED_BY_APPROVAL },
      {
        from: buyer,
        to,
        data: token.encodeFunctionData("approve", [escrow, MaxUint256]),
        gas: USED_BY_APPROVAL,
      },
    ]),
  );
  for (let i = 0; i < transactions.length; i += 400) await node.mine(transactions.slice(i, i + 400));
}
