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
  /** Looks again, last of all, whether what the sentence says is still so. Throws if not. */
  readonly lookAgain?: () => Promise<void>;
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
  { name, sentence, call, confirmedBy, lookAgain }: Act,
  args: SendingArguments,
): Promise<string | undefined> {
  const tell = tellerOf(args);
  const { orRefusal } = await import("../lib/payment/refusal.js");
  await orRefusal(() => ethers.provider.call(call), "Nothing was sent.");
  if (!mayWrite(name)) {
    tell(`Dry run: it would work now: ${sentence}. Nothing was sent.`);
    return undefined;
  }
  const { chainId } = await ethers.provider.getNetwork();
  if (!args.yes) await confirm(`${sentence}, on ${networkName} (chain ${chainId})`, confirmedBy);
  const signer = await ethers.getSigner(call.from);
  await lookAgain?.();
  // It may have become impossible while somebody was asked.
  const sent = await orRefusal(
    () => signer.sendTransaction({ to: call.to, data: call.data }),
    "Nothing was sent.",
  );
  tell(`Sent ${sent.hash}; waiting for it …`);
  const receipt = await sent.wait();
  if (receipt?.status !== 1) throw new Fault(`${sent.hash} failed.`);
  return sent.hash;
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
