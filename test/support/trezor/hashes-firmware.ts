import { formatUnits, getAddress, keccak256 } from "ethers";

import {
  hexOf,
  numberOf,
  restOfData,
  signedDigest,
  signedTransaction,
  symbolOf,
  type Firmware,
} from "./firmware.js";

/** What fits on one line of the Trezor One's screen. */
const rows = (text: string, width: number) => text.match(new RegExp(`.{1,${width}}`, "g")) ?? [];

const GWEI = 10n ** 9n;

function amount(wei: bigint, symbol: string): string {
  const [value, unit] = wei < GWEI ? [wei.toString(), "Wei"] : [formatUnits(wei), symbol];
  const [whole, fraction] = value.split(".") as [string, string?];
  const grouped = BigInt(whole).toLocaleString("en-US");
  return `${grouped}${fraction && fraction !== "0" ? `.${fraction}` : ""} ${unit}`;
}

const gwei = (wei: bigint) => amount(wei * GWEI, "Gwei").replace("Wei", "Gwei");

/** The Trezor One with firmware 1.14.2: `legacy/firmware/ethereum.c` and `fsm_msg_ethereum.h`. */
export const hashesFirmware: Firmware = {
  features: { major_version: 1, minor_version: 14, patch_version: 2, model: "1", internal_model: "T1B1" },
  answers: {
    async EthereumSignTypedHash(device, request) {
      const key = await device.keyOf(request);
      const [domainHash, messageHash] = [
        hexOf(request, "domain_separator_hash"),
        hexOf(request, "message_hash"),
      ];
      await device.show(
        ["Unable to show", "EIP-712 data.", "Sign at your own risk."],
        "ButtonRequest_ProtectCall",
      );
      await device.show(["Confirm address?", "Message signed by:", ...rows(key.address, 21)]);
      await device.show(["EIP-712 domain hash", ...rows(domainHash.toUpperCase(), 16)]);
      await device.show(["EIP-712 message hash", ...rows(messageHash.toUpperCase(), 16)]);
      return signedDigest(key, keccak256(`0x1901${domainHash}${messageHash}`));
    },
    async EthereumSignTxEIP1559(device, request) {
      const key = await device.keyOf(request);
      const symbol = symbolOf(request);
      const value = numberOf(request, "value");
      const [sum, unit] = value === 0n ? ["message", ""] : amount(value, symbol).split(" ");
      const confirm = (screen: string[]) => device.show(screen, "ButtonRequest_SignTx");

      const recipient = `${unit} to ${getAddress(String(request.to))}`.trimStart();
      await confirm([
        "Send",
        sum!,
        recipient.slice(0, 18),
        recipient.slice(18, 36),
        `${recipient.slice(36)}?`,
      ]);

      let data = hexOf(request, "data_initial_chunk");
      const total = Number(request.data_length);
      let shown = 0;
      for (let page = 0; page < 5 && shown < total; page++) {
        const lines = rows(data.slice(shown * 2, shown * 2 + 48).toUpperCase(), 16);
        shown = Math.min(shown + 24, total);
        await confirm([
          "Transaction data:",
          ...lines,
          `${shown < total ? "... " : ""}${shown}/${total} bytes`,
        ]);
      }
      if (shown < total) {
        await device.show(
          ["Warning! Too long", "data to view.", "Proceed with caution."],
          "ButtonRequest_ProtectCall",
        );
      }

      const fee = (what: string, figure: string) => confirm(["Confirm fee", what, ...rows(figure, 18)]);
      const perGas = numberOf(request, "max_gas_fee");
      await fee("Maximum fee per gas", gwei(perGas));
      await fee("Priority fee per gas", gwei(numberOf(request, "max_priority_fee")));
      await fee("Maximum fee", amount(perGas * numberOf(request, "gas_limit"), symbol));

      for await (const chunk of restOfData(device, request)) data += chunk;
      return signedTransaction(key, request, data);
    },
  },
};
