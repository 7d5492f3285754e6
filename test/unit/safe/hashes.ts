import * as protocolKit from "@safe-global/protocol-kit";
import { expect } from "chai";
import { Interface, ZeroAddress } from "ethers";

import {
  nestedTypedMessage,
  safeHashes,
  safeTypedMessage,
  typedHashes,
} from "../../../scripts/lib/safe/hash.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import { kitFor, kitTransaction } from "../../support/protocol-kit.js";
import { safeArtifact, TESTED_VERSIONS } from "../../support/safes.js";
import { CHAIN_ID, connection, loadCast, provider } from "../fixtures/safe.js";

const { calculateSafeTransactionHash, calculateSafeMessageHash, preimageSafeTransactionHash } = protocolKit;

const VARIANTS: Readonly<Record<string, Partial<SafeTransaction>>> = {
  "a call": {},
  "no data": { data: "0x" },
  "data that fills no word": { data: `0x${"c0ffee".repeat(111)}` },
  "more money than a double can count": { value: 10n ** 24n + 1n },
  "a late nonce": { nonce: 4_000_000_000 },
};

describe("Safe hashes", () => {
  for (const version of TESTED_VERSIONS) {
    describe(`of ${version}`, () => {
      /** Asks the contract itself. */
      const ask = async (to: string, path: string, method: string, values: readonly unknown[]) => {
        const abi = new Interface(safeArtifact(version, path).abi);
        const answer = await provider.call({ to, data: abi.encodeFunctionData(method, values) });
        return abi.decodeFunctionResult(method, answer)[0] as string;
      };

      for (const [name, change] of Object.entries(VARIANTS)) {
        it(`are the kit's and the contract's, for ${name}`, async () => {
          const { flat, transaction } = await loadCast(version);
          const ours = transaction(flat, change);
          const { safeTxHash, domainSeparator } = safeHashes(ours);

          const kit = await kitFor(connection, version, flat);
          const theirs = await kitTransaction(kit, ours);
          expect(await kit.getTransactionHash(theirs)).to.equal(safeTxHash);
          expect(calculateSafeTransactionHash(flat, theirs.data, version, BigInt(CHAIN_ID))).to.equal(
            safeTxHash,
          );
          expect(preimageSafeTransactionHash(flat, theirs.data, version, BigInt(CHAIN_ID))).to.equal(
            typedHashes(safeTypedMessage(ours)).preimage,
          );

          const { to, value, data, nonce } = ours;
          const fields = [to, value, data, 0, 0, 0, 0, ZeroAddress, ZeroAddress, nonce];
          expect(await ask(flat, "Safe.sol/Safe.json", "getTransactionHash", fields)).to.equal(safeTxHash);
          expect(await ask(flat, "Safe.sol/Safe.json", "domainSeparator", [])).to.equal(domainSeparator);
        });
      }

      it("are what the kit and the fallback handler make of it, for the owners of a Safe that is an owner", async () => {
        const { parent, nested, transaction, contracts } = await loadCast(version);
        const asked = safeTypedMessage(transaction(parent));
        const { digest } = typedHashes(nestedTypedMessage(asked, version, nested));

        const parentKit = await kitFor(connection, version, parent);
        const { data } = await kitTransaction(parentKit, transaction(parent));
        const hashed = version === "1.5.0" ? calculateSafeTransactionHash : preimageSafeTransactionHash;
        const question = hashed(parent, data, version, BigInt(CHAIN_ID));
        expect(calculateSafeMessageHash(nested, question, version, BigInt(CHAIN_ID))).to.equal(digest);
        const nestedKit = await kitFor(connection, version, nested);
        expect(await nestedKit.getSafeMessageHash(question)).to.equal(digest);

        const handler = "handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler.json";
        const { CompatibilityFallbackHandler: address } = contracts;
        expect(await ask(address, handler, "getMessageHashForSafe", [nested, question])).to.equal(digest);
      });
    });
  }

  it("differ by everything that an owner consents to", async () => {
    const { flat, nested, transaction } = await loadCast("1.5.0");
    const changes: Partial<SafeTransaction>[] = [
      { safe: nested },
      { chainId: 1 },
      { to: nested },
      { value: 1n },
      { data: "0x" },
      { nonce: 1 },
    ];
    const hashes = [{}, ...changes].map((change) => safeHashes(transaction(flat, change)).safeTxHash);
    expect(new Set(hashes).size).to.equal(hashes.length);
  });
});
