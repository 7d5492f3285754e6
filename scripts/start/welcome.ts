import { parseUnits } from "ethers";

import type { DeploymentRecord } from "../../deploy/index.js";
import { mined, type World } from "../scenario/world.js";

/** Numbers of people that the scenario and its traffic leave alone: their nonces are the reader's. */
const VISITOR = 300;
const SHOP = 301;
const POCKET_MONEY = "10000";

/**
 * What runs where, and the values that docs/deposit.md asks for; gives the buyer in them something to spend.
 */
export async function formatWelcome(
  { people, tokens }: World,
  { chainUrl, indexer, record }: { chainUrl: string; indexer: string; record: DeploymentRecord },
): Promise<string> {
  const [visitor, shop] = [await people.numbered(VISITOR), await people.numbered(SHOP)];
  const token = tokens.find(({ decimals }) => decimals === 6)!;
  await mined(token.contract.connect(visitor).mint(visitor, parseUnits(POCKET_MONEY, token.decimals)));
  return `
Chain    ${chainUrl} (id ${record.chainId})
Escrow   ${record.contracts.escrow.address}
GraphQL  ${indexer}/graphql

To deposit yourself, as in docs/deposit.md:
  export RPC_URL=${chainUrl}
  export ESCROW=${record.contracts.escrow.address}
  export TOKEN=${token.address}
  export SELLER=${shop.address}
  export BUYER_KEY=${visitor.privateKey}

Payments go on below until Ctrl-C.`;
}
