import type { Context } from "ponder:registry";
import { party, token } from "ponder:schema";
import type { Address } from "viem";

import {
  added,
  noParty,
  noToken,
  type Delta,
  type Movement,
  type PartySums,
  type TokenSums,
} from "../model/sums.js";
import { mustExist, updatedColumns, type LogEvent } from "./position.js";

/** Adds a movement to the sums of its buyer, its seller and its token. */
export async function addMovement(
  context: Context,
  event: LogEvent,
  payment: { buyer: Address; seller: Address; token: Address },
  movement: Movement,
): Promise<void> {
  await addToParty(context, event, payment.buyer, payment.token, movement.buyer);
  await addToParty(context, event, payment.seller, payment.token, movement.seller);
  await addToToken(context, event, payment.token, movement.token);
}

/** Adds to the sums of a token, which must have been configured or swept before. */
export async function addToToken(
  context: Context,
  event: LogEvent,
  address: Address,
  delta: Delta<TokenSums>,
): Promise<void> {
  if (Object.keys(delta).length === 0) return;
  const update = context.db
    .update(token, { chainId: context.chain.id, address })
    .set((row) => ({ ...added<TokenSums>(row, delta), ...updatedColumns(event) }));
  await mustExist(update, `token ${address}`, event);
}

/** The row of a token that was not configured yet. */
export const unconfiguredToken = (context: Context, event: LogEvent, address: Address) => ({
  chainId: context.chain.id,
  address,
  enabled: false,
  cap: 0n,
  approvalThreshold: 0n,
  outflowLimit: 0n,
  outflowWindow: 0n,
  ...noToken,
  ...updatedColumns(event),
});

async function addToParty(
  context: Context,
  event: LogEvent,
  address: Address,
  tokenAddress: Address,
  delta: Delta<PartySums>,
): Promise<void> {
  await context.db
    .insert(party)
    .values({
      chainId: context.chain.id,
      address,
      token: tokenAddress,
      ...noParty,
      ...added(noParty, delta),
      ...updatedColumns(event),
    })
    .onConflictDoUpdate((row) => ({ ...added<PartySums>(row, delta), ...updatedColumns(event) }));
}
