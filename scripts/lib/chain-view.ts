import type { EventFragment, Provider } from "ethers";

import { NATIVE_COIN } from "../../deploy/index.js";
import { Escrow__factory, TestDAI__factory, type Escrow } from "../../types/ethers-contracts/index.js";
import type { ChainView, IndexView, State, Status } from "./compare.js";
import { domainOf } from "./signing.js";

/** Blocks asked for in one `eth_getLogs`, and payments in one call: what common endpoints allow. */
const BLOCKS_AT_ONCE = 5_000;
const PAYMENTS_AT_ONCE = 200;

/** In the order of the Solidity enum `PaymentStatus`. */
const STATUSES: readonly Status[] = ["None", "Funded", "Disputed", "Closed"];
const FLAG_ON_HOLD = 1n;

const abi = Escrow__factory.createInterface();
/** Those that the read model keeps as a payment's timeline: they name a payment. */
const PAYMENT_EVENTS = abi.fragments
  .filter((fragment): fragment is EventFragment => fragment.type === "event")
  .filter(({ inputs }) => inputs.some(({ name }) => name === "paymentId"));
const EVENTS = [...PAYMENT_EVENTS, abi.getEvent("TokenConfigured")];

export interface ChainSource {
  provider: Provider;
  escrow: string;
  /** Where to begin counting logs. */
  startBlock: number;
}

/**
 * Everything that the chain says of payments, tokens and credits as of `block`: found in the logs, and read from the
 * contracts' state for all of it and for whatever else the index knows.
 */
export async function readChain(source: ChainSource, index: IndexView, block: number): Promise<ChainView> {
  const { provider } = source;
  const escrow = Escrow__factory.connect(source.escrow, provider);
  const at = { blockTag: block };

  const amounts = new Map(index.payments.map(({ paymentId, amount }) => [paymentId, amount]));
  const tokens = new Set(index.tokens.keys());
  const credits = new Set(index.credits.keys());
  let paymentEvents = 0;
  for await (const { name, args } of logsOf(source, block)) {
    if (name === "TokenConfigured") tokens.add((args.token as string).toLowerCase());
    else paymentEvents += 1;
    if (name === "PaymentCreated") amounts.set(args.paymentId as string, args.amount as bigint);
    if (name === "PayoutCredited") credits.add(`${args.token}/${args.account}`.toLowerCase());
  }

  return {
    domain: await domainOf(escrow),
    payments: await readStates(escrow, amounts, block),
    tokens: new Map(
      await Promise.all(
        [...tokens].map(async (token) => {
          const { held, credits } = await escrow.tokenTotals(token, at);
          const balance =
            token === NATIVE_COIN.toLowerCase()
              ? await provider.getBalance(source.escrow, block)
              : await TestDAI__factory.connect(token, provider).balanceOf(source.escrow, at);
          return [token, { held, credits, balance }] as const;
        }),
      ),
    ),
    credits: new Map(
      await Promise.all(
        [...credits].map(async (key) => {
          const [token, account] = key.split("/") as [string, string];
          return [key, await escrow.creditOf(token, account, at)] as const;
        }),
      ),
    ),
    paymentEvents,
  };
}

async function* logsOf({ provider, escrow, startBlock }: ChainSource, block: number) {
  const topics = [EVENTS.map(({ topicHash }) => topicHash)];
  for (let fromBlock = startBlock; fromBlock <= block; fromBlock += BLOCKS_AT_ONCE) {
    const toBlock = Math.min(fromBlock + BLOCKS_AT_ONCE - 1, block);
    for (const log of await provider.getLogs({ address: escrow, topics, fromBlock, toBlock })) {
      yield abi.parseLog(log)!;
    }
  }
}

async function readStates(
  escrow: Escrow,
  amounts: ReadonlyMap<string, bigint>,
  block: number,
): Promise<Map<string, State>> {
  const ids = [...amounts.keys()];
  const states = new Map<string, State>();
  for (let first = 0; first < ids.length; first += PAYMENTS_AT_ONCE) {
    const some = ids.slice(first, first + PAYMENTS_AT_ONCE);
    const stored = await escrow.paymentStates(some, { blockTag: block });
    stored.forEach(({ status, flags, held, released }, i) => {
      states.set(some[i]!, {
        status: STATUSES[Number(status)]!,
        onHold: (flags & FLAG_ON_HOLD) !== 0n,
        held,
        released,
        // The one amount that is not stored.
        refunded: amounts.get(some[i]!)! - held - released,
      });
    });
  }
  return states;
}
