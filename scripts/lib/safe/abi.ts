import { Interface, type Provider } from "ethers";

/** What we use of a Safe. Its functions are the same in every version from 1.3.0 to 1.5.0. */
export const SAFE = new Interface([
  "function VERSION() view returns (string)",
  "function domainSeparator() view returns (bytes32)",
  "function getOwners() view returns (address[])",
  "function getThreshold() view returns (uint256)",
  "function nonce() view returns (uint256)",
  "function getModulesPaginated(address start, uint256 pageSize) view returns (address[] modules, address next)",
  "function approvedHashes(address owner, bytes32 hash) view returns (uint256)",
  "function approveHash(bytes32 hash)",
  "function getTransactionHash(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) view returns (bytes32)",
  "function checkNSignatures(bytes32 dataHash, bytes data, bytes signatures, uint256 requiredSignatures) view",
  "function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool)",
]);

/** EIP-1271, as a Safe asks it of an owner that is a contract: of the hashed bytes up to 1.4.1, of the hash since. */
export const CONTRACT_OWNER = new Interface([
  "function isValidSignature(bytes data, bytes signature) view returns (bytes4)",
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);

/** Asks a contract by `eth_call`. The caller knows the type from the ABI. */
export async function ask<Answer>(
  provider: Provider,
  to: string,
  method: string,
  values: readonly unknown[] = [],
  { from, block }: { from?: string; block?: number } = {},
): Promise<Answer> {
  const data = SAFE.encodeFunctionData(method, values);
  const answer = await provider.call({ to, from, data, blockTag: block });
  return SAFE.decodeFunctionResult(method, answer)[0] as Answer;
}
