import { expect } from "chai";
import { Signature, id, toBeHex, zeroPadValue, type BaseContract } from "ethers";
import { network } from "hardhat";

import type { Payment } from "../../../scripts/lib/signing.js";
import { itFollows } from "../../specs/outline.js";
import { WALLETS, type Library } from "../../support/wallets.js";
import { HOUR, OnDeadline, configure, deployEscrow, usd, type connection } from "../fixtures/escrow.js";
import {
  KINDS,
  dealOf,
  type Deal,
  type Kind,
  type KindName,
  type Signatory,
} from "../fixtures/signatures.js";

/** Two chains on which the same things have the same addresses. */
const here = await network.create();
const elsewhere = await network.create({ override: { chainId: 31_338 } });

/** Where an ERC-1967 proxy keeps its implementation. */
const IMPLEMENTATION = toBeHex(BigInt(id("eip1967.proxy.implementation")) - 1n, 32);

/** A deal, and another of everything that a signature for it could be tried on. */
async function deployWorld(on: typeof connection) {
  const suite = await deployEscrow(on);
  const other = await deployEscrow(on);
  // Now the other escrow differs from the first in its address only.
  await on.networkHelpers.setStorageAt(
    await other.escrow.getAddress(),
    IMPLEMENTATION,
    zeroPadValue(await suite.implementation.getAddress(), 32),
  );
  await configure(other.escrow, suite.usdc);
  await configure(suite.escrow, other.usdc);
  for (const token of [suite.usdc, other.usdc]) await token.mint(suite.stranger, usd(10_000));
  return { suite, other, deal: await dealOf(suite, on) };
}

type World = Awaited<ReturnType<typeof deployWorld>>;
const load = () => here.networkHelpers.loadFixture(deployWorld);

/** What is different about the deal that a signature is used for, or about the one that was signed. */
type Change = (world: World) => Promise<Difference> | Difference;
interface Difference {
  used?: Partial<Deal>;
  signed?: Partial<Deal>;
  /** Who signs instead of whom. */
  instead?: Signatory;
  error?: string;
}

const terms =
  (change: (world: World) => Partial<Payment>) =>
  (world: World): Difference => ({ used: { payment: { ...world.deal.payment, ...change(world) } } });

const attested =
  (change: (world: World) => Partial<Deal["attestation"]>): Change =>
  (world) => ({ used: { attestation: { ...world.deal.attestation, ...change(world) } } });

const chain: Change = async ({ deal }) => {
  const { suite } = await elsewhere.networkHelpers.loadFixture(deployWorld);
  const { escrow, registry, usdc: token, permit2 } = suite;
  const same = await Promise.all([escrow, registry, token, permit2].map((contract) => contract.getAddress()));
  const ours = [deal.escrow, deal.registry, deal.token, deal.permit2];
  expect(same).to.deep.equal(await Promise.all(ours.map((contract) => contract.getAddress())));
  return { used: { ethers: elsewhere.ethers, escrow, registry, token, permit2 } };
};

const escrow: Change = ({ other }) => ({ used: { escrow: other.escrow } });

const token: Change = async ({ deal, other }) => ({
  used: { token: other.usdc, payment: { ...deal.payment, token: await other.usdc.getAddress() } },
});

const validity: Change = ({ deal }) => ({ used: { validUntil: deal.validUntil + 1n } });

const signer =
  (instead: Signatory): Change =>
  () => ({ instead });

const PARTIES = {
  buyer: terms(({ suite }) => ({ buyer: suite.stranger.address })),
  seller: terms(({ suite }) => ({ seller: suite.stranger.address })),
};

const TERMS = {
  ...PARTIES,
  deadline: terms(({ deal }) => ({ deadline: deal.payment.deadline + 1n })),
  "action at the deadline": terms(() => ({ onDeadline: OnDeadline.Refund })),
  arbiter: terms(({ suite }) => ({ arbiter: suite.stranger.address })),
  "dispute window": terms(() => ({ disputeWindow: HOUR })),
  fee: terms(() => ({ feeBps: 1_000n })),
  "fee recipient": terms(({ suite }) => ({ feeRecipient: suite.stranger.address })),
  payment: terms(() => ({ paymentReference: id("another order") })),
};

const amount = (difference: bigint) => terms(({ deal }) => ({ amount: deal.payment.amount + difference }));
const AMOUNTS = { "amount, one more": amount(1n), "amount, one less": amount(-1n) };

interface Row {
  /** What a use is refused with, and the contract that has the error. */
  refusal: [(deal: Deal) => BaseContract, string];
  changes: Record<string, Change>;
}

/** For each kind of signature, everything else that it must be useless for. */
const TABLE: Record<KindName, Row> = {
  // It binds no other terms; instead nobody may use it but the buyer, see below.
  "an EIP-2612 permit": {
    refusal: [({ token }) => token, "ERC20InsufficientAllowance"],
    changes: {
      chain,
      escrow,
      token,
      buyer: PARTIES.buyer,
      ...AMOUNTS,
      nonce: () => ({ signed: { nonce: 1n } }),
      validity,
      signer: signer("buyer"),
    },
  },
  "an ERC-3009 authorization": {
    refusal: [({ token }) => token, "InvalidAuthorizationSignature"],
    changes: {
      chain,
      escrow,
      token,
      ...TERMS,
      ...AMOUNTS,
      "beginning of its validity": () => ({ used: { validAfter: 1n } }),
      "end of its validity": validity,
      signer: signer("buyer"),
    },
  },
  "a Permit2 witness": {
    refusal: [({ permit2 }) => permit2, "InvalidSigner"],
    changes: {
      chain,
      escrow,
      token,
      Permit2: ({ other }) => ({ signed: { permit2: other.permit2 } }),
      ...TERMS,
      ...AMOUNTS,
      nonce: () => ({ used: { nonce: 1n } }),
      validity,
      signer: signer("buyer"),
    },
  },
  "a settlement": {
    refusal: [({ escrow }) => escrow, "InvalidSignature"],
    changes: {
      chain,
      escrow,
      token,
      ...TERMS,
      amount: ({ deal }) => ({
        used: {
          payment: { ...deal.payment, amount: deal.payment.amount + 1n },
          sellerAmount: deal.sellerAmount + 1n,
        },
      }),
      split: ({ deal }) => ({
        used: { sellerAmount: deal.sellerAmount + 1n, buyerAmount: deal.buyerAmount - 1n },
      }),
      validity,
      "signer for the buyer": signer("buyer"),
      "signer for the seller": signer("seller"),
    },
  },
  "an attestation": {
    refusal: [({ registry }) => registry, "InvalidAttester"],
    changes: {
      chain,
      registry: ({ other }) => ({ used: { registry: other.registry } }),
      account: attested(({ suite }) => ({ account: suite.stranger.address })),
      "risk score": attested(() => ({ riskScore: 2n })),
      tier: attested(() => ({ tier: 3n })),
      jurisdiction: attested(() => ({ jurisdiction: 277n })),
      expiry: attested(({ deal }) => ({ expiry: deal.attestation.expiry + 1n })),
      document: attested(() => ({ attestationHash: id("another passport") })),
      revision: ({ deal }) => ({
        used: { attestation: { ...deal.attestation, revision: 1n } },
        error: "AttestationStale",
      }),
      validity,
      signer: signer("attester"),
      attester: ({ suite }) => ({ used: { attester: suite.stranger.address } }),
    },
  },
};

/** Signs a deal as everybody who has to, or a stranger instead of one of them. */
async function sign(world: World, kind: Kind, deal: Deal, library: Library, instead?: Signatory) {
  const [domain, types, value] = await kind.typed(deal);
  const accounts = (await here.ethers.getSigners()).map(({ address }) => address);
  return Promise.all(
    kind.signatories.map((signatory) => {
      const { address } = world.suite[signatory === instead ? "stranger" : signatory];
      return WALLETS[library](accounts.indexOf(address))(domain, types, value);
    }),
  );
}

describe("Escrow signatures", () => {
  itFollows("peers/signatures.tree");

  for (const [name, kind] of Object.entries(KINDS) as [KindName, Kind][]) {
    describe(name, () => {
      for (const library of Object.keys(WALLETS) as Library[]) {
        it(`does what it is for, made by ${library}`, async () => {
          const world = await load();
          const { deal } = world;
          await kind.prepare(deal);
          expect(await kind.isDone(deal)).to.equal(false);
          await kind.use(deal, await sign(world, kind, deal, library));
          expect(await kind.isDone(deal)).to.equal(true);
        });
      }

      const { refusal, changes } = TABLE[name];
      for (const [what, change] of Object.entries(changes)) {
        it(`is useless for another ${what}, and good as it was`, async () => {
          const world = await load();
          const { deal } = world;
          const { used = {}, signed = {}, instead, error } = await change(world);
          const target = { ...deal, ...used };
          await kind.prepare(target);
          const signatures = await sign(world, kind, { ...deal, ...signed }, "ethers", instead);
          await expect(kind.use(target, signatures)).to.be.revertedWithCustomError(
            refusal[0](target),
            error ?? refusal[1],
          );
          expect(await kind.isDone(target)).to.equal(false);

          await kind.prepare(deal);
          await kind.use(deal, await sign(world, kind, deal, "ethers"));
          expect(await kind.isDone(deal)).to.equal(true);
        });
      }

      it("is useless once it was used", async () => {
        const world = await load();
        const { deal } = world;
        await kind.prepare(deal);
        const signatures = await sign(world, kind, deal, "ethers");
        await kind.use(deal, signatures);
        await expect(kind.use(deal, signatures)).to.be.revert(here.ethers);
      });
    });
  }

  describe("an EIP-2612 permit in the hands of anybody but the buyer", () => {
    const unchanged = (): Difference => ({});
    for (const [what, change] of Object.entries({ "the deal it was made for": unchanged, ...TERMS })) {
      it(`is useless for ${change === unchanged ? "" : "another "}${what}`, async () => {
        const world = await load();
        const { suite, deal } = world;
        const { payment } = { ...deal, ...change(world).used };
        const [permit] = await sign(world, KINDS["an EIP-2612 permit"], deal, "ethers");
        const { v, r, s } = Signature.from(permit);
        const by = payment.buyer === suite.stranger.address ? suite.seller : suite.stranger;
        await expect(deal.escrow.connect(by).depositWithPermit(payment, deal.validUntil, v, r, s))
          .to.be.revertedWithCustomError(deal.escrow, "UnauthorizedCaller")
          .withArgs(by.address);
      });
    }
  });
});
