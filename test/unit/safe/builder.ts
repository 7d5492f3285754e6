import { expect } from "chai";
import { id } from "ethers";

import {
  batchChecksum,
  transactionBuilderBatch,
  type TransactionBuilderBatch,
} from "../../../scripts/lib/safe/builder.js";
import { safeHashes } from "../../../scripts/lib/safe/hash.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";

const SAFE = "0x1111111111111111111111111111111111111111";
const OTHER = "0x2222222222222222222222222222222222222222";
const TRANSACTION: SafeTransaction = {
  safe: SAFE,
  chainId: 11155111,
  to: OTHER,
  value: 10n ** 20n,
  data: "0xdeadbeef",
  nonce: 7,
};
const BATCH = transactionBuilderBatch(TRANSACTION, {
  name: "Roll back",
  description: 'Back to "1.0".',
  createdAt: 1_700_000_000_000,
});

/** The same, with the keys of every object in reverse order. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
};

/** Every way to change one leaf, or to drop one key. */
function* changesOf(value: unknown): Generator<readonly [path: string, changed: unknown]> {
  if (Array.isArray(value)) {
    yield ["[]", []];
    yield ["[twice]", [...(value as unknown[]), ...(value as unknown[])]];
    for (const [i, inner] of (value as unknown[]).entries()) {
      for (const [path, changed] of changesOf(inner)) yield [`[${i}]${path}`, value.with(i, changed)];
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      const rest = Object.fromEntries(Object.entries(value).filter(([other]) => other !== key));
      yield [`.${key} dropped`, rest];
      for (const [path, changed] of changesOf(inner)) yield [`.${key}${path}`, { ...value, [key]: changed }];
    }
  } else {
    yield [
      " changed",
      value === null ? "null" : typeof value === "number" ? value + 1 : `${JSON.stringify(value)} `,
    ];
  }
}

describe("a Transaction Builder batch", () => {
  it("holds one plain call, as the app wants it", () => {
    const { safeTxHash } = safeHashes(TRANSACTION);
    expect(JSON.parse(JSON.stringify(BATCH))).to.deep.equal({
      version: "1.0",
      chainId: "11155111",
      createdAt: 1_700_000_000_000,
      meta: {
        name: "Roll back",
        description: `Back to "1.0". Set the nonce to 7; the safeTxHash must then be ${safeTxHash}.`,
        txBuilderVersion: "1.18.2",
        createdFromSafeAddress: SAFE,
        createdFromOwnerAddress: "",
        checksum: BATCH.meta.checksum,
      },
      transactions: [
        {
          to: TRANSACTION.to,
          value: "100000000000000000000",
          data: "0xdeadbeef",
          contractMethod: null,
          contractInputsValues: null,
        },
      ],
    });
  });

  describe("checksum", () => {
    it("is that of the spelling that the Transaction Builder hashes", () => {
      const { safeTxHash } = safeHashes(TRANSACTION);
      const spelt =
        '{["chainId","createdAt","meta","transactions","version"]"11155111",1700000000000,' +
        '{["createdFromOwnerAddress","createdFromSafeAddress","description","name","txBuilderVersion"]"",' +
        `"${SAFE}","Back to \\"1.0\\". Set the nonce to 7; the safeTxHash must then be ${safeTxHash}.",null,"1.18.2",},` +
        '[{["contractInputsValues","contractMethod","data","to","value"]null,null,"0xdeadbeef",' +
        `"${OTHER}","100000000000000000000",}],"1.0",}`;
      expect(BATCH.meta.checksum).to.equal(id(spelt));
    });

    // Both values were computed apart from this code, by a program in another language and a keccak of its own that also
    // reproduces the checksum of a batch which the Transaction Builder exported.
    it("is that of an independent implementation", () => {
      const meta = {
        txBuilderVersion: "1.18.2",
        createdFromSafeAddress: SAFE,
        createdFromOwnerAddress: "",
        checksum: "",
      };
      const plain = {
        to: OTHER,
        value: "0",
        data: "0xdeadbeef",
        contractMethod: null,
        contractInputsValues: null,
      };
      const one = {
        version: "1.0",
        chainId: "1",
        createdAt: 1_700_000_000_000,
        meta: { ...meta, name: "Pause", description: "Deposits, for a day" },
        transactions: [plain],
      };
      expect(batchChecksum(one)).to.equal(
        "0x7fb2c7f66096867353bb3bb7024d591434439e9f12cea68e0ef674ad42fb8289",
      );

      const inputs = [{ internalType: "uint8", name: "bits", type: "uint8" }];
      const several = {
        version: "1.0",
        chainId: "11155111",
        createdAt: 0,
        meta: {
          ...meta,
          name: "Zwei Überweisungen",
          description: '"quoted" – and beyond ASCII ✓',
          createdFromOwnerAddress: OTHER,
          checksum: "0x00",
        },
        transactions: [
          {
            to: OTHER,
            value: "1",
            data: null,
            contractMethod: { inputs, name: "unpause", payable: false },
            contractInputsValues: { bits: "1" },
          },
          { ...plain, to: SAFE, value: (2n ** 256n - 1n).toString(), data: "0x" },
        ],
      };
      expect(batchChecksum(several)).to.equal(
        "0xbbf33cf5a9d2d6bbeb50c26f606d7e241b487748f311f6096976a3a9fb5c9042",
      );
    });

    it("does not depend on the order of keys", () => {
      expect(batchChecksum(reversed(BATCH) as TransactionBuilderBatch)).to.equal(BATCH.meta.checksum);
    });

    it("changes with everything but the name and itself", () => {
      let changes = 0;
      for (const [path, changed] of changesOf(BATCH)) {
        if (path.startsWith(".meta dropped") || path.startsWith(".meta.checksum")) continue;
        const checksum = batchChecksum(changed as TransactionBuilderBatch);
        if (path.startsWith(".meta.name")) expect(checksum, path).to.equal(BATCH.meta.checksum);
        else expect(checksum, path).not.to.equal(BATCH.meta.checksum);
        changes += 1;
      }
      expect(changes).to.be.greaterThan(25);
    });
  });
});
