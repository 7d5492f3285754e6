import type { Provider } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import type { DecodedCall } from "./calls.js";
import { callOf, targetsIn, type Context } from "./derive.js";
import { layoutsOf } from "./layouts.js";
import { keysOf } from "./names.js";
import { operationsIn } from "./scheduled.js";
import { StorageNames } from "./state-diff.js";

/** What an account sends. */
interface Sent {
  readonly account: string;
  readonly transaction: { readonly to: string; readonly data: string };
}

/**
 * The names of all storage that an operation may change: of the suite's contracts and the Safes that act, under every key
 * that the operation mentions.
 */
export async function namesOfStorage(
  provider: Provider,
  record: DeploymentRecord,
  context: Context,
  steps: readonly Sent[],
): Promise<StorageNames> {
  const { names, accounts, proxies } = context;
  const mentioned = (type: string) =>
    steps.flatMap(({ transaction }) => valuesIn(type, callOf(context, transaction)));
  const book = { ...Object.fromEntries(mentioned("address").map((address) => [address, address])), ...names };
  const safes = accounts
    .filter(({ kind }) => kind === "safe")
    .map(({ address }) => ({ address, name: names[address] ?? address }));
  const transactions = steps.map(({ account, transaction }) => ({ from: account, ...transaction }));
  return new StorageNames(
    await layoutsOf(provider, record, proxies, safes),
    keysOf(
      book,
      new Map([
        ...mentioned("bytes32").map((hash): [string, string] => [hash, hash]),
        ...operationsIn(transactions, targetsIn(context)),
      ]),
    ),
  );
}

const valuesIn = (wanted: string, { arguments: args, calls }: DecodedCall): string[] => [
  ...args.filter(({ type }) => type === wanted).map(({ value }) => value as string),
  ...calls.flatMap((call) => valuesIn(wanted, call)),
];
