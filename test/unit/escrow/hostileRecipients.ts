import { expect } from "chai";
import type { ContractTransactionResponse } from "ethers";

import { SETTLEMENT, sign } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import {
  DAY,
  NATIVE_COIN,
  OnDeadline,
  at,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  fund,
  loadFixture,
  termsOf,
  usd,
} from "../fixtures/escrow.js";

/** What a contract does when it is paid, and its mode. */
const REFUSING = { reverts: 1, "uses up all its gas": 2, "reverts with a bomb": 4 } as const;
const ACCEPTING = { "answers with a bomb": 3, "needs nearly all the gas that it is granted": 5 } as const;

const PARTIES = ["seller", "feeRecipient", "buyer"] as const;
type Party = (typeof PARTIES)[number];
/** 6,000 of 10,000 to the seller, less one percent, and the rest to the buyer. */
const DUE: Record<Party, bigint> = { seller: 5_940n, feeRecipient: 60n, buyer: 4_000n };

/**
 * A payment of the native coin whose seller, buyer or fee recipient is a contract that obeys anybody. Other people have
 * such a payment too, and one in USDC.
 */
async function withContractAs(party: Party, onDeadline: bigint = OnDeadline.Release) {
  const suite = await loadFixture(deployEscrow);
  const { escrow, usdc, buyer, seller } = suite;
  const contract = await ethers.deployContract("HostileRecipient");
  const callEscrow = (name: string, args: unknown[], value = 0n) =>
    contract.execute(escrow, escrow.interface.encodeFunctionData(name as never, args as never), { value });
  const payment = await termsOf(suite, {
    token: NATIVE_COIN,
    amount: 10_000n,
    onDeadline,
    [party]: await contract.getAddress(),
  });
  const value = payment.amount;
  if (party === "buyer") await callEscrow("deposit", [payment], value);
  else await escrow.connect(buyer).deposit(payment, { value });

  const [otherBuyer, otherSeller] = (await ethers.getSigners()).slice(14);
  const others = { ...suite, buyer: otherBuyer!, seller: otherSeller! };
  await usdc.mint(others.buyer, usd(1_000));
  await usdc.connect(others.buyer).approve(escrow, ethers.MaxUint256);
  const { payment: theirs } = await fund(others, { token: NATIVE_COIN, amount: 10_000n });
  const { payment: honest } = await fund(others);
  /** A party that is a person. */
  const person = party === "buyer" ? seller : buyer;
  return { suite, ...suite, contract, callEscrow, payment, person, others, theirs, honest };
}

type World = Awaited<ReturnType<typeof withContractAs>>;

/** Rules on a dispute, so that everybody is paid at once. */
async function resolve({ escrow, arbiter, person, payment }: World) {
  await escrow.connect(person).openDispute(payment, ethers.ZeroHash, "");
  return escrow.connect(arbiter).resolve(payment, 6_000, 4_000, ethers.ZeroHash);
}

async function settle({ escrow, domain, startedAt, person, payment }: World) {
  const paymentId = await escrow.hashPayment(payment);
  const settlement = { paymentId, sellerAmount: 6_000n, buyerAmount: 4_000n, validUntil: startedAt + DAY };
  const { serialized } = await sign(person, domain, SETTLEMENT, settlement);
  // The contract accepts any signature as its own.
  return escrow.settle(payment, 6_000, 4_000, settlement.validUntil, serialized, serialized);
}

async function claim({ escrow, payment }: World) {
  await at(payment.deadline);
  return escrow.claim(payment);
}

interface Exit {
  name: string;
  party: Party;
  due: bigint;
  onDeadline?: bigint;
  leave: (world: World) => Promise<ContractTransactionResponse>;
}

const EXITS: Exit[] = [
  {
    name: "release",
    party: "seller",
    due: 9_900n,
    leave: ({ escrow, buyer, payment }) => escrow.connect(buyer).release(payment, 10_000),
  },
  {
    name: "refund",
    party: "buyer",
    due: 10_000n,
    leave: ({ escrow, seller, payment }) => escrow.connect(seller).refund(payment, 10_000),
  },
  { name: "claim", party: "seller", due: 9_900n, leave: claim },
  { name: "claim", party: "buyer", due: 10_000n, onDeadline: OnDeadline.Refund, leave: claim },
  { name: "resolve", party: "seller", due: 5_940n, leave: resolve },
  { name: "resolve", party: "buyer", due: 4_000n, leave: resolve },
  { name: "settle", party: "seller", due: 5_940n, leave: settle },
  { name: "settle", party: "buyer", due: 4_000n, leave: settle },
];

/** Asserts that other people's payments pay as if nobody misbehaved. */
async function expectOthersUnharmed({ escrow, usdc, others, theirs, honest }: World) {
  const theirEscrow = escrow.connect(others.buyer);
  await expect(theirEscrow.release(theirs, 10_000)).to.changeEtherBalance(ethers, others.seller, 9_900);
  await expect(theirEscrow.release(honest, usd(1_000))).to.changeTokenBalance(
    ethers,
    usdc,
    others.seller,
    usd(990),
  );
}

/** Asserts that the contract is owed an amount and nobody else any, and that it gets it elsewhere. */
async function expectOwed({ suite, escrow, contract, callEscrow, stranger }: World, amount: bigint) {
  expect(await escrow.creditOf(NATIVE_COIN, contract)).to.equal(amount);
  await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: amount });
  const here = escrow.withdrawCredit(NATIVE_COIN, contract, contract);
  await expectRefusal(suite, here, "CreditPushFailed", NATIVE_COIN, contract, amount);

  const elsewhere = callEscrow("withdrawCredit", [NATIVE_COIN, contract.target, stranger.address]);
  await expect(elsewhere).to.changeEtherBalance(ethers, stranger, amount);
  await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: 0n });
  expect(await ethers.provider.getBalance(escrow)).to.equal(0n);
}

describe("Escrow hostile recipients", () => {
  itFollows("escrow/hostileRecipients.tree");

  for (const [what, mode] of Object.entries(REFUSING)) {
    describe(`a contract that ${what}`, () => {
      for (const party of PARTIES) {
        it(`is owed as ${party}, and everybody else is paid`, async () => {
          const world = await withContractAs(party);
          await world.contract.setMode(mode);
          const accounts = PARTIES.map((each) => world.payment[each]);
          const paid = PARTIES.map((each) => (each === party ? 0n : DUE[each]));
          await expect(resolve(world)).to.changeEtherBalances(ethers, accounts, paid);
          await expectOthersUnharmed(world);
          await expectOwed(world, DUE[party]);
        });
      }

      for (const { name, party, due, onDeadline, leave } of EXITS) {
        it(`is owed as ${party} by ${name}`, async () => {
          const world = await withContractAs(party, onDeadline);
          await world.contract.setMode(mode);
          await expect(leave(world)).to.changeEtherBalance(ethers, world.contract, 0);
          await expectOthersUnharmed(world);
          await expectOwed(world, due);
        });
      }
    });
  }

  for (const [what, mode] of Object.entries(ACCEPTING)) {
    describe(`a contract that ${what}`, () => {
      for (const party of PARTIES) {
        it(`is paid as ${party}`, async () => {
          const world = await withContractAs(party);
          await world.contract.setMode(mode);
          const accounts = PARTIES.map((each) => world.payment[each]);
          await expect(resolve(world)).to.changeEtherBalances(ethers, accounts, Object.values(DUE));
          await expectOthersUnharmed(world);
          await expectTotals(world.suite, NATIVE_COIN, { held: 0n, credits: 0n });
        });
      }
    });
  }

  it("does not copy what a contract answers", async () => {
    const { escrow, buyer, contract, payment } = await withContractAs("seller");
    for (const mode of [ACCEPTING["answers with a bomb"], REFUSING["reverts with a bomb"]]) {
      await contract.setMode(mode);
      const { gasUsed } = (await (await escrow.connect(buyer).release(payment, 5_000)).wait())!;
      // The answer costs its maker some 200,000; copying it would cost as much again.
      expect(gasUsed).to.be.lessThan(400_000n);
    }
  });
});
