import { dataSlice, getAddress, isHexString, keccak256 } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { IMPLEMENTATION_SLOT } from "../../../deploy/verify.js";
import { plain } from "../plain.js";
import { quantity, Rpc, type Pinned } from "../reconcile/rpc.js";
import { messageOf } from "./endpoint.js";
import { PROXY_NAMES, type Suite } from "./suite.js";

/** So much older may the head of one be, in seconds: providers are not equally quick. */
const LAG = 60;

/**
 * Where two endpoints tell different things of the chain, the block and the code that runs. Whole sentences; none if they
 * agree. A second one that does not answer is told as that: it is what somebody wanted to rely on.
 */
export async function findDisagreements(suite: Suite, second: Rpc): Promise<string[]> {
  const { provider } = suite.connection;
  const first = new Rpc("the network's RPC", (method, params) => provider.request({ method, params }));
  try {
    return await compare(suite, first, second);
  } catch (error) {
    // Whatever either of them answers, the rest of what is known must still be told.
    const what = error instanceof Fault ? error.message : `An RPC cannot be asked: ${messageOf(error)}.`;
    return [`${what} So nothing confirms what the network's RPC says.`];
  }
}

async function compare({ record }: Suite, ...both: readonly [Rpc, Rpc]): Promise<string[]> {
  const chains = await Promise.all(both.map(chainOf));
  if (chains[0] !== chains[1]) return [disagree("are of different chains", both, chains)];
  const heads = await Promise.all(both.map((rpc) => blockOf(rpc, "latest")));
  const times = heads.map(({ timestamp }) => timestamp);
  const late = Math.abs(times[0]! - times[1]!);
  const isFirstLate = times[0]! < times[1]!;
  const lagging =
    late > LAG
      ? [
          `The head of ${both[isFirstLate ? 0 : 1].name} is ${late} s older than that of the other: it is behind.`,
        ]
      : [];
  const common = Math.min(...heads.map(({ number }) => number));
  const blocks = await Promise.all(both.map(async (rpc) => sayBlock(await blockOf(rpc, common))));
  if (blocks[0] !== blocks[1]) return [...lagging, disagree(`disagree about block ${common}`, both, blocks)];
  for (const [i, rpc] of both.entries()) {
    // An old block with the time of now, as the head, would hide that it is behind.
    const head = heads[i]!;
    if (head.number === common && sayBlock(head) !== blocks[i])
      return [
        ...lagging,
        `Of block ${common}, its head, ${rpc.name} says ${sayBlock(head)}, and then ${blocks[i]}: believe neither of it.`,
      ];
  }
  const differences: string[] = [];
  for (const proxy of PROXY_NAMES) {
    const { address } = record.contracts[proxy];
    const found = await Promise.all(both.map((rpc) => codeOf(rpc, address, common)));
    if (found[0] !== found[1]) differences.push(disagree(`disagree about what ${proxy} runs`, both, found));
  }
  return [...lagging, ...differences];
}

const sayBlock = ({ hash, timestamp }: Pinned) => `${hash.toLowerCase()} at second ${timestamp}`;

const disagree = (how: string, both: readonly Rpc[], said: readonly (string | number)[]) =>
  `The two RPCs ${how}: ${both.map(({ name }, i) => `${name} says ${said[i]}`).join(", ")}. One of them lies, or is on a ` +
  "fork: believe neither until a third one tells which.";

async function chainOf(rpc: Rpc): Promise<number> {
  return Number(await hexFrom(rpc, "eth_chainId", []));
}

async function blockOf(rpc: Rpc, number: number | "latest"): Promise<Pinned> {
  const block = await rpc.block(number);
  const isOne =
    block !== undefined && Number.isSafeInteger(block.number) && Number.isSafeInteger(block.timestamp);
  if (isOne && isHexString(block.hash, 32)) return block;
  throw new Fault(`Of block ${number}, ${rpc.name} tells nothing.`);
}

/** The implementation, and the hash of its code. */
async function codeOf(rpc: Rpc, proxy: string, block: number): Promise<string> {
  const at = quantity(block);
  const stored = await hexFrom(rpc, "eth_getStorageAt", [proxy, IMPLEMENTATION_SLOT, at], 32);
  const implementation = getAddress(dataSlice(stored, 12));
  const code = await hexFrom(rpc, "eth_getCode", [implementation, at]);
  return `${implementation} with codehash ${keccak256(code)}`;
}

async function hexFrom(rpc: Rpc, method: string, params: unknown[], length?: number): Promise<string> {
  const answer = await rpc.send<unknown>(method, params);
  if (isHexString(answer, length) && (method === "eth_chainId" || answer.length % 2 === 0)) return answer;
  throw new Fault(
    `To ${method}, ${rpc.name} answered with nonsense: ${plain(JSON.stringify(answer) ?? "").slice(0, 80)}.`,
  );
}
