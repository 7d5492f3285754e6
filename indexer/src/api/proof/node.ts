import { GraphQLError } from "graphql";
import { createClient, fallback, http, numberToHex, type Hex } from "viem";

import { indexedChains, type IndexedChain } from "../../../deployments.js";
import { ponderLogger } from "../../../watch/index.js";
import { encodeHeader, type RpcBlock } from "./header.js";

const TIMEOUT_MS = 5_000;
/** Proofs that are asked for at the same time; nodes answer them slowly. */
const MOST_AT_ONCE = 8;

/** A proof of one storage slot at a block (EIP-1186). */
export interface SlotProof {
  block: bigint;
  blockHash: Hex;
  timestamp: bigint;
  header: Hex;
  value: Hex;
  accountProof: Hex[];
  storageProof: Hex[];
}

interface RpcProof {
  accountProof: Hex[];
  storageProof: { value: Hex; proof: Hex[] }[];
}

type Request = (method: string, params: unknown[]) => Promise<unknown>;

let nodes: Map<number, Request> | undefined;
let asking = 0;

/** Asks a node of the chain for a proof of one slot at a block: endpoints in their order, each once. */
export async function proveSlot(chainId: number, address: Hex, slot: Hex, block: bigint): Promise<SlotProof> {
  nodes ??= new Map(indexedChains(process.env).map((chain) => [chain.id, requestOf(chain)]));
  const request = nodes.get(chainId);
  if (!request) throw unavailable(`No RPC endpoint of chain ${chainId} is set here`);
  if (asking >= MOST_AT_ONCE)
    throw unavailable(`${MOST_AT_ONCE} proofs are being made: ask again in a second`);
  asking += 1;
  try {
    const at = numberToHex(block);
    const [told, proof] = (await Promise.all([
      request("eth_getBlockByNumber", [at, false]),
      request("eth_getProof", [address, [slot], at]),
    ])) as [RpcBlock | null, RpcProof];
    if (!told) throw unavailable(`The node of chain ${chainId} does not have block ${block} yet: ask again`);
    const header = encodeHeader(told);
    if (!header) throw unavailable(`The header of block ${block} is of a kind that is not known here`);
    const [{ value, proof: storageProof }] = proof.storageProof as [RpcProof["storageProof"][0]];
    return {
      block,
      blockHash: told.hash,
      timestamp: BigInt(told.timestamp),
      header,
      value: numberToHex(BigInt(value), { size: 32 }),
      accountProof: proof.accountProof,
      storageProof,
    };
  } finally {
    asking -= 1;
  }
}

function requestOf({ name, rpc }: IndexedChain): Request {
  const endpoints = rpc.filter((url) => url.startsWith("http"));
  const client = createClient({
    transport: fallback(
      endpoints.map((url) => http(url, { retryCount: 0, timeout: TIMEOUT_MS })),
      { retryCount: 0 },
    ),
  });
  return async (method, params) => {
    try {
      return await client.request({ method, params } as never);
    } catch {
      ponderLogger()?.warn({ msg: "No proof from any RPC endpoint", chain: name, method });
      // Never the error's own words: they have the endpoint's URL in them, which may be somebody's key.
      throw unavailable(
        `No RPC endpoint of ${name} answered ${method}: ask again, or with a node that has it`,
      );
    }
  };
}

const unavailable = (sentence: string) =>
  new GraphQLError(`${sentence}.`, { extensions: { code: "PROOF_UNAVAILABLE" } });
