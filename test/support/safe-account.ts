import { concat, Interface, solidityPacked, ZeroAddress, type Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { createSafe, deploySafeContracts, type TestedVersion } from "./safes.js";

/** What a Safe is to call. */
export interface Call {
  to: string;
  data?: string;
  value?: bigint;
}

/** A Safe that acts: its owners sign with their keys, ethers hashes, and Safe's own contracts check and execute. */
export interface SafeAccount {
  address: string;
  /** Executes one call, or several at once by MultiSend. The first of `by` sends the transaction. */
  execute(calls: readonly Call[], by?: readonly Signer[]): ReturnType<Signer["sendTransaction"]>;
  /** What the Safe's `isValidSignature` is to accept for a digest (ERC-1271). */
  sign(digest: string, by?: readonly Signer[]): Promise<string>;
}

const SAFE = new Interface([
  "function nonce() view returns (uint256)",
  "function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool)",
]);
const MULTI_SEND = new Interface(["function multiSend(bytes transactions) payable"]);

const field = (type: string, name: string) => ({ type, name });
const SAFE_MESSAGE = { SafeMessage: [field("bytes", "message")] };
const SAFE_TX = {
  SafeTx: [
    field("address", "to"),
    field("uint256", "value"),
    field("bytes", "data"),
    field("uint8", "operation"),
    field("uint256", "safeTxGas"),
    field("uint256", "baseGas"),
    field("uint256", "gasPrice"),
    field("address", "gasToken"),
    field("address", "refundReceiver"),
    field("uint256", "nonce"),
  ],
};
const [CALL, DELEGATE_CALL] = [0, 1];

/** Makes a Safe. Its first `threshold` owners sign, unless others are named. */
export async function safeAccount(
  connection: NetworkConnection,
  version: TestedVersion,
  owners: readonly Signer[],
  threshold: number,
): Promise<SafeAccount> {
  const { ethers } = connection;
  const addresses = await Promise.all(owners.map((owner) => owner.getAddress()));
  const address = await createSafe(connection, { version, owners: addresses, threshold });
  const { MultiSendCallOnly } = await deploySafeContracts(connection, version);
  const { provider } = ethers;
  const { chainId } = await provider.getNetwork();
  const domain = { chainId, verifyingContract: address };
  const enough = owners.slice(0, threshold);

  const signaturesOf = async (
    by: readonly Signer[],
    types: typeof SAFE_TX | typeof SAFE_MESSAGE,
    value: object,
  ) => {
    const signed = by.map(async (owner) => ({
      owner: BigInt(await owner.getAddress()),
      signature: await owner.signTypedData(domain, types, value),
    }));
    // A Safe wants them in the order of their owners.
    const sorted = (await Promise.all(signed)).toSorted((a, b) => (a.owner < b.owner ? -1 : 1));
    return concat(sorted.map(({ signature }) => signature));
  };

  return {
    address,
    async execute(calls, by = enough) {
      const batch = {
        to: MultiSendCallOnly,
        value: 0n,
        data: MULTI_SEND.encodeFunctionData("multiSend", [concat(calls.map(packed))]),
      };
      const [{ to, value = 0n, data = "0x" }, operation] =
        calls.length === 1 ? [calls[0]!, CALL] : [batch, DELEGATE_CALL];
      const nonce = await provider.call({ to: address, data: SAFE.encodeFunctionData("nonce") });
      const refund = {
        safeTxGas: 0,
        baseGas: 0,
        gasPrice: 0,
        gasToken: ZeroAddress,
        refundReceiver: ZeroAddress,
      };
      const transaction = { to, value, data, operation, ...refund };
      const signatures = await signaturesOf(by, SAFE_TX, { ...transaction, nonce });
      return by[0]!.sendTransaction({
        to: address,
        data: SAFE.encodeFunctionData("execTransaction", [...Object.values(transaction), signatures]),
      });
    },
    sign: (digest, by = enough) => signaturesOf(by, SAFE_MESSAGE, { message: digest }),
  };
}

const packed = ({ to, value = 0n, data = "0x" }: Call) =>
  solidityPacked(
    ["uint8", "address", "uint256", "uint256", "bytes"],
    [CALL, to, value, (data.length - 2) / 2, data],
  );
