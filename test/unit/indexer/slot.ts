import { expect } from "chai";
import { keccak256, toBeHex } from "ethers";

import layout from "../../../deploy/layouts/Escrow.json" with { type: "json" };
import { encodeHeader, type RpcBlock } from "../../../indexer/src/api/proof/header.js";
import { PAYMENTS_ROOT, readSlot } from "../../../indexer/src/api/proof/slot.js";

describe("the slot of a payment", () => {
  it("is where deploy/layouts/Escrow.json has it", () => {
    const { regions, types } = layout;
    const region = regions.find(({ namespace }) => namespace === "erc7201:holdfast.storage.Escrow")!;
    expect(region.root).to.equal(PAYMENTS_ROOT);
    expect(region.entries[0]).to.include({ name: "payments", slot: 0, offset: 0 });

    const state = types["struct PaymentState"] as {
      members: { name: string; offset: number; bytes: number }[];
    };
    const word = (change: Record<string, bigint>) =>
      toBeHex(
        state.members.reduce(
          (sum, { name, offset }) => sum | ((change[name] ?? 0n) << BigInt(8 * offset)),
          0n,
        ),
        32,
      ) as `0x${string}`;
    const most = 2n ** 104n - 1n;
    expect(
      readSlot(word({ status: 2n, flags: 3n, disputedAt: 2n ** 32n - 1n, held: most, released: 5n })),
    ).to.deep.equal({ status: "Disputed", onHold: true, held: most, released: 5n });
    expect(readSlot(word({ status: 1n, flags: 2n, held: 7n, released: most }))).to.deep.equal({
      status: "Funded",
      onHold: false,
      held: 7n,
      released: most,
    });
    expect(readSlot(word({}))).to.include({ status: "None", held: 0n });
  });
});

describe("a block's header", () => {
  /** Ethereum's first block, whose hash everybody knows. */
  const genesis: RpcBlock = {
    hash: "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
    parentHash: `0x${"00".repeat(32)}`,
    sha3Uncles: "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    miner: `0x${"00".repeat(20)}`,
    stateRoot: "0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544",
    transactionsRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    receiptsRoot: "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    logsBloom: `0x${"00".repeat(256)}`,
    difficulty: "0x400000000",
    number: "0x0",
    gasLimit: "0x1388",
    gasUsed: "0x0",
    timestamp: "0x0",
    extraData: "0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa",
    mixHash: `0x${"00".repeat(32)}`,
    nonce: "0x0000000000000042",
  };

  it("hashes to the block's hash", () => {
    expect(keccak256(encodeHeader(genesis)!)).to.equal(genesis.hash);
  });

  it("is none if it does not", () => {
    expect(encodeHeader({ ...genesis, gasUsed: "0x1" })).to.equal(undefined);
    expect(encodeHeader({ ...genesis, blobGasUsed: "0x0" })).to.equal(undefined);
  });
});
