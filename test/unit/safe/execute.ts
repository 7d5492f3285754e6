import * as protocolKit from "@safe-global/protocol-kit";
import { expect } from "chai";
import { concat, id, Interface, ZeroHash } from "ethers";

import { SAFE } from "../../../scripts/lib/safe/abi.js";
import { collect } from "../../../scripts/lib/safe/collect.js";
import { requireExecutable, requireExecutionSuccess } from "../../../scripts/lib/safe/execute.js";
import { safeHashes } from "../../../scripts/lib/safe/hash.js";
import { readSafeTree } from "../../../scripts/lib/safe/owners.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import { kitFor, kitTransaction } from "../../support/protocol-kit.js";
import { TESTED_VERSIONS } from "../../support/safes.js";
import {
  CHAIN_ID,
  connection,
  ethers,
  faultOf,
  given,
  loadCast,
  lyingProvider,
  networkHelpers,
  provider,
  send,
  signatureOf,
  type Account,
} from "../fixtures/safe.js";

/** What `signers` signed, as it stands on the Safe's chain now. */
async function signedBy(transaction: SafeTransaction, ...signers: Account[]) {
  const signatures = await Promise.all(signers.map((signer) => signatureOf(signer, transaction)));
  return collect(provider, transaction, await readSafeTree(provider, transaction.safe), [
    given([], ...signatures),
  ]);
}

const OWNERS = new Interface([
  "function swapOwner(address prevOwner, address oldOwner, address newOwner)",
  "function changeThreshold(uint256 threshold)",
]);

for (const version of TESTED_VERSIONS) {
  describe(`executing with a Safe ${version}`, () => {
    it("goes through, whoever sends it, once two of three owners signed, and says so", async () => {
      const { flat, transaction, alice, carol, relayer, counter } = await loadCast(version);
      const ours = transaction(flat);
      const collected = await signedBy(ours, carol, alice);
      await requireExecutable(provider, ours, collected, relayer.address);
      const receipt = (await (await send(relayer, ours, collected.signatures)).wait())!;
      requireExecutionSuccess(receipt, ours);
      expect(await counter.count()).to.equal(1n);
    });

    it("sends the Safe's own money along", async () => {
      const { flat, transaction, alice, bob, stranger, relayer } = await loadCast(version);
      await relayer.sendTransaction({ to: flat, value: 100n });
      const ours = transaction(flat, { to: stranger.address, value: 60n, data: "0x" });
      const { signatures } = await signedBy(ours, alice, bob);
      await expect(send(relayer, ours, signatures)).to.changeEtherBalances(
        ethers,
        [flat, stranger],
        [-60n, 60n],
      );
    });

    it("needs no signature of an owner who sends it", async () => {
      const { flat, transaction, alice, bob, counter } = await loadCast(version);
      const ours = transaction(flat);
      const tree = await readSafeTree(provider, flat);
      const places = [given([], await signatureOf(alice, ours))];
      const collected = await collect(provider, ours, tree, places, { executor: bob.address });
      await requireExecutable(provider, ours, collected, bob.address);
      await send(bob, ours, collected.signatures);
      expect(await counter.count()).to.equal(1n);
    });

    it("gives the kit something that it can execute too", async () => {
      const { flat, transaction, alice, bob, counter } = await loadCast(version);
      const ours = transaction(flat);
      const kit = await kitFor(connection, version, flat, bob.address);
      const theirs = await kitTransaction(kit, ours);
      for (const { owner, data } of [await signatureOf(alice, ours), await signatureOf(bob, ours)]) {
        theirs.addSignature(new protocolKit.EthSafeSignature(owner, data));
      }
      expect(await kit.isValidTransaction(theirs)).to.equal(true);
      await kit.executeTransaction(theirs);
      expect(await counter.count()).to.equal(1n);
    });

    describe("is refused beforehand", () => {
      const refusal = async (transaction: SafeTransaction, sender: Account, ...signers: Account[]) =>
        faultOf(async () =>
          requireExecutable(provider, transaction, await signedBy(transaction, ...signers), sender.address),
        );

      it("with too few signatures, naming who can still sign", async () => {
        const { flat, transaction, alice, bob, carol, relayer } = await loadCast(version);
        expect(await refusal(transaction(flat), relayer, bob)).to.match(
          new RegExp(
            `1 of 2 signatures is missing; these can still sign: ${alice.address}, ${carol.address}`,
          ),
        );
      });

      it("with signatures of others, saying why they do not count", async () => {
        const { flat, transaction, alice, stranger, relayer } = await loadCast(version);
        const ours = transaction(flat);
        const tree = await readSafeTree(provider, flat);
        const forged = { ...(await signatureOf(alice, ours)), owner: stranger.address };
        const collected = await collect(provider, ours, tree, [given([], forged)]);
        expect(await faultOf(() => requireExecutable(provider, ours, collected, relayer.address))).to.match(
          /2 of 2 signatures are missing;.*\n.*What the test holds does not count: .* is no owner of the Safe/,
        );
      });

      it("with a nonce that is used", async () => {
        const { flat, transaction, alice, bob, relayer } = await loadCast(version);
        const ours = transaction(flat);
        const { signatures } = await signedBy(ours, alice, bob);
        await send(relayer, ours, signatures);
        expect(await refusal(ours, relayer, alice, bob)).to.match(/Its nonce 0 is used, the Safe is at 1/);
        await expect(send(relayer, ours, signatures)).to.be.revertedWith("GS026");
      });

      it("with a nonce whose turn has not come", async () => {
        const { flat, transaction, alice, bob, relayer } = await loadCast(version);
        expect(await refusal(transaction(flat, { nonce: 1 }), relayer, alice, bob)).to.match(
          /Its nonce is 1 and the Safe is at 0: one transaction must go first/,
        );
        expect(await refusal(transaction(flat, { nonce: 3 }), relayer, alice, bob)).to.match(
          /3 transactions must/,
        );
      });

      it("for another chain", async () => {
        const { flat, transaction, alice, bob, relayer } = await loadCast(version);
        expect(await refusal(transaction(flat, { chainId: 1 }), relayer, alice, bob)).to.match(
          new RegExp(`It is for chain 1, and this network is chain ${CHAIN_ID}`),
        );
      });

      it("for another Safe with the same owners: what was signed for one is nothing to the other", async () => {
        const { flat, make, transaction, alice, bob, carol, relayer } = await loadCast(version);
        const twin = await make([alice, bob, carol]);
        const { signatures } = await signedBy(transaction(flat), alice, bob);
        await expect(send(relayer, transaction(twin), signatures)).to.be.revertedWith("GS026");
        const tree = await readSafeTree(provider, twin);
        const collected = await collect(provider, transaction(twin), tree, [
          given([], await signatureOf(alice, transaction(flat)), await signatureOf(bob, transaction(flat))),
        ]);
        expect(
          await faultOf(() => requireExecutable(provider, transaction(twin), collected, relayer.address)),
        ).to.match(/2 of 2 signatures are missing/);
      });

      it("when an owner was replaced since they signed", async () => {
        const { flat, transaction, alice, bob, carol, stranger, relayer } = await loadCast(version);
        const later = transaction(flat, { nonce: 1 });
        const collected = await signedBy(later, alice, bob);
        const swap = transaction(flat, {
          to: flat,
          data: OWNERS.encodeFunctionData("swapOwner", [alice.address, bob.address, stranger.address]),
        });
        await send(relayer, swap, (await signedBy(swap, alice, carol)).signatures);
        expect(await faultOf(() => requireExecutable(provider, later, collected, relayer.address))).to.match(
          new RegExp(`${bob.address} signed and is no owner of the Safe any more`),
        );
      });

      it("when more owners are needed than when they signed", async () => {
        const { flat, transaction, alice, bob, relayer } = await loadCast(version);
        const later = transaction(flat, { nonce: 1 });
        const collected = await signedBy(later, alice, bob);
        const data = OWNERS.encodeFunctionData("changeThreshold", [3]);
        const raise = transaction(flat, { to: flat, data });
        await send(relayer, raise, (await signedBy(raise, alice, bob)).signatures);
        expect(await faultOf(() => requireExecutable(provider, later, collected, relayer.address))).to.match(
          /1 of 3 signatures is missing/,
        );
      });

      it("when the call itself would revert, with the called contract's own reason", async () => {
        const { flat, transaction, alice, bob, relayer, counter, target } = await loadCast(version);
        const data = counter.interface.encodeFunctionData("initialize", [1n]);
        const ours = transaction(flat, { data });
        const error = counter.interface.getError("InvalidInitialization")!;
        expect(await refusal(ours, relayer, alice, bob)).to.match(
          new RegExp(`call of ${target} would revert; nothing was sent.\\n.*revert data: ${error.selector}`),
        );
        const collected = await signedBy(ours, alice, bob);
        const explain = (revertData: string) => counter.interface.parseError(revertData)?.name;
        expect(
          await faultOf(() => requireExecutable(provider, ours, collected, relayer.address, explain)),
        ).to.match(/nothing was sent.\n.*InvalidInitialization/);
      });

      it("when the signatures are wrong, whatever the call would do", async () => {
        const { flat, transaction, alice, bob, relayer, counter } = await loadCast(version);
        const data = counter.interface.encodeFunctionData("initialize", [1n]);
        const ours = transaction(flat, { data });
        const signatures = [await signatureOf(alice, ours), await signatureOf(bob, transaction(flat))];
        const unchecked = { signatures, refused: [] };
        expect(await faultOf(() => requireExecutable(provider, ours, unchecked, relayer.address))).to.match(
          /^The Safe refuses with GS026/,
        );
      });

      it("when the Safe hashes the transaction otherwise", async () => {
        const { flat, transaction, alice, bob, relayer } = await loadCast(version);
        const ours = transaction(flat);
        const collected = await signedBy(ours, alice, bob);
        const { selector } = SAFE.getFunction("getTransactionHash")!;
        const other = lyingProvider({
          call: (asked) =>
            asked.data?.startsWith(selector) ? Promise.resolve(ZeroHash) : provider.call(asked),
        });
        expect(await faultOf(() => requireExecutable(other, ours, collected, relayer.address))).to.match(
          /hashes the transaction to 0x0+, and we to 0x/,
        );
      });

      it("when there is no Safe", async () => {
        const { target, transaction, relayer, stranger } = await loadCast(version);
        const none = { signatures: [], refused: [] };
        expect(
          await faultOf(() => requireExecutable(provider, transaction(target), none, relayer.address)),
        ).to.match(/runs none of the published codes of Safe/);
        const empty = transaction(stranger.address);
        expect(await faultOf(() => requireExecutable(provider, empty, none, relayer.address))).to.match(
          /There is no contract at/,
        );
      });
    });

    describe("is believed to have happened", () => {
      const executed = async () => {
        const cast = await loadCast(version);
        const ours = cast.transaction(cast.flat);
        const { signatures } = await signedBy(ours, cast.alice, cast.bob);
        const receipt = (await (await send(cast.relayer, ours, signatures)).wait())!;
        return { ...cast, ours, receipt };
      };

      it("only on the event of this very transaction", async () => {
        const { ours, receipt, transaction, flat } = await executed();
        requireExecutionSuccess(receipt, ours);
        const other = transaction(flat, { nonce: 1 });
        expect(await faultOf(() => requireExecutionSuccess(receipt, other))).to.match(/did not execute 0x/);
      });

      /** A receipt in which `emitter` says `event` of the transaction, in topics or, as before 1.4.1, in the data. */
      const saying = async (event: string, safeTxHash: string, emitter: string, inTopics = true) => {
        const words = inTopics ? [id(event), safeTxHash] : [id(event)];
        const data = inTopics ? ZeroHash : concat([safeTxHash, ZeroHash]);
        const contract = await ethers.getContractAt("LogEmitter", emitter);
        return (await (await contract.emitLogs([{ topics: words, data }])).wait())!;
      };
      const SUCCESS = "ExecutionSuccess(bytes32,uint256)";
      const FAILURE = "ExecutionFailure(bytes32,uint256)";

      it("only on the Safe's own event, not on the same words of another contract", async () => {
        const { ours, receipt } = await executed();
        const emitter = await (await ethers.deployContract("LogEmitter")).getAddress();
        const forged = await saying(SUCCESS, safeHashes(ours).safeTxHash, emitter);
        expect(forged.logs[0]!.topics).to.deep.equal(receipt.logs.at(-1)!.topics);
        expect(await faultOf(() => requireExecutionSuccess(forged, ours))).to.match(/no event that says so/);
      });

      it("on the event as a Safe 1.3.0 writes it, and never on a failure", async () => {
        const { ours, flat } = await executed();
        const { safeTxHash } = safeHashes(ours);
        const emitter = await (await ethers.deployContract("LogEmitter")).getAddress();
        await networkHelpers.setCode(flat, await provider.getCode(emitter));
        requireExecutionSuccess(await saying(SUCCESS, safeTxHash, flat, false), ours);
        for (const inTopics of [true, false]) {
          const failed = await saying(FAILURE, safeTxHash, flat, inTopics);
          expect(await faultOf(() => requireExecutionSuccess(failed, ours))).to.match(
            /call of 0x.* failed, and the nonce 0 is used up/,
          );
        }
      });

      it("never if it reverted", async () => {
        const { ours } = await executed();
        const reverted = { hash: ZeroHash, status: 0, logs: [] };
        expect(await faultOf(() => requireExecutionSuccess(reverted, ours))).to.match(/the Safe did nothing/);
      });
    });
  });
}
