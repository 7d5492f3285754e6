import { expect } from "chai";

import { DEVICES, screensFor, type DeviceModel } from "../../../scripts/lib/signers/screens.js";
import { typedHashes } from "../../../scripts/lib/signers/typed-data.js";
import { NESTED, SAFE_TX, WALLET, transactionOf } from "../../support/signing.js";

const MODELS = Object.keys(DEVICES) as DeviceModel[];

/**
 * A few screens, spelled out as the vendors' sources have them. That they are complete and in order is compared with the
 * device doubles, which write them down from the bytes that they receive.
 */
describe("screens of a device", () => {
  const { address } = WALLET;

  it("show both hashes on a Trezor One, in four lines of sixteen capitals", () => {
    expect(screensFor("trezor-one", SAFE_TX, address)).to.deep.equal([
      ["Unable to show", "EIP-712 data.", "Sign at your own risk."],
      ["Confirm address?", "Message signed by:", "0xf39Fd6e51aad88F6F4c", "e6aB8827279cffFb92266"],
      ["EIP-712 domain hash", "5A8B0456762C6D91", "35C7AF5446743C6D", "5AD86D3661885084", "42ED2F57527CB942"],
      [
        "EIP-712 message hash",
        "5FF42773164802AA",
        "57E1D70822461DFA",
        "7CB5EC3C9EF64A1D",
        "A88FA0EEA4477D35",
      ],
    ]);
  });

  it("show on a Trezor One no more than the first 120 bytes of data, and say so", () => {
    const pages = (bytes: number) =>
      screensFor("trezor-one", transactionOf(bytes)).filter(([line]) => line === "Transaction data:");
    expect(pages(121).map((page) => page.at(-1))).to.deep.equal([
      "... 24/121 bytes",
      "... 48/121 bytes",
      "... 72/121 bytes",
      "... 96/121 bytes",
      "... 120/121 bytes",
    ]);
    expect(pages(30)).to.deep.equal([
      ["Transaction data:", "0001020304050607", "08090A0B0C0D0E0F", "1011121314151617", "... 24/30 bytes"],
      ["Transaction data:", "18191A1B1C1D", "30/30 bytes"],
    ]);
    const warning = ["Warning! Too long", "data to view.", "Proceed with caution."];
    expect(screensFor("trezor-one", transactionOf(121))).to.deep.include(warning);
    expect(screensFor("trezor-one", transactionOf(120))).to.not.deep.include(warning);
  });

  it("show what is sent, to whom and for which fee on a Trezor One", () => {
    const transaction = transactionOf(0, { chainId: 1, value: 1_234_560_000_000_000_000_000n });
    expect(screensFor("trezor-one", transaction)).to.deep.equal([
      ["Send", "1,234.56", "ETH to 0x8464135c8", "F25Da09e49BC878267", "6a84730C318bC?"],
      ["Confirm fee", "Maximum fee per gas", "31.5 Gwei"],
      ["Confirm fee", "Priority fee per gas", "1.000000001 Gwei"],
      ["Confirm fee", "Maximum fee", "0.0388888605 ETH"],
    ]);
  });

  it("show every field of a message on a newer Trezor, and then its hash", () => {
    const screens = screensFor("trezor-safe", SAFE_TX, address);
    expect(screens).to.have.lengthOf(15);
    expect(screens.slice(0, 5)).to.deep.equal([
      ["Signing address", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"],
      [
        "EIP712Domain",
        ...["chainId (uint256):", "31337"],
        ...["verifyingContract (address):", "0x41675C099F32341bf84BFc5382aF534df5C7461a"],
      ],
      [
        "Confirm message",
        "SafeTx",
        "Contains 10 keys",
        "to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver, nonce",
      ],
      ["SafeTx", "to (address):", "0x8464135c8F25Da09e49BC8782676a84730C318bC"],
      ["SafeTx", "value (uint256):", "0"],
    ]);
    expect(screens.slice(-3)).to.deep.equal([
      ["SafeTx", "nonce (uint256):", "4294967296"],
      ["Confirm message hash", "0x5ff42773164802aa57e1d70822461dfa7cb5ec3c9ef64a1da88fa0eea4477d35"],
      ["Confirm typed data", "Really sign EIP-712 typed data?"],
    ]);
  });

  it("show what is nested on a newer Trezor under the names that lead to it", () => {
    expect(screensFor("trezor-safe", NESTED)).to.deep.include.members([
      ["Instruction", "temperature (int16):", "-40"],
      ["Instruction", "salt (bytes4):", "deadbeef"],
      ["Instruction.first", "Payee", "Contains 2 keys", "account, share"],
      ["Instruction.others", "Array of 2 Payees"],
      ["Instruction.others", "share (uint256):", `1${"0".repeat(30)}`],
      ["..uction.witnesses", "Array of 1 address"],
    ]);
  });

  it("show all of the data on a newer Trezor, 36 bytes on a page", () => {
    const transaction = transactionOf(40, { chainId: 11155111, value: 5n });
    expect(screensFor("trezor-safe", transaction)).to.deep.equal([
      ["Data: 36 / 40 bytes", transaction.data.slice(2, 74)],
      ["Data: 40 / 40 bytes", "24252627"],
      ["Interaction contract", "0x8464135c8F25Da09e49BC8782676a84730C318bC"],
      ["Amount:", "5 Wei tSEP", "Maximum fee:", "0.0388888605 tSEP"],
    ]);
  });

  it("show the fields of the domain on a Ledger Nano, and of the message the hash", () => {
    expect(screensFor("ledger-nano", SAFE_TX)).to.deep.equal([
      ["Blind signing ahead", "To accept risk, press both buttons"],
      ["Review typed message"],
      ["chainId", "31337"],
      ["verifyingContract", "0x41675C099F32341bf84BFc5382aF534df5C7461a"],
      ["Message hash", "0x5FF42773164802AA57E1D70822461DFA7CB5EC3C9EF64A1DA88FA0EEA4477D35"],
      ["Sign message"],
    ]);
  });

  it("show the hash of a transaction on a Ledger, which is the one that is signed", () => {
    expect(screensFor("ledger-nano", transactionOf(4, { chainId: 1 }), address)).to.deep.equal([
      ["Blind signing ahead", "To accept risk, press both buttons"],
      ["Review transaction"],
      ["From", address],
      ["To", "0x8464135c8F25Da09e49BC8782676a84730C318bC"],
      ["Max fees", "0.0388888605 ETH"],
      ["Tx hash", "0x9032706d433092de6c7254b18246a7196d3f24905cdfd6894996f9613b886571"],
      ["Accept risk and sign transaction"],
    ]);
  });

  it("say in words whose address is shown, as long as nobody knows the signer", () => {
    for (const model of ["trezor-one", "trezor-safe"] as const) {
      expect(screensFor(model, SAFE_TX).flat()).to.include("(your own address)");
    }
  });

  it("show something of the message on every model", () => {
    const { messageHash } = typedHashes(SAFE_TX);
    for (const model of MODELS) {
      const shown = screensFor(model, SAFE_TX).map((screen) => screen.join("").toLowerCase());
      expect(shown.some((screen) => screen.includes(messageHash.slice(2)))).to.equal(true, model);
    }
  });
});
