import { expect } from "chai";

import {
  PERMIT2_WITNESS,
  RECEIVE_WITH_AUTHORIZATION,
  SETTLEMENT,
  digestOf,
  domainOf,
  paymentIdOf,
  sign,
  type Payment,
} from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import { safeAccount, type SafeAccount } from "../../support/safe-account.js";
import { TESTED_VERSIONS, type TestedVersion } from "../../support/safes.js";
import {
  Flag,
  HOUR,
  NATIVE_COIN,
  OnDeadline,
  Status,
  at,
  connection,
  deployEscrow,
  ethers,
  expectRefusal,
  expectTotals,
  fund,
  fundAndDispute,
  loadFixture,
  networkHelpers,
  termsOf,
  usd,
  type Suite,
} from "../fixtures/escrow.js";

type Owners = [Suite["buyer"], Suite["buyer"], Suite["buyer"]];

/** The suite, and a 2-of-3 Safe of each version with 10,000 USDC and some of the native coin. */
async function deployWithSafes() {
  const suite = await deployEscrow();
  const owners = (await ethers.getSigners()).slice(14, 17) as Owners;
  const safes: Partial<Record<TestedVersion, SafeAccount>> = {};
  for (const version of TESTED_VERSIONS) {
    const safe = await safeAccount(connection, version, owners, 2);
    await suite.usdc.mint(safe.address, usd(10_000));
    await networkHelpers.setBalance(safe.address, 20_000n);
    safes[version] = safe;
  }
  return { suite, owners, safes };
}

async function withSafe(version: TestedVersion) {
  const { suite, owners, safes } = await loadFixture(deployWithSafes);
  const { escrow, usdc } = suite;
  const safe = safes[version]!;
  /** The Safe calls the escrow. */
  const call = (name: string, args: unknown[], { value = 0n, by = owners.slice(0, 2) } = {}) =>
    safe.execute([{ to: escrow.target as string, data: encode(suite, name, args), value }], by);
  const approve = async (spender: Suite["escrow"] | Suite["permit2"]) => ({
    to: await usdc.getAddress(),
    data: usdc.interface.encodeFunctionData("approve", [spender.target, usd(10_000)]),
  });
  return { suite, ...suite, owners, safe, call, approve };
}

const encode = ({ escrow }: Suite, name: string, args: unknown[]) =>
  escrow.interface.encodeFunctionData(name as never, args as never);

type World = Awaited<ReturnType<typeof withSafe>>;

/** A payment of 1,000 USDC that the Safe has deposited, approving and depositing in one batch. */
async function fundAsSafe({ suite, escrow, domain, safe, approve }: World, changes: Partial<Payment> = {}) {
  const payment = await termsOf(suite, { buyer: safe.address, ...changes });
  const deposit = { to: escrow.target as string, data: encode(suite, "deposit", [payment]) };
  const deposited = await safe.execute([await approve(escrow), deposit]);
  return { payment, paymentId: paymentIdOf(domain, payment), deposited };
}

/** What {depositWithAuthorization} asks the buyer to sign. */
async function authorizationOf({ usdc, escrow, domain, startedAt }: World, payment: Payment) {
  const digest = digestOf(await domainOf(usdc), RECEIVE_WITH_AUTHORIZATION, {
    from: payment.buyer,
    to: await escrow.getAddress(),
    value: payment.amount,
    validAfter: 0n,
    validBefore: startedAt + HOUR,
    nonce: paymentIdOf(domain, payment),
  });
  return { digest, args: [payment, 0n, startedAt + HOUR] as const };
}

/** What {depositWithPermit2} asks the buyer to sign. */
async function permit2Of({ permit2, escrow, domain, startedAt }: World, payment: Payment) {
  const { chainId } = domain;
  const digest = digestOf(
    { name: "Permit2", chainId, verifyingContract: await permit2.getAddress() },
    PERMIT2_WITNESS,
    {
      permitted: { token: payment.token, amount: payment.amount },
      spender: await escrow.getAddress(),
      nonce: 5n,
      deadline: startedAt + HOUR,
      witness: payment,
    },
  );
  return { digest, args: [payment, 5n, startedAt + HOUR] as const };
}

/** 600 to the seller and 400 to the buyer, which a person has signed and a Safe is to sign. */
async function settlementOf({ domain, startedAt }: World, paymentId: string, person: Suite["buyer"]) {
  const validUntil = startedAt + HOUR;
  const settlement = { paymentId, sellerAmount: usd(600), buyerAmount: usd(400), validUntil };
  const { serialized: byPerson } = await sign(person, domain, SETTLEMENT, settlement);
  const digest = digestOf(domain, SETTLEMENT, settlement);
  return { settlement, digest, byPerson, args: [usd(600), usd(400), validUntil] as const };
}

describe("Escrow with a Safe of two of three owners", () => {
  itFollows("peers/safe.tree");

  for (const version of TESTED_VERSIONS) {
    describe(`Safe ${version}`, () => {
      describe("as buyer", () => {
        it("approves and deposits in one batch, and releases", async () => {
          const world = await withSafe(version);
          const { usdc, escrow, safe, seller, feeRecipient, call } = world;
          const { payment, deposited } = await fundAsSafe(world);
          await expect(deposited).to.changeTokenBalances(
            ethers,
            usdc,
            [safe.address, escrow],
            [-usd(1_000), usd(1_000)],
          );
          await expect(call("release", [payment, usd(1_000)])).to.changeTokenBalances(
            ethers,
            usdc,
            [seller, feeRecipient],
            [usd(990), usd(10)],
          );
        });

        it("pays in the native coin, and is refunded in it", async () => {
          const { suite, escrow, safe, seller, call } = await withSafe(version);
          const payment = await termsOf(suite, { buyer: safe.address, token: NATIVE_COIN, amount: 10_000n });
          await expect(call("deposit", [payment], { value: 10_000n })).to.changeEtherBalance(
            ethers,
            safe.address,
            -10_000n,
          );
          const refund = escrow.connect(seller).refund(payment, 10_000n);
          await expect(refund).to.changeEtherBalance(ethers, safe.address, 10_000n);
          await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: 0n });
        });

        it("disputes, withdraws the dispute, and is paid by a ruling", async () => {
          const world = await withSafe(version);
          const { escrow, usdc, safe, arbiter, call } = world;
          const { payment, paymentId } = await fundAsSafe(world, { onDeadline: OnDeadline.Release });
          await call("openDispute", [payment, ethers.id("evidence"), "ipfs://evidence"]);
          expect((await escrow.paymentState(paymentId)).status).to.equal(Status.Disputed);
          await call("withdrawDispute", [payment]);
          expect((await escrow.paymentState(paymentId)).status).to.equal(Status.Funded);
          await call("openDispute", [payment, ethers.id("evidence"), "ipfs://evidence"]);
          const ruling = escrow.connect(arbiter).resolve(payment, 0, usd(1_000), ethers.ZeroHash);
          await expect(ruling).to.changeTokenBalance(ethers, usdc, safe.address, usd(1_000));
        });

        it("signs an ERC-3009 authorization that a stranger brings", async () => {
          const world = await withSafe(version);
          const { suite, escrow, usdc, safe, stranger } = world;
          const payment = await termsOf(suite, { buyer: safe.address });
          const { digest, args } = await authorizationOf(world, payment);
          const signature = await safe.sign(digest);
          const deposit = escrow.connect(stranger).depositWithAuthorization(...args, signature);
          await expect(deposit).to.changeTokenBalance(ethers, usdc, safe.address, -usd(1_000));
        });

        it("signs an ERC-3009 authorization as long as a person's, if it has one owner", async () => {
          const world = await withSafe(version);
          const { suite, escrow, usdc, owners } = world;
          const safe = await safeAccount(connection, version, owners.slice(0, 1), 1);
          await usdc.mint(safe.address, usd(1_000));
          const payment = await termsOf(suite, { buyer: safe.address });
          const { digest, args } = await authorizationOf(world, payment);
          const signature = await safe.sign(digest);
          expect(ethers.dataLength(signature)).to.equal(65);
          const deposit = escrow.depositWithAuthorization(...args, signature);
          await expect(deposit).to.changeTokenBalance(ethers, usdc, safe.address, -usd(1_000));
        });

        it("signs a Permit2 witness that a stranger brings", async () => {
          const world = await withSafe(version);
          const { suite, escrow, usdc, permit2, safe, stranger, approve } = world;
          await safe.execute([await approve(permit2)]);
          const payment = await termsOf(suite, { buyer: safe.address });
          const { digest, args } = await permit2Of(world, payment);
          const signature = await safe.sign(digest);
          const deposit = escrow.connect(stranger).depositWithPermit2(...args, signature);
          await expect(deposit).to.changeTokenBalance(ethers, usdc, safe.address, -usd(1_000));
        });

        it("deposits nothing by what only one owner signed", async () => {
          const world = await withSafe(version);
          const { suite, escrow, usdc, permit2, safe, owners, approve } = world;
          await safe.execute([await approve(permit2)]);
          const payment = await termsOf(suite, { buyer: safe.address });
          const [authorization, permit] = [
            await authorizationOf(world, payment),
            await permit2Of(world, payment),
          ];
          const alone = owners.slice(0, 1);
          await expect(
            escrow.depositWithAuthorization(
              ...authorization.args,
              await safe.sign(authorization.digest, alone),
            ),
          )
            .to.be.revertedWithCustomError(usdc, "InvalidAuthorizationSignature")
            .withArgs(safe.address);
          // Permit2 passes on what the Safe reverts with.
          await expect(
            escrow.depositWithPermit2(...permit.args, await safe.sign(permit.digest, alone)),
          ).to.be.revertedWith("GS020");
        });
      });

      describe("as seller", () => {
        it("is paid in tokens and in the native coin", async () => {
          const { suite, escrow, usdc, safe, buyer } = await withSafe(version);
          const inUsdc = await fund(suite, { seller: safe.address });
          const release = escrow.connect(buyer).release(inUsdc.payment, usd(1_000));
          await expect(release).to.changeTokenBalance(ethers, usdc, safe.address, usd(990));

          const terms = { seller: safe.address, token: NATIVE_COIN, amount: 10_000n };
          const inCoin = await fund(suite, terms);
          const paid = escrow.connect(buyer).release(inCoin.payment, 10_000n);
          await expect(paid).to.changeEtherBalance(ethers, safe.address, 9_900n);
          await expectTotals(suite, NATIVE_COIN, { held: 0n, credits: 0n });
        });

        it("refunds", async () => {
          const { suite, usdc, safe, buyer, call } = await withSafe(version);
          const { payment } = await fund(suite, { seller: safe.address });
          const refund = call("refund", [payment, usd(1_000)]);
          await expect(refund).to.changeTokenBalance(ethers, usdc, buyer, usd(1_000));
        });

        it("disputes, and withdraws the dispute", async () => {
          const { suite, escrow, safe, call } = await withSafe(version);
          const { payment, paymentId } = await fund(suite, {
            seller: safe.address,
            onDeadline: OnDeadline.Refund,
          });
          await call("openDispute", [payment, ethers.id("evidence"), "ipfs://evidence"]);
          expect((await escrow.paymentState(paymentId)).flags).to.equal(Flag.OpenedBySeller);
          await call("withdrawDispute", [payment]);
          expect((await escrow.paymentState(paymentId)).status).to.equal(Status.Funded);
        });

        it("claims after the deadline", async () => {
          const { suite, usdc, safe, call } = await withSafe(version);
          const { payment } = await fund(suite, { seller: safe.address, onDeadline: OnDeadline.Release });
          await at(payment.deadline);
          await expect(call("claim", [payment])).to.changeTokenBalance(ethers, usdc, safe.address, usd(990));
        });

        it("takes what it is owed elsewhere", async () => {
          const { suite, escrow, usdc, safe, buyer, stranger, call } = await withSafe(version);
          const { payment } = await fund(suite, { seller: safe.address });
          await usdc.setBlacklisted(safe.address, true);
          await escrow.connect(buyer).release(payment, usd(1_000));
          const withdrawal = call("withdrawCredit", [payment.token, safe.address, stranger.address]);
          await expect(withdrawal).to.changeTokenBalance(ethers, usdc, stranger, usd(990));
        });
      });

      describe("as arbiter", () => {
        it("rules", async () => {
          const { suite, usdc, safe, buyer, seller, call } = await withSafe(version);
          const { payment } = await fundAndDispute(suite, { arbiter: safe.address });
          const ruling = call("resolve", [payment, usd(600), usd(400), ethers.id("ruling")]);
          await expect(ruling).to.changeTokenBalances(ethers, usdc, [seller, buyer], [usd(594), usd(400)]);
        });

        it("does not rule by one owner alone", async () => {
          const { suite, escrow, safe, owners, call } = await withSafe(version);
          const { payment } = await fundAndDispute(suite, { arbiter: safe.address });
          const args = [payment, usd(600), usd(400), ethers.id("ruling")] as const;
          const alone = call("resolve", [...args], { by: owners.slice(0, 1) });
          await expect(alone).to.be.revertedWith("GS020");
          const directly = escrow.connect(owners[0]).resolve(...args);
          await expectRefusal(suite, directly, "UnauthorizedCaller", owners[0]);
        });
      });

      describe("as the one who signs a settlement", () => {
        it("settles as buyer", async () => {
          const world = await withSafe(version);
          const { escrow, usdc, safe, seller, stranger } = world;
          const { payment, paymentId } = await fundAsSafe(world);
          const { args, digest, byPerson } = await settlementOf(world, paymentId, seller);
          const bySafe = await safe.sign(digest);
          const settlement = escrow.connect(stranger).settle(payment, ...args, bySafe, byPerson);
          await expect(settlement).to.changeTokenBalances(
            ethers,
            usdc,
            [safe.address, seller],
            [usd(400), usd(594)],
          );
        });

        it("settles as seller, whichever two owners sign", async () => {
          const world = await withSafe(version);
          const { suite, escrow, usdc, safe, owners, buyer, stranger } = world;
          const [first, second, third] = owners;
          for (const by of [
            [first, second],
            [third, first],
            [second, third],
          ]) {
            const { payment, paymentId } = await fund(suite, { seller: safe.address });
            const { args, digest, byPerson } = await settlementOf(world, paymentId, buyer);
            const bySafe = await safe.sign(digest, by);
            const settlement = escrow.connect(stranger).settle(payment, ...args, byPerson, bySafe);
            await expect(settlement).to.changeTokenBalance(ethers, usdc, safe.address, usd(594));
          }
        });

        const refusals: Record<string, (world: World, digest: string) => Promise<string>> = {
          "only one owner": ({ safe, owners }, digest) => safe.sign(digest, owners.slice(0, 1)),
          "one owner twice": ({ safe, owners: [owner] }, digest) => safe.sign(digest, [owner, owner]),
          "an owner and a stranger": ({ safe, owners: [owner], stranger }, digest) =>
            safe.sign(digest, [owner, stranger]),
          "the owners of another Safe that they own as well": async ({ owners }, digest) =>
            (await safeAccount(connection, version, owners, 2)).sign(digest),
          nobody: async () => Promise.resolve("0x"),
        };
        for (const [who, signed] of Object.entries(refusals)) {
          it(`refuses what was signed by ${who}`, async () => {
            const world = await withSafe(version);
            const { suite, escrow, safe, buyer, stranger } = world;
            const { payment, paymentId } = await fund(suite, { seller: safe.address });
            const { args, digest, byPerson } = await settlementOf(world, paymentId, buyer);
            const bySafe = await signed(world, digest);
            const settlement = escrow.connect(stranger).settle(payment, ...args, byPerson, bySafe);
            await expectRefusal(suite, settlement, "InvalidSignature", safe.address);
          });
        }

        it("refuses what its owners signed as themselves and not for it", async () => {
          const world = await withSafe(version);
          const { suite, escrow, domain, safe, owners, buyer } = world;
          const { payment, paymentId } = await fund(suite, { seller: safe.address });
          const { args, settlement, byPerson } = await settlementOf(world, paymentId, buyer);
          const sorted = owners
            .slice(0, 2)
            .toSorted((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
          const plain = sorted.map((owner) => sign(owner, domain, SETTLEMENT, settlement));
          const bySafe = ethers.concat((await Promise.all(plain)).map(({ serialized }) => serialized));
          const call = escrow.settle(payment, ...args, byPerson, bySafe);
          await expectRefusal(suite, call, "InvalidSignature", safe.address);
        });
      });
    });
  }
});
