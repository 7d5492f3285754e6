import * as protocolKit from "@safe-global/protocol-kit";
import { SigningMethod } from "@safe-global/types-kit";
import { expect } from "chai";
import { concat, dataSlice, getAddress, getBytes, hexlify, randomBytes, Signature, toBeHex } from "ethers";

import { collect } from "../../../scripts/lib/safe/collect.js";
import { execTransactionData } from "../../../scripts/lib/safe/execute.js";
import { safeHashes, safeTypedMessage } from "../../../scripts/lib/safe/hash.js";
import { readSafeTree } from "../../../scripts/lib/safe/owners.js";
import {
  decodeSignature,
  encodeSignatures,
  requireAccepted,
  verifyOwnerSignature,
  type OwnerSignature,
} from "../../../scripts/lib/safe/signatures.js";
import { readSafe } from "../../../scripts/lib/safe/state.js";
import { kitFor, kitTransaction } from "../../support/protocol-kit.js";
import { TESTED_VERSIONS } from "../../support/safes.js";
import {
  connection,
  ethers,
  faultOf,
  given,
  loadCast,
  provider,
  signatureOf,
  signMessage,
  type DataSignature,
} from "../fixtures/safe.js";

const { EthSafeSignature, buildContractSignature, buildSignatureBytes, generatePreValidatedSignature } =
  protocolKit;

const asKitHasIt = (signature: OwnerSignature) =>
  signature.kind === "approved"
    ? generatePreValidatedSignature(signature.owner)
    : new EthSafeSignature(signature.owner, signature.data, signature.kind === "contract");

const randomSignature = (): OwnerSignature => {
  const owner = getAddress(hexlify(randomBytes(20)));
  const signatures: OwnerSignature[] = [
    { kind: "ecdsa", owner, data: hexlify(randomBytes(65)) },
    { kind: "contract", owner, data: hexlify(randomBytes(Math.floor(Math.random() * 200))) },
    { kind: "approved", owner },
  ];
  return signatures[Math.floor(Math.random() * signatures.length)]!;
};

describe("Safe signatures", () => {
  it("are encoded as the kit encodes them, whichever kinds there are and in whatever order they come", () => {
    for (let count = 1; count <= 20; count += 1) {
      const signatures = Array.from({ length: count }, randomSignature);
      const theirs = buildSignatureBytes(signatures.map(asKitHasIt));
      expect(encodeSignatures(signatures)).to.equal(theirs.toLowerCase());
    }
  });

  it("of one owner read back as they were encoded", () => {
    const owner = ethers.Wallet.createRandom();
    const digest = hexlify(randomBytes(32));
    const { address } = owner;
    for (const signature of [
      { kind: "ecdsa", owner: address, data: owner.signingKey.sign(digest).serialized },
      { kind: "contract", owner: address, data: "0xc0ffee" },
      { kind: "contract", owner: address, data: "0x" },
      { kind: "approved", owner: address },
    ] as const) {
      expect(decodeSignature(digest, encodeSignatures([signature]))).to.deep.equal(signature);
    }
  });

  it("are not read out of bytes that are none", async () => {
    const digest = hexlify(randomBytes(32));
    const contractSignature = encodeSignatures([
      { kind: "contract", owner: ethers.Wallet.createRandom().address, data: "0xc0ffee" },
    ]);
    for (const bytes of [
      "0x",
      "0x1234",
      `0x${"00".repeat(64)}`,
      `0x${"ff".repeat(65)}`,
      dataSlice(contractSignature, 0, 65),
      dataSlice(contractSignature, 0, 99),
    ]) {
      expect(await faultOf(() => decodeSignature(digest, bytes))).to.match(
        /are no signature of a Safe's owner/,
      );
    }
  });

  it("count an owner once", async () => {
    const signature = randomSignature();
    const other = { kind: "approved", owner: signature.owner } as const;
    const twice = [signature, randomSignature(), other];
    expect(await faultOf(() => encodeSignatures(twice))).to.match(
      new RegExp(`${signature.owner} signed twice`),
    );
  });

  for (const version of TESTED_VERSIONS) {
    describe(`of ${version}`, () => {
      it("are, by each owner and together, the bytes that the kit makes", async () => {
        const { flat, transaction, alice, bob, carol } = await loadCast(version);
        const ours = transaction(flat);
        let theirs = await kitTransaction(await kitFor(connection, version, flat), ours);
        const signatures: OwnerSignature[] = [];
        for (const owner of [carol, alice, bob]) {
          const kit = await kitFor(connection, version, flat, owner.address);
          theirs = await kit.signTransaction(theirs, SigningMethod.ETH_SIGN_TYPED_DATA_V4);
          const signature = await signatureOf(owner, ours);
          expect(signature.data).to.equal(theirs.getSignature(owner.address)!.data);
          signatures.push(signature);
        }
        expect(encodeSignatures(signatures)).to.equal(theirs.encodedSignatures());
        const kit = await kitFor(connection, version, flat);
        expect(execTransactionData(ours, signatures)).to.equal(await kit.getEncodedTransaction(theirs));
      });

      it("of a Safe that is an owner are the bytes that the kit makes, and the chain accepts", async () => {
        const { parent, nested, transaction, alice, dave, erin } = await loadCast(version);
        const ours = transaction(parent);
        const direct = await signatureOf(alice, ours);
        const within = [await signatureOf(erin, ours, [nested]), await signatureOf(dave, ours, [nested])];

        const theirs = await kitTransaction(await kitFor(connection, version, parent), ours);
        theirs.addSignature(asKitHasIt(direct));
        theirs.addSignature(await buildContractSignature(within.map(asKitHasIt), nested));

        const tree = await readSafeTree(provider, parent);
        const { signatures } = await collect(provider, ours, tree, [
          given([], direct),
          given([nested], ...within),
        ]);
        expect(encodeSignatures(signatures)).to.equal(theirs.encodedSignatures().toLowerCase());
        await requireAccepted(provider, tree.state, safeTypedMessage(ours), signatures);
      });

      it("by which the kit lets the owners of such a Safe sign are taken too", async () => {
        const { parent, nested, transaction, dave, erin } = await loadCast(version);
        const ours = transaction(parent);
        let theirs = await kitTransaction(await kitFor(connection, version, parent), ours);
        for (const { address } of [dave, erin]) {
          const kit = await kitFor(connection, version, nested, address);
          theirs = await kit.signTransaction(theirs, SigningMethod.SAFE_SIGNATURE, parent);
        }
        const within = [dave, erin].map(({ address }) => {
          const { data } = theirs.getSignature(address)!;
          return { kind: "ecdsa", owner: address, data } as const;
        });
        const tree = await readSafeTree(provider, parent);
        const { signatures } = await collect(provider, ours, tree, [given([nested], ...within)]);
        expect(signatures.map(({ owner }) => owner)).to.deep.equal([nested]);
      });

      it("over the hash as a personal message count too, as the kit makes them for old wallets", async () => {
        const { flat, transaction, alice } = await loadCast(version);
        const ours = transaction(flat);
        const kit = await kitFor(connection, version, flat, alice.address);
        const { data } = await kit.signHash(safeHashes(ours).safeTxHash);
        expect(Number(dataSlice(data, 64))).to.be.oneOf([31, 32]);
        const signature = decodeSignature(safeHashes(ours).safeTxHash, data);
        expect(signature).to.deep.equal({ kind: "ecdsa", owner: alice.address, data });
        await verifyOwnerSignature(
          provider,
          await readSafe(provider, flat),
          safeTypedMessage(ours),
          signature,
        );
      });

      it("are judged by the Safe's own code", async () => {
        const { flat, transaction, alice, bob, carol } = await loadCast(version);
        const ours = transaction(flat);
        const safe = await readSafe(provider, flat);
        const check = (signatures: OwnerSignature[], executor?: string) =>
          requireAccepted(provider, safe, safeTypedMessage(ours), signatures, { executor });
        const [one, two] = [await signatureOf(alice, ours), await signatureOf(bob, ours)];
        const sent = { kind: "approved", owner: carol.address } as const;
        await check([one, two]);
        await check([one, sent], carol.address);
        expect(await faultOf(() => check([one]))).to.match(/GS020: there are fewer signatures/);
        expect(await faultOf(() => check([one, sent]))).to.match(/GS025: an owner .* has not approved/);
      });

      describe("are refused", () => {
        const verify = async (
          flat: string,
          transaction: Parameters<typeof safeTypedMessage>[0],
          signature: OwnerSignature,
        ) =>
          verifyOwnerSignature(
            provider,
            await readSafe(provider, flat),
            safeTypedMessage(transaction),
            signature,
          );

        it("from somebody who is no owner", async () => {
          const { flat, transaction, stranger } = await loadCast(version);
          const ours = transaction(flat);
          const data = await signMessage(stranger, safeTypedMessage(ours));
          const signature = { kind: "ecdsa", owner: stranger.address, data } as const;
          expect(await faultOf(() => verify(flat, ours, signature))).to.match(/is no owner of the Safe/);
        });

        it("in the name of another owner", async () => {
          const { flat, transaction, alice, bob } = await loadCast(version);
          const ours = transaction(flat);
          const signature: DataSignature = { ...(await signatureOf(alice, ours)), owner: bob.address };
          expect(await faultOf(() => verify(flat, ours, signature))).to.match(/is not by 0x.* over 0x/);
        });

        for (const [what, change] of [
          ["nonce", { nonce: 1 }],
          ["chain", { chainId: 1 }],
          ["amount", { value: 1n }],
        ] as const) {
          it(`over another ${what}`, async () => {
            const { flat, transaction, alice } = await loadCast(version);
            const signature = await signatureOf(alice, transaction(flat, change));
            expect(await faultOf(() => verify(flat, transaction(flat), signature))).to.match(
              /made by another key or for another transaction, nonce, chain or Safe/,
            );
          });
        }

        it("over another Safe with the same owners", async () => {
          const { flat, make, transaction, alice, bob, carol } = await loadCast(version);
          const twin = await make([alice, bob, carol]);
          const signature = await signatureOf(alice, transaction(twin));
          expect(await faultOf(() => verify(flat, transaction(flat), signature))).to.match(/chain or Safe/);
        });

        it("with a byte changed, a byte more or less, or a kind that the Safe would take otherwise", async () => {
          const { flat, transaction, alice } = await loadCast(version);
          const ours = transaction(flat);
          const { data } = await signatureOf(alice, ours);
          const { r, s } = Signature.from(data);
          const personal = Signature.from(await alice.signMessage(getBytes(safeHashes(ours).safeTxHash)));
          const damaged = [
            // As a personal message, but with a `v` of EIP-155 that a Safe cannot read.
            concat([personal.r, personal.s, toBeHex(personal.v - 27 + 35 + 4, 1)]),
            concat([toBeHex(BigInt(r) ^ 1n, 32), dataSlice(data, 32)]),
            concat([data, "0x00"]),
            dataSlice(data, 0, 64),
            ...[0, 1, 26, 29, 30, 33, 37, 255].map((v) => concat([r, s, toBeHex(v, 1)])),
          ];
          for (const data of damaged) {
            const signature = { kind: "ecdsa", owner: alice.address, data } as const;
            expect(await faultOf(() => verify(flat, ours, signature))).to.match(
              /^The signature (of 0x\w+ is damaged|is not by)/,
            );
          }
        });

        it("as an approval that is not on the chain", async () => {
          const { flat, transaction, alice } = await loadCast(version);
          const signature = { kind: "approved", owner: alice.address } as const;
          expect(await faultOf(() => verify(flat, transaction(flat), signature))).to.match(/GS025/);
        });

        it("by the chain when they are out of order or twice the same", async () => {
          const { flat, transaction, alice, bob } = await loadCast(version);
          const ours = transaction(flat);
          const signatures = [await signatureOf(alice, ours), await signatureOf(bob, ours)];
          const encoded = encodeSignatures(signatures);
          const [one, two] = [dataSlice(encoded, 0, 65), dataSlice(encoded, 65)];
          const call = (bytes: string) => ({
            to: flat,
            data: execTransactionData(ours, signatures).replace(encoded.slice(2), bytes.slice(2)),
          });
          await provider.call(call(concat([one, two])));
          await expect(provider.call(call(concat([two, one])))).to.be.revertedWith("GS026");
          await expect(provider.call(call(concat([one, one])))).to.be.revertedWith("GS026");
        });
      });
    });
  }
});
