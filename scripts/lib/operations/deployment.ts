import { getCreateAddress, keccak256 } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { plain } from "../plain.js";
import { costOf, requireAffordable } from "./cost.js";
import { Endpoint } from "./endpoint.js";
import { IMPLEMENTATIONS, type ProxyName } from "./suite.js";

/** A deployment before it is made: what it is, who pays for it, and how much. Amounts in wei. */
export interface Deployment {
  readonly contract: string;
  readonly proxy: ProxyName;
  readonly arguments: readonly string[];
  /** The code that constructs it, arguments included. */
  readonly initCode: string;
  /** keccak256. */
  readonly initCodeHash: string;
  readonly from: string;
  readonly nonce: number;
  /** Where it will be: nowhere else, since it has this nonce or is not sent. */
  readonly address: string;
  readonly gas: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly cost: bigint;
  readonly balance: bigint;
}

/**
 * Works out what {@link deploy} will do. Sends nothing.
 *
 * @throws {@link Fault} if it would cost more than any transaction may.
 */
export async function planDeployment(
  { ethers, provider }: NetworkConnection,
  record: DeploymentRecord,
  proxy: ProxyName,
  contract: string,
): Promise<Deployment> {
  const [signer] = await ethers.getSigners();
  if (signer === undefined) throw new Fault("The network has no account that could deploy it.");
  const { address: from } = signer;
  const args = IMPLEMENTATIONS[proxy].constructorArguments(record);
  const factory = await ethers.getContractFactory(contract);
  const { data: initCode } = await factory.getDeployTransaction(...args);
  const [nonce, balance, gas, fees] = await Promise.all([
    ethers.provider.getTransactionCount(from, "pending"),
    ethers.provider.getBalance(from),
    ethers.provider.estimateGas({ from, data: initCode }),
    new Endpoint(provider).fees(),
  ]);
  const costly = { gasLimit: gas, maxFeePerGas: fees.maxFeePerGas, value: 0n };
  requireAffordable(costly);
  return {
    ...{ contract, proxy, arguments: args.map(String), initCode, initCodeHash: keccak256(initCode) },
    ...{ from, nonce, gas, ...fees, balance, cost: costOf(costly) },
    address: getCreateAddress({ from, nonce }),
  };
}

/**
 * Makes a deployment just as it was planned, and perhaps confirmed: with this code, nonce, gas and fees, or not at all.
 *
 * @param tell Told the transaction's hash before it is mined.
 * @returns Where it is.
 * @throws {@link Fault} that says where to look, if it is not known to be there.
 */
export async function deploy(
  { ethers }: NetworkConnection,
  planned: Deployment,
  tell: (sentence: string) => void = () => {},
): Promise<string> {
  const { contract, from, nonce, address, initCode: data, gas: gasLimit } = planned;
  const { maxFeePerGas, maxPriorityFeePerGas } = planned;
  const used = await ethers.provider.getTransactionCount(from, "pending");
  if (used !== nonce) {
    throw new Fault(
      `${from} was to deploy ${contract} with nonce ${nonce}, and is at ${used} now: nothing was sent. Run the command again.`,
    );
  }
  const signer = await ethers.getSigner(from);
  const price = { type: 2, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
  const sent = await signer.sendTransaction({ data, nonce, value: 0n, ...price }).catch((cause: unknown) => {
    throw new Fault(
      `It is not known whether ${contract} was sent: look whether ${address} has code, or nonce ${nonce} of ${from} is used, ` +
        "before you deploy it again.",
      { details: [plain(messageOf(cause))], cause },
    );
  });
  tell(`Sent ${sent.hash}, which deploys ${contract} to ${address}.`);
  const receipt = await ethers.provider.waitForTransaction(sent.hash);
  if (receipt?.status === 1 && receipt.contractAddress === address) return address;
  throw new Fault(`${sent.hash} was mined and did not deploy ${contract} to ${address}.`);
}

/** Without URLs, which may contain a key. */
const messageOf = (problem: unknown) =>
  (problem instanceof Error ? problem.message : String(problem)).replaceAll(/\w+:\/\/\S+/g, "<url>");
