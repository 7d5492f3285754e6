import type { BaseContract, ContractEventName, EventLog, Log } from "ethers";

/** Blocks asked for at once; what the narrowest public endpoints still answer. */
const PAGE = 5_000;

/** Every log of one event from `fromBlock` to the head, in pages that public endpoints accept. */
export async function queryAll(
  contract: BaseContract,
  event: ContractEventName,
  fromBlock: number,
): Promise<EventLog[]> {
  const head = await contract.runner!.provider!.getBlockNumber();
  const logs: (EventLog | Log)[] = [];
  for (let from = fromBlock; from <= head; from += PAGE) {
    logs.push(...(await contract.queryFilter(event, from, Math.min(from + PAGE - 1, head))));
  }
  return logs.filter((log): log is EventLog => "args" in log);
}
