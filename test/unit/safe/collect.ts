import { SigningMethod } from "@safe-global/types-kit";
import { expect } from "chai";

import { SAFE } from "../../../scripts/lib/safe/abi.js";
import { collect, type Given } from "../../../scripts/lib/safe/collect.js";
import {
  nestedTypedMessage,
  safeHashes,
  safeTypedMessage,
  typedHashes,
} from "../../../scripts/lib/safe/hash.js";
import { readSafeTree, signingRequests } from "../../../scripts/lib/safe/owners.js";
import type { OwnerSignature } from "../../../scripts/lib/safe/signatures.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import { kitFor, kitTransaction } from "../../support/protocol-kit.js";
import { TESTED_VERSIONS } from "../../support/safes.js";
import { connection, given, loadCast, provider, send, signatureOf, signMessage } from "../fixtures/safe.js";

const collected = async (transaction: SafeTransaction, places: Given[], executor?: string) =>
  collect(provider, transaction, await readSafeTree(provider, transaction.safe), places, { executor });

const ownersOf = (signatures: readonly OwnerSignature[]) => signatures.map(({ owner }) => owner);

describe("collecting signatures", () => {
  for (const version of TESTED_VERSIONS) {
    describe(`for a Safe ${version}`, () => {
      it("takes as many as the Safe needs, from several places, one an owner", async () => {
        const { flat, transaction, alice, bob, carol } = await loadCast(version);
        const ours = transaction(flat);
        const [one, two, three] = [
          await signatureOf(alice, ours),
          await signatureOf(bob, ours),
          await signatureOf(carol, ours),
        ];
        const { signatures, refused } = await collected(ours, [given([], three, one), given([], one, two)]);
        expect(ownersOf(signatures)).to.have.members([alice.address, bob.address]);
        expect(refused).to.be.empty;
      });

      it("refuses what is by nobody it asked, and what is over something else, and says where that came from", async () => {
        const { flat, transaction, alice, bob, stranger } = await loadCast(version);
        const ours = transaction(flat);
        const theirs = await signMessage(stranger, safeTypedMessage(ours));
        const { signatures, refused } = await collected(ours, [
          given(
            [],
            { kind: "ecdsa", owner: stranger.address, data: theirs },
            await signatureOf(alice, transaction(flat, { nonce: 7 })),
            await signatureOf(bob, ours),
          ),
        ]);
        expect(ownersOf(signatures)).to.deep.equal([bob.address]);
        expect(refused.map(({ source }) => source)).to.deep.equal(["the test", "the test"]);
        expect(refused[0]!.why).to.match(/is not by .* another transaction, nonce/);
        expect(refused[1]!.why).to.equal(
          `${stranger.address} is no owner of the Safe ${flat}; its signature does not count.`,
        );
      });

      it("is not spoiled by a bad signature of an owner who also gave a good one", async () => {
        const { flat, transaction, alice } = await loadCast(version);
        const ours = transaction(flat);
        const bad = await signatureOf(alice, transaction(flat, { nonce: 7 }));
        const { signatures } = await collected(ours, [given([], bad, await signatureOf(alice, ours))]);
        expect(ownersOf(signatures)).to.deep.equal([alice.address]);
      });

      it("counts an owner who approved on the chain, and the owner who will send it", async () => {
        const { flat, transaction, alice, bob, relayer } = await loadCast(version);
        const ours = transaction(flat);
        const { safeTxHash } = safeHashes(ours);
        const data = SAFE.encodeFunctionData("approveHash", [safeTxHash]);
        await alice.sendTransaction({ to: flat, data });
        const { signatures } = await collected(ours, [], bob.address);
        expect(signatures).to.have.deep.members([
          { kind: "approved", owner: alice.address },
          { kind: "approved", owner: bob.address },
        ]);
        expect((await collected(ours, [], relayer.address)).signatures).to.have.length(1);
      });

      it("lets a Safe that is an owner consent once enough of its own owners do, and not before", async () => {
        const { parent, nested, transaction, dave, erin, alice } = await loadCast(version);
        const ours = transaction(parent);
        const one = await signatureOf(dave, ours, [nested]);
        expect((await collected(ours, [given([nested], one)])).signatures).to.be.empty;
        for (const other of [erin, alice]) {
          const both = given([nested], one, await signatureOf(other, ours, [nested]));
          const { signatures } = await collected(ours, [both]);
          expect(ownersOf(signatures)).to.deep.equal([nested]);
        }
      });

      it("does not take a signature for the one Safe as one for the other, though its owner is both's", async () => {
        const { parent, nested, transaction, alice, dave } = await loadCast(version);
        const ours = transaction(parent);
        const direct = await signatureOf(alice, ours);
        const { signatures, refused } = await collected(ours, [
          given([nested], direct, await signatureOf(dave, ours, [nested])),
        ]);
        expect(signatures).to.be.empty;
        expect(refused).to.have.length(1);
        expect(refused[0]!.why).to.match(new RegExp(`is not by ${alice.address}`));
      });

      it("lets an owner's owner approve on the chain", async () => {
        const { parent, nested, counter, transaction, alice, dave, erin } = await loadCast(version);
        const ours = transaction(parent);
        const { digest } = typedHashes(nestedTypedMessage(safeTypedMessage(ours), version, nested));
        await erin.sendTransaction({ to: nested, data: SAFE.encodeFunctionData("approveHash", [digest]) });
        const { signatures } = await collected(ours, [
          given([nested], await signatureOf(dave, ours, [nested])),
          given([], await signatureOf(alice, ours)),
        ]);
        expect(ownersOf(signatures)).to.have.members([nested, alice.address]);
        await send(erin, ours, signatures);
        expect(await counter.count()).to.equal(1n);
      });

      it("asks every key behind the Safe, each for its own message, and nobody else", async () => {
        const { parent, nested, transaction, alice, bob, dave, erin } = await loadCast(version);
        const requests = signingRequests(transaction(parent), await readSafeTree(provider, parent));
        expect(
          requests.map(({ signer, onBehalfOf, message }) => [
            signer,
            ...onBehalfOf,
            message.domain.verifyingContract,
          ]),
        ).to.have.deep.members([
          [alice.address, parent],
          [bob.address, parent],
          [alice.address, nested, nested],
          [dave.address, nested, nested],
          [erin.address, nested, nested],
        ]);
      });
    });
  }

  it("reaches through two Safes", async () => {
    const { make, parent, nested, transaction, alice, bob, carol, dave, erin } = await loadCast("1.5.0");
    const top = await make([parent, carol, dave]);
    const ours = transaction(top);
    const { signatures, refused } = await collected(ours, [
      given([parent], await signatureOf(bob, ours, [parent])),
      given(
        [parent, nested],
        await signatureOf(erin, ours, [parent, nested]),
        await signatureOf(alice, ours, [parent, nested]),
      ),
      given([], await signatureOf(carol, ours)),
    ]);
    expect(refused).to.be.empty;
    expect(ownersOf(signatures)).to.have.members([parent, carol.address]);
  });

  describe("across versions", () => {
    it("asks the owners of a Safe 1.4.1 what the Safe 1.5.0 above asks, where the kit does not", async () => {
      const { make, counter, transaction, alice, dave, erin } = await loadCast("1.5.0");
      const older = await make([alice, dave, erin], "1.4.1");
      const parent = await make([alice, older]);
      const ours = transaction(parent);
      const { signatures } = await collected(ours, [
        given([], await signatureOf(alice, ours)),
        given([older], await signatureOf(dave, ours, [older]), await signatureOf(erin, ours, [older])),
      ]);
      await send(erin, ours, signatures);
      expect(await counter.count()).to.equal(1n);

      // The kit goes by the version of the Safe that signs, whatever the Safe above is going to ask.
      const kit = await kitFor(connection, "1.4.1", older, dave.address);
      const theirs = await kitTransaction(await kitFor(connection, "1.5.0", parent), ours);
      const signed = await kit.signTransaction(theirs, SigningMethod.SAFE_SIGNATURE, parent);
      const { data } = signed.getSignature(dave.address)!;
      const { refused } = await collected(ours, [
        given([older], { kind: "ecdsa", owner: dave.address, data }),
      ]);
      expect(refused).to.have.length(1);
    });

    it("does not ask the owners of a Safe 1.5.0 that a Safe 1.4.1 cannot ask, and counts its approval on the chain", async () => {
      const { make, counter, transaction, alice, dave, erin } = await loadCast("1.4.1");
      const newer = await make([alice, dave, erin], "1.5.0");
      const parent = await make([alice, newer]);
      const ours = transaction(parent);
      const requests = signingRequests(ours, await readSafeTree(provider, parent));
      expect(requests.map(({ signer }) => signer)).to.deep.equal([alice.address]);
      const { refused } = await collected(ours, []);
      expect(refused).to.deep.equal([
        {
          source: `the Safe ${newer}`,
          why: "It cannot answer a Safe 1.4.1 for its owners; let it call approveHash instead.",
        },
      ]);

      const data = SAFE.encodeFunctionData("approveHash", [safeHashes(ours).safeTxHash]);
      const approval = transaction(newer, { to: parent, data });
      const within = await collected(approval, [
        given([], await signatureOf(dave, approval), await signatureOf(erin, approval)),
      ]);
      await send(dave, approval, within.signatures);
      const { signatures } = await collected(ours, [given([], await signatureOf(alice, ours))]);
      await send(dave, ours, signatures);
      expect(await counter.count()).to.equal(1n);
    });
  });
});
