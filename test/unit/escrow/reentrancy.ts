import { expect } from "chai";
import type { AddressLike, ContractTransactionResponse } from "ethers";

import { HELD_ROLES } from "../../../deploy/roles.js";
import type { Payment } from "../../../scripts/lib/signing.js";
import type { Escrow, TurnableToken } from "../../../types/ethers-contracts/index.js";
import { itFollows } from "../../specs/outline.js";
import { NO_PERMIT } from "../fixtures/deposits.js";
import {
  Action,
  Bit,
  HOUR,
  NATIVE_COIN,
  Standing,
  denyList,
  deployEscrow,
  ethers,
  expectTotals,
  fund,
  loadFixture,
  termsOf,
  usd,
  type Suite,
} from "../fixtures/escrow.js";
import { list } from "../fixtures/hostile.js";

const REENTERED = ethers.id("ReentrancyGuardReentrantCall()").slice(0, 10);
const CONFIG = { enabled: false, cap: 0, approvalThreshold: 0, outflowLimit: 0, outflowWindow: 0 };
const RECORD = { riskScore: 0, tier: 0, jurisdiction: 0, expiry: 0, revision: 0 };

/** A payment that a call is in the middle of, and who calls back. */
interface Target {
  payment: Payment;
  paymentId: string;
  who: string;
}

type Calls = Record<string, (target: Target) => unknown[]>;

/** Functions that move money or a payment's state: nobody enters them while another of them runs. */
const GUARDED: Calls = {
  deposit: ({ payment }) => [payment],
  depositWithPermit: ({ payment }) => [payment, ...NO_PERMIT],
  depositWithAuthorization: ({ payment }) => [payment, 0, 0, "0x"],
  depositWithPermit2: ({ payment }) => [payment, 0, 0, "0x"],
  release: ({ payment }) => [payment, 1],
  refund: ({ payment }) => [payment, 1],
  claim: ({ payment }) => [payment],
  settle: ({ payment }) => [payment, 0, 0, 0, "0x", "0x"],
  openDispute: ({ payment }) => [payment, ethers.ZeroHash, ""],
  withdrawDispute: ({ payment }) => [payment],
  resolve: ({ payment }) => [payment, 0, 0, ethers.ZeroHash],
  withdrawCredit: ({ payment, who }) => [payment.token, who, who],
  sweepSurplus: ({ payment, who }) => [payment.token, who, 1],
  multicall: ({ payment }) => [[ESCROW.encodeFunctionData("claim", [payment])]],
};

/** Functions that move nothing, so that they may be called at any moment by whoever may call them at all. */
const UNGUARDED: Calls = {
  approvePayout: ({ payment }) => [payment, Action.Refund, 1],
  hold: ({ paymentId }) => [paymentId, ""],
  unhold: ({ paymentId }) => [paymentId, ""],
  configureToken: ({ payment }) => [payment.token, CONFIG],
  pause: () => [Bit.DEPOSITS | Bit.PAYOUTS | Bit.EXITS, HOUR, ""],
  extendPause: () => [Bit.EXITS, HOUR, ""],
  unpause: () => [Bit.EXITS],
  submitAttestation: ({ payment, who }) => [
    { ...RECORD, account: who, attestationHash: ethers.ZeroHash, validUntil: payment.deadline },
    who,
    "0x",
  ],
  storeRecord: ({ payment }) => [payment.buyer, { ...RECORD, standing: Standing.Blocked }],
  storePolicy: () => [denyList],
  initialize: ({ who }) => [who],
  setAuthority: ({ who }) => [who],
};

const ESCROW = (await ethers.getContractFactory("Escrow")).interface as unknown as Escrow["interface"];

/** Somebody who calls back, and a call of the escrow in the middle of which they do. */
interface Attack extends Target {
  suite: Suite;
  attacker: { callBack(target: AddressLike, data: string): Promise<unknown>; callResult(): Promise<string> };
  act(): Promise<ContractTransactionResponse>;
  /** What the escrow's balance changes by, and what it holds afterwards. */
  moved: bigint;
  held: bigint;
}

const attacks: Record<string, (suite: Suite) => Promise<Attack>> = {
  "a token that is deposited": async (suite) => {
    const { payment, ...target } = await withReenteringToken(suite);
    const another = await termsOf(suite, { token: payment.token });
    const act = () => suite.escrow.connect(suite.buyer).deposit(another);
    return { suite, ...target, payment, act, moved: usd(1_000), held: usd(2_000) };
  },
  "a token that is paid out": async (suite) => {
    const { payment, ...target } = await withReenteringToken(suite);
    const act = () => suite.escrow.connect(suite.buyer).release(payment, usd(400));
    return { suite, ...target, payment, act, moved: -usd(400), held: usd(600) };
  },
  "the sender's ERC-777 hook": async (suite) => {
    const { token, attacker, who } = await withHooks(suite);
    await token.mint(who, usd(1_000));
    const approve = token.interface.encodeFunctionData("approve", [
      await suite.escrow.getAddress(),
      usd(1_000),
    ]);
    await attacker.execute(token, approve);
    const payment = await termsOf(suite, { token: await token.getAddress(), buyer: who });
    const act = () => attacker.execute(suite.escrow, ESCROW.encodeFunctionData("deposit", [payment]));
    const paymentId = await suite.escrow.hashPayment(payment);
    return { suite, attacker, who, payment, paymentId, act, moved: usd(1_000), held: usd(1_000) };
  },
  "the recipient's ERC-777 hook": async (suite) => {
    const { token, attacker, who } = await withHooks(suite);
    const funded = await fund(suite, { token: await token.getAddress(), seller: who });
    const act = () => suite.escrow.connect(suite.buyer).release(funded.payment, usd(400));
    return { suite, attacker, who, ...funded, act, moved: -usd(400), held: usd(600) };
  },
  "the recipient of the native coin": async (suite) => {
    const attacker = await ethers.deployContract("HostileRecipient");
    const who = await attacker.getAddress();
    await empower(suite, who);
    const funded = await fund(suite, { token: NATIVE_COIN, amount: 10_000n, seller: who });
    const act = () => suite.escrow.connect(suite.buyer).release(funded.payment, 4_000);
    return { suite, attacker, who, ...funded, act, moved: -4_000n, held: 6_000n };
  },
};

/** A payment in a token that calls back itself. */
async function withReenteringToken(suite: Suite) {
  const token = await list(suite, "Reenters");
  const who = await token.getAddress();
  const attacker = await ethers.getContractAt("Reenters", who);
  await empower(suite, who);
  return { token, attacker, who, ...(await fund(suite, { token: who })) };
}

/** A token that calls sender and recipient, and a contract that is called. */
async function withHooks(suite: Suite) {
  const token = await list(suite, "CallsBack");
  const attacker = await ethers.deployContract("HostileRecipient");
  const who = await attacker.getAddress();
  await (await ethers.getContractAt("CallsBack", token)).registerHooks(who);
  await empower(suite, who);
  return { token, attacker, who };
}

/** The suite with everybody in it who attacks. */
async function deployWithAttackers() {
  const suite = await deployEscrow();
  const prepared: Record<string, Attack> = {};
  for (const [from, prepare] of Object.entries(attacks)) prepared[from] = await prepare(suite);
  return prepared;
}

const underAttack = async (from: string) => (await loadFixture(deployWithAttackers))[from]!;

/** No role protects anything here: the attacker has all of them. */
async function empower({ grant }: Suite, who: string) {
  for (const role of HELD_ROLES) await grant(role, who);
}

/** Runs an attack and asserts that it moved nothing. Returns what the attacker's call returned or reverted with. */
async function run(attack: Attack, name: string, args: unknown[]): Promise<string> {
  const { suite, attacker, payment, moved, held } = attack;
  const { escrow } = suite;
  await attacker.callBack(escrow, ESCROW.encodeFunctionData(name as never, args as never));
  if (payment.token === NATIVE_COIN) {
    await expect(attack.act()).to.changeEtherBalance(ethers, escrow, moved);
    await expectTotals(suite, NATIVE_COIN, { held, credits: 0n });
  } else {
    const token: TurnableToken = await ethers.getContractAt("TurnableToken", payment.token);
    await expect(attack.act()).to.changeTokenBalance(ethers, token, escrow, moved);
    await expectTotals(suite, token, { held, credits: 0n });
  }
  return attacker.callResult();
}

describe("Escrow reentrancy", () => {
  itFollows("escrow/reentrancy.tree");

  it("is tried for every function that changes anything", () => {
    const names: string[] = [];
    ESCROW.forEachFunction(({ name, constant }) => {
      if (!constant) names.push(name);
    });
    expect([...Object.keys(GUARDED), ...Object.keys(UNGUARDED)]).to.have.members(names);
  });

  for (const [name, argumentsFor] of Object.entries(GUARDED)) {
    describe(name, () => {
      for (const from of Object.keys(attacks)) {
        it(`reverts with ReentrancyGuardReentrantCall from ${from}`, async () => {
          const attack = await underAttack(from);
          expect(await run(attack, name, argumentsFor(attack))).to.equal(REENTERED);
        });
      }
    });
  }

  for (const [name, argumentsFor] of Object.entries(UNGUARDED)) {
    describe(name, () => {
      for (const from of Object.keys(attacks)) {
        it(`moves nothing from ${from}`, async () => {
          const attack = await underAttack(from);
          await run(attack, name, argumentsFor(attack));
        });
      }
    });
  }

  it("from a token's permit into a deposit that would count the same money is refused", async () => {
    const suite = await loadFixture(deployEscrow);
    const { token, attacker, who } = await withReenteringToken(suite);
    const { escrow, buyer } = suite;
    const inner = await termsOf(suite, { token: who });
    const call = ESCROW.encodeFunctionData("depositWithAuthorization", [inner, 0, 0, "0x"]);
    await attacker.callBack(escrow, call);
    const outer = await termsOf(suite, { token: who });
    await escrow.connect(buyer).depositWithPermit(outer, ...NO_PERMIT);
    expect(await attacker.callResult()).to.equal(REENTERED);
    await expectTotals(suite, token, { held: usd(2_000), credits: 0n });
  });
});
