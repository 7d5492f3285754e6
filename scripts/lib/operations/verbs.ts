import { Fault } from "../../../deploy/fault.js";
import { NATIVE_COIN, type Parameters, type TokenParameters } from "../../../deploy/parameters.js";
import { cancel } from "./acts/cancelling.js";
import { configureToken, setPolicy } from "./acts/configuring.js";
import { hold, unhold, type Hold } from "./acts/holding.js";
import { extendPause, pause, unpause, type Pause } from "./acts/pausing.js";
import { grantRole, mendRoles, revokeRole, rotateRole, type Holding, type Rotation } from "./acts/roles.js";
import { rollback, upgrade } from "./acts/upgrading.js";
import {
  anyImplementation,
  examineUpgrade,
  presentImplementation,
  previousImplementation,
  type UpgradeRequest,
} from "./implementations.js";
import { keysOf } from "./names.js";
import type { Prepared, Request } from "./plan.js";
import type { ProxyName } from "./suite.js";
import { PAUSE_BIT_NAMES, type PauseBit, type Token } from "./units.js";

type Prepare = Request["prepare"];

/* What each verb prepares. Arguments are checked already. */

/* eslint-disable @typescript-eslint/require-await -- some have nothing to ask the chain */

export const toPause =
  (given: Pause): Prepare =>
  async () => ({ act: pause(given) });

export const toExtendPause =
  (given: Pause): Prepare =>
  async () => ({ act: extendPause(given) });

export const toUnpause =
  (bits: readonly PauseBit[]): Prepare =>
  async () => ({ act: unpause(bits) });

export const toHold =
  (given: Hold): Prepare =>
  async () => ({ act: hold(given) });

export const toUnhold =
  (given: Hold): Prepare =>
  async () => ({ act: unhold(given) });

export const toSetPolicy =
  (): Prepare =>
  async ({ suite }) => ({ act: setPolicy(suite.parameters.policy) });

/** Sets a token's limits to those in the parameters. */
export const toConfigureToken =
  (symbol: string): Prepare =>
  async ({ suite }) => {
    const limits = tokenIn(suite.parameters, symbol);
    const token: Token = {
      symbol,
      decimals: limits.decimals,
      address: addressOfToken(limits, suite.record.tokens),
    };
    return { act: configureToken(token, limits), token };
  };

/** Makes the roles on the chain what `deploy/roles.ts` and the parameters say. */
export const toMendRoles =
  (): Prepare =>
  async ({ suite, names }) => ({ act: await mendRoles(suite, names) });

/** Gives a role to somebody whom the parameters name for it. */
export const toGrant =
  (holding: Holding): Prepare =>
  async ({ suite, names }) => ({ act: await grantRole(suite, names, holding) });

/** Takes a role from somebody whom the parameters do not name for it any more. */
export const toRevoke =
  (holding: Holding): Prepare =>
  async ({ suite, names }) => ({ act: await revokeRole(suite, names, holding) });

/** Hands a role from one holder to another. */
export const toRotate =
  (rotation: Rotation): Prepare =>
  async ({ suite, names }) => ({ act: await rotateRole(suite, names, rotation) });

/** Takes back what waits for its delay. */
export const toCancel =
  (operation: string): Prepare =>
  async ({ suite }) => {
    const { connection, record } = suite;
    const { address } = record.contracts.accessManager;
    const accessManager = await connection.ethers.getContractAt("AccessManager", address);
    return { act: await cancel(accessManager, record.startBlock, operation) };
  };

/* eslint-enable @typescript-eslint/require-await */

/** What is kept ready with an upgrade. */
export interface Precautions {
  /** How many transactions of the guardian may come in between. */
  readonly rungs: number;
  /** Seconds that the pause lasts. */
  readonly pauseFor: number;
}

export const toUpgrade =
  (request: UpgradeRequest, { rungs, pauseFor }: Precautions): Prepare =>
  async ({ suite, fork, contracts, names }) => {
    const { connection, record } = suite;
    const site = { provider: fork.provider, connection, record, keys: keysOf(names, new Map()) };
    const { proxy } = request;
    const { version, ...present } = await presentImplementation(site, proxy);
    const examined = await examineUpgrade(site, request);
    const { after, initializer, data, added, leftovers } = examined;
    const proxyAddress = record.contracts[proxy].address;
    const versions = `${version} (${present.contract}) to ${after.version} (${after.contract})`;
    return {
      act: upgrade({ proxy, proxyAddress, implementation: after.implementation, data, added, versions }),
      change: { proxy, after, initializer },
      ready: {
        rungs,
        acts: [
          {
            id: "rollback",
            act: rollback(proxy, proxyAddress, `${after.version} to ${version}`),
            within: Number(await contracts.upgradeController.rollbackWindow()),
          },
          {
            id: "pause",
            act: pause({ bits: PAUSE_BIT_NAMES, seconds: pauseFor, reason: `upgrade of ${proxy}` }),
          },
        ],
      },
      cautions: leftovers,
    };
  };

export const toRollBack =
  (proxy: ProxyName): Prepare =>
  async ({ suite, fork }): Promise<Prepared> => {
    const site = { provider: fork.provider, record: suite.record };
    const { version } = await anyImplementation(site, proxy);
    const after = await previousImplementation(site, proxy);
    return {
      act: rollback(proxy, suite.record.contracts[proxy].address, `${version} to ${after.version}`),
      change: { proxy, after, initializer: null },
    };
  };

function tokenIn({ tokens }: Parameters, symbol: string): TokenParameters {
  const found = tokens.find((token) => token.symbol === symbol);
  if (found !== undefined) return found;
  const known = tokens.map((token) => token.symbol).join(", ");
  throw new Fault(`The parameters know no token ${symbol}, only ${known}; write its limits there first.`);
}

function addressOfToken({ symbol, address, native }: TokenParameters, recorded: readonly Token[]): string {
  if (native) return NATIVE_COIN;
  const found = address ?? recorded.find((token) => token.symbol === symbol)?.address;
  if (found !== undefined) return found;
  throw new Fault(
    `The address of ${symbol} is not known: the parameters name none, and it was not deployed.`,
  );
}
