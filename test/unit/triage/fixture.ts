import { id, MaxUint256, Network, type Provider } from "ethers";
import { network } from "hardhat";

import { verifyProof, type Claim, type Proving } from "../../../scripts/lib/triage/proof.js";
import { LIMITS } from "../../../scripts/lib/triage/site.js";
import { triage, type Scene } from "../../../scripts/lib/triage/triage.js";
import type { Check, Finding } from "../../../scripts/lib/triage/finding.js";
import { deployedSuite } from "../../support/suite.js";
import { termsOf, type Terms } from "../../support/terms.js";

export const DAY = 86_400;
/** Where nobody answers. */
export const NOBODY = "http://127.0.0.1:1";

const LOG_EMITTER = "LogEmitter";

/** A suite on a chain in memory, with people who deposit, and everything that triage is told. */
export async function town() {
  const connection = await network.create();
  const { ethers, networkHelpers } = connection;
  const suite = await deployedSuite(connection);
  const { escrow, usdc, usdt, record, users } = suite;
  const [buyer, seller, stranger] = users as [(typeof users)[0], ...typeof users];
  for (const token of [usdc, usdt]) {
    await token.mint(buyer.address, 10n ** 12n);
    await token.connect(buyer).approve(escrow, MaxUint256);
  }
  let references = 0;

  const termsFor = async (change: Partial<Terms> = {}): Promise<Terms> =>
    termsOf(++references, {
      buyer: buyer.address,
      seller: seller!.address,
      token: await usdc.getAddress(),
      amount: 1_000_000n,
      deadline: BigInt((await networkHelpers.time.latest()) + 10 * DAY),
      onDeadline: 1,
      disputeWindow: BigInt(2 * DAY),
      ...change,
    });
  const deposit = async (change: Partial<Terms> = {}) => {
    const terms = await termsFor(change);
    const sent = await escrow.connect(buyer).deposit(terms);
    return { terms, paymentId: await escrow.hashPayment(terms), transaction: sent.hash };
  };
  const scene = (change: Partial<Scene> = {}): Scene => ({
    network: "local",
    chainId: record.chainId,
    record,
    indexer: NOBODY,
    endpoints: [],
    looks: [],
    provider: ethers.provider,
    fromBlock: record.startBlock,
    limits: LIMITS,
    ...change,
  });
  const look = (check: Check, change: Partial<Scene> = {}) => triage(scene(change), [check]);
  const find = async (check: Check, change: Partial<Scene> = {}): Promise<readonly Finding[]> =>
    (await look(check, change)).findings;

  /** A provider that answers some questions otherwise. */
  const lying = (lies: Partial<Record<keyof Provider, unknown>>): Provider =>
    new Proxy(ethers.provider, {
      get: (target, name) => {
        const found: unknown = name in lies ? lies[name as keyof Provider] : Reflect.get(target, name);
        return typeof found === "function" ? (found.bind(target) as unknown) : found;
      },
    });
  const verify = (claim: Claim, change: Partial<Proving> = {}) =>
    verifyProof(claim, {
      record,
      witnesses: [{ label: "here", provider: ethers.provider }],
      confirmations: 1,
      fromBlock: record.startBlock,
      ...change,
    });

  /** A deposit of 7 units in a token that the escrow was configured for after its deployment. */
  const depositInNewToken = async (symbol: "USDC" | "PLAIN") => {
    const deployed = await ethers.deployContract(symbol === "USDC" ? "TestUSDC" : "PlainToken");
    const token = await deployed.getAddress();
    // What is asked of it, both have.
    const fresh = await ethers.getContractAt("TestUSDC", token);
    const limits = {
      enabled: true,
      cap: 10n ** 20n,
      approvalThreshold: 0,
      outflowLimit: 0,
      outflowWindow: 0,
    };
    const call = escrow.interface.encodeFunctionData("configureToken", [token, limits]);
    const manager = suite.accessManager.connect(suite.holders.CONFIGURATOR);
    await manager.schedule(escrow, call, 0);
    await networkHelpers.time.increase(4 * DAY);
    await manager.execute(escrow, call);
    await fresh.mint(buyer.address, 10n ** 12n);
    await fresh.connect(buyer).approve(escrow, MaxUint256);
    return { token, fresh, made: await deposit({ token, amount: 7n }) };
  };

  /** Has a contract emit what the escrow would, at the address of the escrow itself or of an impostor. */
  const emitAt = async (
    address: string,
    logs: readonly (readonly [event: string, args: readonly unknown[]])[],
  ) => {
    const code = await ethers.provider.getCode(address);
    const emitter = await ethers.deployContract(LOG_EMITTER);
    await networkHelpers.setCode(address, await ethers.provider.getCode(emitter));
    const encoded = logs.map(([event, args]) =>
      escrow.interface.encodeEventLog(event as "PaymentCreated", args as never),
    );
    const { hash } = (await emitter.attach(address).connect(stranger!).getFunction("emitLogs")(encoded)) as {
      hash: string;
    };
    await networkHelpers.setCode(address, code);
    return hash;
  };
  /** What the escrow says when it makes a payment. */
  const created = (paymentId: string, { buyer: from, seller: to, ...rest }: Terms) =>
    ["PaymentCreated", [paymentId, from, to, ...Object.values(rest)]] as const;
  const snapshot = await networkHelpers.takeSnapshot();

  return {
    ...{ connection, ethers, networkHelpers, suite, buyer, seller: seller!, stranger: stranger! },
    ...{ termsFor, deposit, depositInNewToken, scene, look, find, verify, lying, emitAt, created },
    dispute: (terms: Terms) => escrow.connect(buyer).openDispute(terms, id("evidence"), "ipfs://evidence"),
    pass: (seconds: number) => networkHelpers.time.increase(seconds),
    network: Network.from(record.chainId),
    reset: () => snapshot.restore(),
  };
}

export type Town = Awaited<ReturnType<typeof town>>;
