import { isHexString, type Provider } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../deploy/fault.js";
import { LOCAL_CHAIN_ID } from "../../deploy/parameters.js";
import { endpointsOf } from "../../indexer/watch/endpoints.js";
import { setting } from "../../indexer/settings.js";
import type { DeploymentRecord } from "../../deploy/record.js";
import type { Endpoint, Look } from "../lib/triage/endpoints.js";
import type { Scene } from "../lib/triage/triage.js";
import { parseDuration, required } from "../ops/arguments.js";

export interface LookingArguments {
  readonly payment?: string;
  readonly indexer?: string;
  readonly rpc?: string;
  readonly fromBlock: number;
  readonly grace: string;
  readonly lag: number;
  readonly headAge: string;
  readonly json: boolean;
}

const INDEXER = "http://127.0.0.1:42069";

/** The chosen network, and who can be asked about it. */
export interface Surroundings {
  readonly network: string;
  readonly chainId: number;
  readonly record: DeploymentRecord;
  readonly endpoints: readonly Endpoint[];
  readonly looks: readonly Look[];
  /** The first endpoint that answers for the right chain, if any does. */
  readonly provider?: Provider;
  readonly close: () => void;
}

/** Finds the network's endpoints, and of them one that answers. None need. */
export async function lookAround(
  hre: HardhatRuntimeEnvironment,
  { rpc }: Pick<LookingArguments, "rpc">,
): Promise<Surroundings> {
  // What follows needs the typings of the contracts.
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const { readRecord } = await import("../../deploy/record.js");
  const { lookAt } = await import("../lib/triage/endpoints.js");
  const { connection, chainId } = await networkOf(hre);
  const record = await readRecord(chainId);
  const endpoints = await endpointsFor(connection, chainId, rpc);
  const looks = await lookAt(endpoints);
  const answering = looks.find(({ head }) => head?.chainId === chainId);
  const { networkName: network } = connection;
  const common = { network, chainId, record, endpoints, looks };
  if (answering === undefined) return { ...common, close: () => {} };
  const { JsonRpcProvider, Network } = await import("ethers");
  const known = Network.from(chainId);
  const provider = new JsonRpcProvider(answering.endpoint.url, known, {
    staticNetwork: known,
    cacheTimeout: -1,
  });
  return { ...common, provider, close: () => provider.destroy() };
}

/** The chosen network. Nobody there need answer. */
export async function networkOf(hre: HardhatRuntimeEnvironment) {
  if (hre.globalOptions.network === undefined)
    throw new Fault("Choose a network with --network, for instance --network local.");
  const connection = await hre.network.create();
  return { connection, chainId: chainIdOf(connection) };
}

/** The chain that a network is meant to be, whoever answers. */
function chainIdOf({ networkConfig, networkName }: NetworkConnection): number {
  if (networkConfig.type === "http" && networkConfig.chainId !== undefined) return networkConfig.chainId;
  throw new Fault(`hardhat.config.ts names no URL and chainId for the network ${networkName}.`);
}

/** The network's own endpoint first, then the indexer's, then those that were typed. */
async function endpointsFor(
  { networkConfig, networkName }: NetworkConnection,
  chainId: number,
  typed = "",
): Promise<Endpoint[]> {
  const own = networkConfig.type === "http" ? await networkConfig.url.get() : "";
  const variable = `PONDER_RPC_URL_${chainId}`;
  return endpointsOf({
    name: networkName,
    rpc: [
      ...urlsIn(own, `of the network ${networkName}`),
      ...urlsIn(setting(process.env, variable) ?? "", `in ${variable}`),
      ...urlsIn(typed, "in --rpc"),
    ],
  });
}

/**
 * The URLs of a list with commas.
 *
 * @throws {@link Fault} if one cannot be asked, as one that is left out would count as having agreed. What it is stays
 * unsaid: it may be a key.
 */
export function urlsIn(list: string, where: string): string[] {
  const urls = list
    .split(",")
    .map((url) => url.trim())
    .filter(Boolean);
  for (const [i, url] of urls.entries()) {
    const which = `The ${i + 1}. RPC endpoint ${where}`;
    if (!URL.canParse(url)) throw new Fault(`${which} is no URL.`);
    if (!/^https?:$/.test(new URL(url).protocol))
      throw new Fault(
        `${which} is not of HTTP, and no other is asked here. Give the same provider's URL with https:// in its place.`,
      );
  }
  return urls;
}

/** What the command line says, for triage. */
export function sceneOf(around: Surroundings, args: LookingArguments): Scene {
  const { endpoints, looks, network, chainId, record, provider } = around;
  return {
    ...{ endpoints, looks, network, chainId, record },
    ...(provider !== undefined && { provider }),
    indexer: indexerOf(args.indexer),
    fromBlock: Math.max(args.fromBlock, record.startBlock),
    ...(args.payment !== undefined && { paymentId: parsePaymentId(args.payment) }),
    limits: {
      grace: parseDuration(args.grace, "--grace"),
      lag: args.lag,
      headAge: parseDuration(args.headAge, "--head-age"),
    },
    ...clockOf(chainId),
  };
}

/** What time it is, in Unix seconds; nothing on a local chain, whose time is its own. */
export const clockOf = (chainId: number): { readonly now?: number } =>
  chainId === LOCAL_CHAIN_ID ? {} : { now: Math.floor(Date.now() / 1000) };

/** Where the read model answers, as typed or as the environment says. */
export function indexerOf(typed: string | undefined): string {
  const url = typed ?? process.env.HOLDFAST_INDEXER_URL ?? INDEXER;
  if (URL.canParse(url)) return url.replace(/\/+$/, "");
  throw new Fault(`--indexer is a URL such as ${INDEXER}; it was ${url}.`);
}

export function parsePaymentId(text: string | undefined): string {
  const given = required(text, "--payment", "which payment", "--payment 0x<64 digits>").trim();
  if (isHexString(given, 32)) return given.toLowerCase();
  throw new Fault(`--payment is a paymentId, 0x and 64 hexadecimal digits; it was ${given.slice(0, 80)}.`);
}
