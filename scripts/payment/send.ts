import { getAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../deploy/fault.js";
import { mayWrite } from "../lib/mode.js";
import { parseAddress } from "../ops/arguments.js";
import { confirm } from "../ops/confirm.js";

/** Something that somebody on duty is about to do on the chain. */
export interface Act {
  /** The task's name: `payment hold`. */
  readonly name: string;
  /** What would happen, and as whom; for whoever confirms it. */
  readonly sentence: string;
  readonly call: { readonly from: string; readonly to: string; readonly data: string };
  /** What to type to confirm it. */
  readonly confirmedBy: string;
}

export interface SendingArguments {
  readonly from?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** To the person; on stderr where stdout is for a machine. */
export const tellerOf =
  ({ json }: SendingArguments) =>
  (line: string) =>
    json ? console.error(line) : console.log(line);

/**
 * Tries an act out, asks, sends it and waits for it.
 *
 * @returns The hash of the transaction; nothing in a dry run, which ends before it is asked.
 * @throws {@link Fault} that says in words why it would fail, if it would.
 */
export async function carryOut(
  { ethers, networkName }: NetworkConnection,
  { name, sentence, call, confirmedBy }: Act,
  args: SendingArguments,
): Promise<string | undefined> {
  const tell = tellerOf(args);
  await requireWorks(ethers.provider, call);
  if (!mayWrite(name)) {
    tell(`Dry run: it would work now: ${sentence}. Nothing was sent.`);
    return undefined;
  }
  const { chainId } = await ethers.provider.getNetwork();
  if (!args.yes) await confirm(`${sentence}, on ${networkName} (chain ${chainId})`, confirmedBy);
  const signer = await ethers.getSigner(call.from);
  const sent = await signer.sendTransaction({ to: call.to, data: call.data });
  tell(`Sent ${sent.hash}; waiting for it …`);
  const receipt = await sent.wait();
  if (receipt?.status !== 1) throw new Fault(`${sent.hash} failed.`);
  return sent.hash;
}

/** What the likeliest errors mean to whoever acts; the others are told by their names. */
const IN_WORDS: Readonly<Record<string, string>> = {
  AccessManagedUnauthorized: "this account has not the role for it",
  AccessManagerNotScheduled: "this account's role has a delay, and the call was not scheduled",
  CreditPushFailed:
    "the token or the recipient refuses the money. It stays as it is until that has changed, or its owner names another " +
    "recipient with --to",
};

async function requireWorks(
  provider: NetworkConnection["ethers"]["provider"],
  call: Act["call"],
): Promise<void> {
  try {
    await provider.call(call);
  } catch (error) {
    const { revertDataOf } = await import("../lib/safe/errors.js");
    const { explainRevert } = await import("../lib/operations/reverts.js");
    const data = revertDataOf(error);
    if (data === undefined) throw error;
    const reason = explainRevert(data) ?? "no reason is given";
    const words = IN_WORDS[/^\w+/.exec(reason)![0]];
    const why = words === undefined ? reason : `${words} (${reason})`;
    throw new Fault(`It would fail: ${why}. Nothing was sent.`, { cause: error });
  }
}

/** Which of the network's accounts acts, in the one way of writing it. */
export async function accountOf(
  { ethers, networkName }: NetworkConnection,
  from: string | undefined,
): Promise<string> {
  if (from !== undefined)
    return (await ethers.getSigner(getAddress(parseAddress(from.trim(), "--from")))).address;
  const [first] = await ethers.getSigners();
  if (first !== undefined) return getAddress(first.address);
  throw new Fault(`The network ${networkName} has no account; give it one in hardhat.config.ts.`);
}
