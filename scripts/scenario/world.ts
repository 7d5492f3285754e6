import { setTimeout as sleep } from "node:timers/promises";

import type {
  BaseContract,
  Provider,
  TransactionReceipt,
  TransactionResponse,
  TypedDataDomain,
} from "ethers";

import type { DeploymentRecord, Holders } from "../../deploy/index.js";
import { Fault, NATIVE_COIN } from "../../deploy/index.js";
import {
  AccessManager__factory,
  ComplianceRegistry__factory,
  Escrow__factory,
  Permit2__factory,
  TestUSDC__factory,
  UpgradeController__factory,
  type AccessManager,
  type ComplianceRegistry,
  type Escrow,
  type Permit2,
  type TestUSDC,
  type UpgradeController,
} from "../../types/ethers-contracts/index.js";
import { domainOf } from "../lib/signing.js";
import { Clock } from "./clock.js";
import { People } from "./people.js";

const MINING_TIMEOUT_MS = 60_000;
const POLLING_INTERVAL_MS = 5;

/** A provider of a development chain, which can be asked for money and time. */
export type LocalProvider = Provider & { send(method: string, params: unknown[]): Promise<unknown> };

/** An allow-listed token as the scenario uses it. Amounts are in its smallest unit. */
export interface Token {
  readonly symbol: string;
  readonly address: string;
  readonly decimals: number;
  readonly native: boolean;
  readonly approvalThreshold: bigint;
  readonly outflowWindow: bigint;
  /** Every function of the test tokens; a plain one lacks some of them. */
  readonly contract: TestUSDC;
}

/** Everything that a payment's story can touch. */
export interface World {
  readonly provider: LocalProvider;
  readonly clock: Clock;
  readonly people: People;
  readonly accessManager: AccessManager;
  readonly upgradeController: UpgradeController;
  readonly registry: ComplianceRegistry;
  readonly escrow: Escrow;
  /** EIP-712 domain under which terms hash to their paymentId. */
  readonly escrowDomain: TypedDataDomain;
  readonly permit2: Permit2;
  readonly tokens: readonly Token[];
}

/** Connects to a deployed suite with test tokens. */
export async function enterWorld(
  provider: LocalProvider,
  { contracts, tokens }: DeploymentRecord,
  holders: Partial<Holders>,
): Promise<World> {
  const escrow = Escrow__factory.connect(contracts.escrow.address, provider);
  return {
    provider,
    clock: new Clock(provider),
    people: await People.gather(provider, holders),
    accessManager: AccessManager__factory.connect(contracts.accessManager.address, provider),
    upgradeController: UpgradeController__factory.connect(contracts.upgradeController.address, provider),
    registry: ComplianceRegistry__factory.connect(contracts.complianceRegistry.address, provider),
    escrow,
    escrowDomain: await domainOf(escrow),
    permit2: Permit2__factory.connect(contracts.permit2.address, provider),
    tokens: await Promise.all(
      tokens.map(async ({ symbol, address, decimals }) => {
        const { approvalThreshold, outflowWindow } = await escrow.tokenConfig(address);
        return {
          symbol,
          address,
          decimals,
          native: address === NATIVE_COIN,
          approvalThreshold,
          outflowWindow,
          contract: TestUSDC__factory.connect(address, provider),
        };
      }),
    ),
  };
}

/**
 * Waits until a transaction is in a block. ethers' own `wait` listens for the *next* block, which a chain that mines on
 * demand may never have if the transaction was mined in the moment before.
 *
 * @throws The chain's error if it reverted, {@link Fault} if it is not mined in time.
 */
export async function mined(sending: Promise<TransactionResponse>): Promise<TransactionReceipt> {
  const transaction = await sending;
  const deadline = Date.now() + MINING_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const receipt = await transaction.wait(0);
    if (receipt !== null) return receipt;
    await sleep(POLLING_INTERVAL_MS);
  }
  throw new Fault(`The chain has not mined ${transaction.hash} after ${MINING_TIMEOUT_MS / 1000} s.`);
}

/** Waits until a contract is deployed. */
export async function deployed<Contract extends BaseContract>(
  deploying: Promise<Contract>,
): Promise<Contract> {
  const contract = await deploying;
  await mined(Promise.resolve(contract.deploymentTransaction()!));
  return contract;
}
