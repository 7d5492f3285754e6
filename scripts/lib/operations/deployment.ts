import { setTimeout as sleep } from "node:timers/promises";

import { getCreateAddress, keccak256 } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../../deploy/fault.js";
import type { DeploymentRecord } from "../../../deploy/index.js";
import { costOf, requireAffordable } from "./cost.js";
import { Endpoint, messageOf } from "./endpoint.js";
import { IMPLEMENTATIONS, type ProxyName } from "./suite.js";
import type { Patience } from "./versions.js";

/** How long a deployment is waited for. */
type Waiting = Pick<Patience, "poll" | "giveUp" | "remind">;
const PATIENCE: Waiting = { poll: 1_000, giveUp: 900_000, remind: 60_000 };

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
 * @param tell Told the transaction's hash before it is mined, and from time to time that it is not mined yet.
 * @returns Where it is.
 * @throws {@link Fault} that says where to look, if it is not known to be there.
 */
export async function deploy(
  connection: NetworkConnection,
  planned: Deployment,
  tell: (sentence: string) => void = () => {},
  patience: Waiting = PATIENCE,
): Promise<string> {
  const { contract, address } = planned;
  const hash = await send(connection, planned);
  // Whatever ends this process from here on, nobody has to deploy it twice.
  tell(`Sent ${hash}, which deploys ${contract} to ${address}. ${insteadOfDeploying(address)}`);
  const endpoint = new Endpoint(connection.provider);
  const [giveUpAt, began] = [Date.now() + patience.giveUp, Date.now()];
  for (let remindAt = began + patience.remind; Date.now() < giveUpAt; await sleep(patience.poll)) {
    if (await endpoint.tolerantly(() => isThere(connection, endpoint, planned, hash))) return address;
    if (Date.now() < remindAt) continue;
    tell(`${hash} is not mined yet, ${Math.round((Date.now() - began) / 60_000)} minutes after it was sent.`);
    remindAt = Date.now() + patience.remind;
  }
  const { lastProblem } = endpoint;
  throw new Fault(`${hash} is not known to be mined: ${whereToLook(planned)}`, {
    details: lastProblem === undefined ? [] : [`The endpoint's last problem: ${lastProblem}`],
  });
}

/** How to go on with what is deployed. */
export const insteadOfDeploying = (address: string) =>
  `If this command does not come to its end, run it again with --implementation ${address} in the place of --deploy.`;

const whereToLook = ({ address, nonce, from }: Deployment) =>
  `look whether ${address} has code, or nonce ${nonce} of ${from} is used, before you deploy it again. If it has code, say ` +
  `--implementation ${address} in the place of --deploy.`;

/** @returns The transaction's hash. */
async function send({ ethers }: NetworkConnection, planned: Deployment): Promise<string> {
  const { contract, from, nonce, initCode: data, gas: gasLimit } = planned;
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
    throw new Fault(`It is not known whether ${contract} was sent: ${whereToLook(planned)}`, {
      details: [messageOf(cause)],
      cause,
    });
  });
  return sent.hash;
}

/** @throws {@link Fault} if it never will be. */
async function isThere(
  { ethers }: NetworkConnection,
  endpoint: Endpoint,
  { contract, address }: Deployment,
  hash: string,
): Promise<boolean> {
  const receipt = await endpoint.receiptOfAny([hash]);
  // Without a receipt it may have been sped up in the wallet, and so have another hash. A node that is a block behind has
  // the receipt from another one, and not the code yet.
  if (receipt === undefined || receipt.succeeded) return (await ethers.provider.getCode(address)) !== "0x";
  throw new Fault(
    `${hash} was mined and reverted, so it did not deploy ${contract} to ${address}. Find out why, then deploy it again.`,
  );
}
