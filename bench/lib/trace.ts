import { getAddress, getBytes, type TransactionReceipt } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

/** EIP-2929: what the first access in a transaction costs more than a later one. */
const COLD_SLOT = 2_100;
const COLD_ACCOUNT = 2_600;

const CALLS = new Set(["CALL", "STATICCALL", "DELEGATECALL", "CALLCODE"]);
const READS_AND_WRITES = new Set(["SLOAD", "SSTORE"]);

/** One executed instruction of `debug_traceTransaction`. */
interface Instruction {
  readonly op: string;
  readonly gas: number;
  readonly gasCost: number;
  readonly depth: number;
  readonly stack: readonly string[];
}

/** One instruction with the gas that it used itself, without what it called. */
export interface Spending {
  readonly op: string;
  /** Whose code runs. */
  readonly code: string;
  /** The storage slot it reads or writes. */
  readonly slot?: string;
  readonly gas: number;
  /** What of `gas` is for being the first access in the transaction. */
  readonly cold: number;
}

/** The whole transaction: gas before any code runs, every instruction, and what was given back. */
export interface GasTrace {
  readonly intrinsic: number;
  readonly spendings: readonly Spending[];
  readonly refund: number;
}

/**
 * Where the gas of a mined transaction went.
 *
 * @throws If the parts do not sum to the receipt's `gasUsed`.
 */
export async function traceGas(
  { ethers }: NetworkConnection,
  receipt: TransactionReceipt,
): Promise<GasTrace> {
  const { provider } = ethers;
  const { data, gasLimit } = (await provider.getTransaction(receipt.hash))!;
  const { structLogs } = (await provider.send("debug_traceTransaction", [receipt.hash, {}])) as {
    structLogs: Instruction[];
  };
  const intrinsic = getBytes(data).reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 21_000);
  const spendings = spendingsOf(structLogs, receipt.to!);
  const available = Number(gasLimit) - intrinsic;
  const spent = intrinsic + spendings.reduce((sum, { gas }) => sum + gas, 0);
  const refund = spent - Number(receipt.gasUsed);
  if (structLogs[0]!.gas !== available || refund < 0 || refund > spent / 5) {
    throw new Error(
      `The trace of ${receipt.hash} explains ${spent} gas, but the receipt says ${receipt.gasUsed}.`,
    );
  }
  return { intrinsic, spendings, refund };
}

function spendingsOf(instructions: readonly Instruction[], to: string): Spending[] {
  const code: string[] = [to];
  return instructions.map((instruction, index) => {
    const { op, gas, gasCost, depth, stack } = instruction;
    code.length = depth;
    const running = code.at(-1)!;
    const { next, called } = afterwards(instructions, index);
    const own = next === undefined ? gasCost : gas - next.gas - called;

    const isCall = CALLS.has(op);
    if (isCall) code.push(getAddress(`0x${stack.at(-2)!.slice(2).padStart(40, "0").slice(-40)}`));
    const touchesSlot = READS_AND_WRITES.has(op);
    return {
      op,
      code: running,
      gas: own,
      cold: touchesSlot && isColdSlot(op, own) ? COLD_SLOT : isCall && own >= COLD_ACCOUNT ? COLD_ACCOUNT : 0,
      ...(touchesSlot && { slot: `0x${stack.at(-1)!.slice(2).padStart(64, "0")}` }),
    };
  });
}

/** A warm read costs 100; a warm write 100, 2,900 or 20,000. */
const isColdSlot = (op: string, gas: number) =>
  op === "SLOAD" ? gas === COLD_SLOT : ![100, 2_900, 20_000].includes(gas);

/** The next instruction of the same frame, if there is one, and what the frame that was called in between used. */
function afterwards(instructions: readonly Instruction[], index: number) {
  const { depth } = instructions[index]!;
  let last: Instruction | undefined;
  for (let i = index + 1; i < instructions.length && instructions[i]!.depth >= depth; ++i) {
    const next = instructions[i]!;
    if (next.depth === depth) {
      return { next, called: last ? instructions[index + 1]!.gas - last.gas + last.gasCost : 0 };
    }
    if (next.depth === depth + 1) last = next;
  }
  return { called: 0 };
}
