import * as protocolKit from "@safe-global/protocol-kit";
import type { SafeTransactionData } from "@safe-global/types-kit";
import { expect } from "chai";
import { Interface, ZeroAddress } from "ethers";

import {
  nestedTypedMessage,
  safeHashes,
  safeTypedMessage,
  typedHashes,
} from "../../../scripts/lib/safe/hash.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import { kitFor } from "../../support/protocol-kit.js";
import { TESTED_VERSIONS } from "../../support/safes.js";
import { CHAIN_ID, ethers, connection, loadCast, provider } from "../fixtures/safe.js";

const { calculateSafeTransactionHash, preimageSafeTransactionHash, calculateSafeMessageHash } = protocolKit;

const asKitHasIt = ({ to, value, data, nonce }: SafeTransaction): SafeTransactionData => ({
  to,
  value: value.toString(),
  data,
  operation: 0,
  safeTxGas: "0",
  baseGas: "0",
  gasPrice: "0",
  gasToken: ZeroAddress,
  refundReceiver: ZeroAddress,
  nonce,
});

describe("Safe hashes", () => {
  for (const version of TESTED_VERSIONS) {
    describe(`of ${version}`, () => {
      const variants: Record<string, Partial<SafeTransaction>> = {
        "a call": {},
        "no data": { data: "0x" },
        "data of many words and a bit": { data: `0x${"c0ffee".repeat(111)}` },
        "a value": { value: 10n ** 24n + 1n },
        "a late nonce": { nonce: 4_000_000_000 },
        "a call of the Safe itself": { to: "0x000000000000000000000000000000000000dEaD" },
      };
      for (const [name, change] of Object.entries(variants)) {
        it(`agree with the kit and with the contract for ${name}`, async () => {
          const { flat, transaction } = await loadCast(version);
          const asked = transaction(flat, change);
          const { safeTxHash, domainSeparator } = safeHashes(asked);
          const kit = await kitFor(connection, version, flat);
          const { to, data, nonce } = asked;
          const value = asked.value.toString();
          const theirs = await kit.createTransaction({
            transactions: [{ to, value, data }],
            onlyCalls: true,
            options: { nonce },
          });
          expect(theirs.data).to.deep.equal(asKitHasIt(asked));
          expect(await kit.getTransactionHash(theirs)).to.equal(safeTxHash);
          expect(calculateSafeTransactionHash(flat, theirs.data, version, BigInt(CHAIN_ID))).to.equal(
            safeTxHash,
          );

          const safe = new ethers.Contract(
            flat,
            [
              "function domainSeparator() view returns (bytes32)",
              "function getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256) view returns (bytes32)",
            ],
            provider,
          );
          expect(await safe.getFunction("domainSeparator")()).to.equal(domainSeparator);
          expect(
            await safe.getFunction("getTransactionHash")(
              ...[to, value, data, 0, 0, 0, 0, ZeroAddress, ZeroAddress, nonce],
            ),
          ).to.equal(safeTxHash);
        });
      }
    });
  }
  void nestedTypedMessage;
  void safeTypedMessage;
  void typedHashes;
  void preimageSafeTransactionHash;
  void calculateSafeMessageHash;
  void Interface;
});
