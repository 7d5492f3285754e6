import type { ContractTransactionResponse } from "ethers";

import { ROLES } from "../../deploy/roles.js";
import { NATIVE_COIN } from "../../deploy/index.js";
import {
  ATTESTATION,
  domainOf,
  paymentIdOf,
  PERMIT,
  PERMIT2_WITNESS,
  RECEIVE_WITH_AUTHORIZATION,
  SETTLEMENT,
  sign,
} from "../../scripts/lib/signing.js";
import { clear, cleared, fund, HOUR, termsOf, usd, type Stage } from "./stage.js";

/** One transaction whose gas is measured on a stage of its own. */
export interface Operation {
  /** For people. */
  readonly title: string;
  /** Divides the gas: a batch is measured per payment. */
  readonly per?: number;
  /** Prepares what it needs and sends the transaction. */
  send(stage: Stage): Promise<ContractTransactionResponse>;
}

const BATCH = 10;
const ONE_PERCENT = 100n;
const ACTION = { release: 0n, refund: 1n } as const;
const PAUSE_DEPOSITS = 1;

const withFee = ({ feeRecipient }: Stage) => ({
  feeBps: ONE_PERCENT,
  feeRecipient: feeRecipient.address,
});

async function inAnHour({ connection }: Stage): Promise<bigint> {
  return BigInt(await connection.networkHelpers.time.latest()) + HOUR;
}

async function fundAndDispute(stage: Stage) {
  const funded = await fund(stage);
  const { escrow, seller, connection } = stage;
  await escrow
    .connect(seller)
    .openDispute(funded.payment, connection.ethers.id("evidence"), "ipfs://evidence");
  return funded;
}

async function upgradeTo(stage: Stage): Promise<ContractTransactionResponse> {
  const { connection, upgradeController, accessManager, escrow, complianceRegistry, permit2, holders } =
    stage;
  const next = await connection.ethers.deployContract("Escrow", [complianceRegistry, permit2]);
  const controller = upgradeController.connect(holders.UPGRADER);
  const args = [await escrow.getAddress(), await next.getAddress(), "0x"] as const;
  await accessManager
    .connect(holders.UPGRADER)
    .schedule(controller, controller.interface.encodeFunctionData("upgrade", [...args]), 0);
  await connection.networkHelpers.time.increase(ROLES.UPGRADER.executionDelay);
  return controller.upgrade(...args);
}

/** What is measured, in the order of the table. `deposit` and `release` are the two that make up a payment's life. */
export const operations = {
  deposit: {
    title: "deposit by allowance",
    send: async (stage) => stage.escrow.connect(stage.buyer).deposit(await termsOf(stage)),
  },
  depositWithPermit: {
    title: "deposit by EIP-2612 permit",
    async send(stage) {
      const { escrow, buyer, plain } = stage;
      await plain.connect(buyer).approve(escrow, 0);
      const [payment, deadline] = [await termsOf(stage), await inAnHour(stage)];
      const { v, r, s } = await sign(buyer, await domainOf(plain), PERMIT, {
        owner: buyer.address,
        spender: await escrow.getAddress(),
        value: payment.amount,
        nonce: await plain.nonces(buyer),
        deadline,
      });
      return escrow.connect(buyer).depositWithPermit(payment, deadline, v, r, s);
    },
  },
  depositWithAuthorization: {
    title: "deposit by ERC-3009 (test USDC, which has a blacklist), relayed",
    async send(stage) {
      const { escrow, buyer, stranger, usdc } = stage;
      const payment = await termsOf(stage, { token: await usdc.getAddress() });
      const validBefore = await inAnHour(stage);
      const { serialized } = await sign(buyer, await domainOf(usdc), RECEIVE_WITH_AUTHORIZATION, {
        from: buyer.address,
        to: await escrow.getAddress(),
        value: payment.amount,
        validAfter: 0,
        validBefore,
        nonce: paymentIdOf(stage.domain, payment),
      });
      return escrow.connect(stranger).depositWithAuthorization(payment, 0, validBefore, serialized);
    },
  },
  depositWithPermit2: {
    title: "deposit by Permit2, relayed",
    async send(stage) {
      const { escrow, buyer, stranger, permit2, domain } = stage;
      const permit2Domain = {
        name: "Permit2",
        chainId: domain.chainId,
        verifyingContract: await permit2.getAddress(),
      };
      const deposit = async (nonce: bigint) => {
        const [payment, deadline] = [await termsOf(stage), await inAnHour(stage)];
        const { serialized } = await sign(buyer, permit2Domain, PERMIT2_WITNESS, {
          permitted: { token: payment.token, amount: payment.amount },
          spender: await escrow.getAddress(),
          nonce,
          deadline,
          witness: payment,
        });
        return escrow.connect(stranger).depositWithPermit2(payment, nonce, deadline, serialized);
      };
      await deposit(0n); // 256 nonces share a word
      return deposit(1n);
    },
  },
  depositNative: {
    title: "deposit of the native coin",
    async send(stage) {
      const payment = await termsOf(stage, { token: NATIVE_COIN });
      return stage.escrow.connect(stage.buyer).deposit(payment, { value: payment.amount });
    },
  },
  multicallDeposit: {
    title: `deposit in a multicall of ${BATCH}, each`,
    per: BATCH,
    async send(stage) {
      const { escrow, buyer } = stage;
      const calls: string[] = [];
      for (let i = 0; i < BATCH; ++i) {
        calls.push(escrow.interface.encodeFunctionData("deposit", [await termsOf(stage)]));
      }
      return escrow.connect(buyer).multicall(calls);
    },
  },
  release: {
    title: "release by the buyer",
    async send(stage) {
      const { payment } = await fund(stage);
      return stage.escrow.connect(stage.buyer).release(payment, payment.amount);
    },
  },
  releaseWithFee: {
    title: "release with a fee of 1 %",
    async send(stage) {
      const { payment } = await fund(stage, withFee(stage));
      return stage.escrow.connect(stage.buyer).release(payment, payment.amount);
    },
  },
  releasePartial: {
    title: "release of a part",
    async send(stage) {
      const { payment } = await fund(stage);
      return stage.escrow.connect(stage.buyer).release(payment, payment.amount / 4n);
    },
  },
  releaseByOperator: {
    title: "release by an operator, below the threshold",
    async send(stage) {
      const { escrow, holders } = stage;
      const [first, second] = [await fund(stage), await fund(stage)];
      await escrow.connect(holders.OPERATOR).release(first.payment, first.payment.amount);
      return escrow.connect(holders.OPERATOR).release(second.payment, second.payment.amount);
    },
  },
  approvePayout: {
    title: "approvePayout",
    async send(stage) {
      const { payment } = await fund(stage, { amount: usd(20_000) });
      return stage.escrow
        .connect(stage.holders.APPROVER)
        .approvePayout(payment, ACTION.release, payment.amount);
    },
  },
  releaseApproved: {
    title: "release by an operator, approved",
    async send(stage) {
      const { escrow, holders } = stage;
      const { payment: small } = await fund(stage);
      await escrow.connect(holders.OPERATOR).release(small, small.amount);
      const { payment } = await fund(stage, { amount: usd(20_000) });
      await escrow.connect(holders.APPROVER).approvePayout(payment, ACTION.release, payment.amount);
      return escrow.connect(holders.OPERATOR).release(payment, payment.amount);
    },
  },
  refund: {
    title: "refund by the seller",
    async send(stage) {
      const { payment } = await fund(stage);
      return stage.escrow.connect(stage.seller).refund(payment, payment.amount);
    },
  },
  claim: {
    title: "claim after the deadline",
    async send(stage) {
      const { payment } = await fund(stage);
      await stage.connection.networkHelpers.time.increaseTo(payment.deadline);
      return stage.escrow.connect(stage.stranger).claim(payment);
    },
  },
  openDispute: {
    title: "openDispute",
    async send(stage) {
      const { payment } = await fund(stage);
      const evidence = stage.connection.ethers.id("evidence");
      return stage.escrow.connect(stage.seller).openDispute(payment, evidence, "ipfs://evidence");
    },
  },
  resolve: {
    title: "resolve, split in two",
    async send(stage) {
      const { payment } = await fundAndDispute(stage);
      const half = payment.amount / 2n;
      const ruling = stage.connection.ethers.id("ruling");
      return stage.escrow.connect(stage.arbiter).resolve(payment, half, payment.amount - half, ruling);
    },
  },
  settle: {
    title: "settle, split in two",
    async send(stage) {
      const { escrow, buyer, seller, stranger, domain } = stage;
      const { payment, paymentId } = await fund(stage);
      const sellerAmount = payment.amount / 2n;
      const agreed = {
        paymentId,
        sellerAmount,
        buyerAmount: payment.amount - sellerAmount,
        validUntil: await inAnHour(stage),
      };
      const [byBuyer, bySeller] = await Promise.all(
        [buyer, seller].map((party) => sign(party, domain, SETTLEMENT, agreed)),
      );
      return escrow
        .connect(stranger)
        .settle(
          payment,
          agreed.sellerAmount,
          agreed.buyerAmount,
          agreed.validUntil,
          byBuyer!.serialized,
          bySeller!.serialized,
        );
    },
  },
  withdrawCredit: {
    title: "withdrawCredit",
    async send(stage) {
      const { complianceRegistry, escrow, buyer, seller, arbiter, holders } = stage;
      const officer = complianceRegistry.connect(holders.COMPLIANCE);
      const blocked = 2n;
      // Two accounts are owed something, so that the total of credits stays above zero.
      for (const owed of [seller, arbiter]) {
        const other = owed === seller ? arbiter : stage.feeRecipient;
        const { payment } = await fund(stage, { seller: owed.address, arbiter: other.address });
        await officer.setRecords([{ ...cleared(owed.address), standing: blocked, expiry: 0 }]);
        await escrow.connect(buyer).release(payment, payment.amount);
        await clear(stage, owed.address);
      }
      const { plain } = stage;
      return escrow.connect(seller).withdrawCredit(plain, seller, seller);
    },
  },
  pause: {
    title: "pause of deposits",
    send: async ({ escrow, holders }) =>
      escrow.connect(holders.GUARDIAN).pause(PAUSE_DEPOSITS, 6n * HOUR, "incident 2026-014"),
  },
  setRecords1: {
    title: "setRecords, 1 new account",
    send: async (stage) => clear(stage, newAccount(stage, 1)),
  },
  setRecords10: {
    title: "setRecords, 10 new accounts",
    send: async (stage) =>
      clear(stage, ...Array.from({ length: 10 }, (_, index) => newAccount(stage, index + 1))),
  },
  submitAttestation: {
    title: "submitAttestation for a new account",
    async send(stage) {
      const { complianceRegistry, stranger, holders } = stage;
      const attestation = {
        ...cleared(newAccount(stage, 1)),
        revision: 0n,
        validUntil: await inAnHour(stage),
      };
      const domain = await domainOf(complianceRegistry);
      const { serialized } = await sign(holders.ATTESTER, domain, ATTESTATION, attestation);
      return complianceRegistry
        .connect(stranger)
        .submitAttestation(attestation, holders.ATTESTER.address, serialized);
    },
  },
  upgrade: { title: "upgrade of the escrow", send: upgradeTo },
  rollback: {
    title: "rollback of the escrow",
    async send(stage) {
      await upgradeTo(stage);
      return stage.upgradeController.connect(stage.holders.GUARDIAN).rollback(stage.escrow);
    },
  },
} as const satisfies Record<string, Operation>;

/** The least that the same two steps could cost, on the same token and in the same steady state. */
export const floorOperations = {
  fund: {
    title: "fund",
    send: async ({ connection, floor, buyer }) =>
      floor.connect(buyer).fund(connection.ethers.id("floor"), usd(100)),
  },
  pay: {
    title: "pay the seller",
    async send({ connection, floor, buyer, seller }) {
      const paymentId = connection.ethers.id("floor");
      await floor.connect(buyer).fund(paymentId, usd(100));
      return floor.connect(buyer).pay(paymentId, seller);
    },
  },
} as const satisfies Record<string, Operation>;

const newAccount = ({ connection: { ethers } }: Stage, index: number) =>
  ethers.getAddress(ethers.dataSlice(ethers.id(`new account ${index}`), 12));

/** Sends the operation on the stage as it was built, and leaves the stage as it was. */
export async function measured<T>(
  stage: Stage,
  operation: Operation,
  read: (transaction: ContractTransactionResponse) => Promise<T>,
): Promise<T> {
  const { networkHelpers } = stage.connection;
  const [snapshot, references] = [await networkHelpers.takeSnapshot(), stage.references];
  try {
    return await read(await operation.send(stage));
  } finally {
    await snapshot.restore();
    stage.references = references;
  }
}
