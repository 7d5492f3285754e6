import { getAddress, keccak256 } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { cautionsAbout, readAccount, type Account } from "./accounts.js";
import { mayChange, type Act } from "./acts/act.js";
import { chooseAccount } from "./authority.js";
import { targetsOf } from "./calls.js";
import { digestOf } from "./canonical.js";
import { deriveStep, type Context } from "./derive.js";
import { withFork, type Fork } from "./fork.js";
import { anyImplementation, UNKNOWN, type ImplementationFacts } from "./implementations.js";
import { manifestSchema, MANIFEST_FORMAT, type Manifest, type Proxy, type StepCore } from "./manifest.js";
import { nameOfVersion, namesInRecord, namesOfHolders, type AddressBook } from "./names.js";
import { namesOfStorage } from "./naming.js";
import { simulate, type Outcome } from "./simulate.js";
import { entryOf } from "./state-diff.js";
import { planAct, planLadder, type Desk, type PlannedStep } from "./steps.js";
import { contractsAt, PROXY_NAMES, type Contracts, type ProxyName, type Suite } from "./suite.js";
import { findTampering } from "./tampering.js";
import type { Token } from "./units.js";

/** An operation to plan. */
export interface Request {
  readonly verb: string;
  /** Part of the folder's name: lower case letters, digits, dots and dashes. */
  readonly name: string;
  /** Why, for those who are asked to sign and those who read it in a year. */
  readonly reason: string;
  /** Who acts, if several could. */
  readonly account?: string;
  /** Who rolls back and pauses, if several could. */
  readonly guardian?: string;
  /** Seconds within which the first step must be carried out. Default 7 days. */
  readonly validFor?: number;
  /** What is to be done; looks at a fork of the chain as it is. */
  readonly prepare: (planning: Planning) => Promise<Prepared>;
}

/** What an operation is prepared with. */
export interface Planning {
  readonly suite: Suite;
  /** The chain as of the block that the plan is made on. */
  readonly fork: Fork;
  /** The contracts on the fork. */
  readonly contracts: Contracts;
  readonly names: AddressBook;
}

/** What is to be done, and what to keep ready for when it goes wrong. */
export interface Prepared {
  readonly act: Act;
  /** The code that a proxy will run, if that changes. */
  readonly change?: {
    readonly proxy: ProxyName;
    readonly after: ImplementationFacts;
    readonly initializer: string | null;
  };
  /** Acts of a guardian that are signed with it, each several times over. */
  readonly ready?: { readonly rungs: number; readonly acts: readonly ReadyAct[] };
  /** A token that the record does not know. */
  readonly token?: Token;
  readonly cautions?: readonly string[];
}

export interface ReadyAct {
  readonly id: "rollback" | "pause";
  readonly act: Act;
  /** Seconds after the operation within which it is possible; any time, also before, if left out. */
  readonly within?: number;
}

const DAY = 86_400;
const GAS_MARGIN_PERCENT = 150n;
/** What is signed beforehand must still be mined when blocks are dearer. */
const READY_FEE_FACTOR = 10n;

/**
 * Plans an operation on a fork of the chain as it is now: who does what, in which order, and all that it will change.
 *
 * @throws {@link Fault} if it cannot be done, or would change anything that it should not.
 */
export async function planOperation(suite: Suite, request: Request): Promise<Manifest> {
  const { provider } = suite.connection.ethers;
  const block = (await provider.getBlock("latest"))!;
  return await withFork(suite.connection, block.number, async (fork) => {
    const contracts = contractsAt(suite.record, fork.provider);
    const names = { ...namesOfHolders(suite.parameters.holders), ...namesInRecord(suite.record) };
    const planning: Planning = { suite, fork, contracts, names };
    const prepared = await request.prepare(planning);
    const { steps, accounts } = await planSteps(planning, request, prepared);
    const facts = await readFacts(planning, prepared, accounts);
    const context: Context = { chainId: fork.chainId, ...facts };
    const sent = steps.map(({ account, transaction }) => ({ account: account.address, transaction }));
    const storage = await namesOfStorage(fork.provider, suite.record, context, sent);
    const outcomes = await simulate(fork, storage, steps);
    requireEffect(prepared.act, steps, outcomes);
    const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
    const fees = { maxFeePerGas: maxFeePerGas ?? 0n, maxPriorityFeePerGas: maxPriorityFeePerGas ?? 0n };
    const content = {
      format: MANIFEST_FORMAT,
      operation: {
        verb: request.verb,
        name: request.name,
        title: prepared.act.title,
        reason: request.reason,
      },
      chainId: context.chainId,
      plannedAt: { block: block.number, hash: block.hash!, time: block.timestamp },
      expiresAt: block.timestamp + (request.validFor ?? 7 * DAY),
      ...facts,
      cautions: [
        ...(prepared.cautions ?? []),
        ...facts.proxies.flatMap(cautionsAboutCode),
        ...accounts.flatMap(cautionsAbout),
      ],
      steps: steps.map((step) => deriveStep(context, coreOf(step, outcomes.get(step.id)!, fees))),
    };
    return requireWhole(manifestSchema.parse(plain({ ...content, digest: digestOf(plain(content)) })), suite);
  });
}

/** Whoever signs should know that the names of changes are a guess. */
const cautionsAboutCode = ({ name, before: { contract, implementation } }: Proxy): string[] =>
  contract === UNKNOWN
    ? [
        `${name} runs ${implementation}, which nobody here knows; its storage is named as this checkout would lay it out.`,
      ]
    : [];

/** What could not be opened again is not written down. */
function requireWhole(manifest: Manifest, { record }: Suite): Manifest {
  const faults = findTampering(manifest, record);
  if (faults.length === 0) return manifest;
  throw new Fault("The plan contradicts itself, which is a mistake in this program; nothing was written:", {
    details: faults,
  });
}

interface PlannedSteps {
  readonly steps: readonly PlannedStep[];
  readonly accounts: readonly Account[];
}

async function planSteps(planning: Planning, request: Request, prepared: Prepared): Promise<PlannedSteps> {
  const { suite, fork, contracts } = planning;
  const names = allNames(planning, prepared);
  const desk: Desk = {
    accessManager: contracts.accessManager,
    targets: targetsOf(suite.record),
    nameOf: (address) => names[address] ?? address,
  };
  const accounts: Account[] = [];
  const choose = async (role: Act["role"], named: string | undefined) => {
    const address = await chooseAccount(contracts.accessManager, suite.parameters.holders, role, named);
    const known = accounts.find((account) => account.address === address);
    if (known !== undefined) return known;
    const account = await readAccount(fork.provider, contracts.accessManager, address);
    accounts.push(account);
    return account;
  };

  const account = await choose(prepared.act.role, request.account);
  const main = await planAct(desk, account, prepared.act, request.verb);
  const { rungs, acts } = prepared.ready ?? { rungs: 0, acts: [] };
  const steps = [...main];
  for (const { id, act, within } of acts) {
    const guardian = await choose(act.role, request.guardian);
    const from = guardian.nonce + (guardian === account ? main.length : 0);
    steps.push(...planLadder(desk, guardian, act, { id, from, rungs, ...validity(main.at(-1)!.id, within) }));
  }
  return { steps, accounts };
}

/** Nobody is asked to sign what changes nothing by the time it can be carried out. */
function requireEffect(
  act: Act,
  steps: readonly PlannedStep[],
  outcomes: ReadonlyMap<string, Outcome>,
): void {
  // What waits for the act to take effect comes last, and is no effect of the act.
  const own = steps.filter(({ id, branch }) => branch === "main" && id !== act.afterwards?.id).at(-1)!;
  const { changes } = outcomes.get(own.id)!;
  if (changes.some((change) => mayChange(act.mayChange, entryOf(change)))) return;
  throw new Fault(
    `"${act.title}" would change nothing: it is so already, or will be by the time it can be executed.`,
  );
}

const validity = (step: string, within: number | undefined) =>
  within === undefined
    ? { notBefore: null, notAfter: null }
    : { notBefore: { step, seconds: 0 }, notAfter: { step, seconds: within } };

/** With what the operation brings along, as long as it has no name yet. */
function allNames({ names }: Planning, { change, token }: Prepared): AddressBook {
  return {
    ...(token && { [token.address]: token.symbol }),
    ...(change && {
      [change.after.implementation]: nameOfVersion(change.proxy, change.after),
    }),
    ...names,
  };
}

/** What the plan is made on, apart from the accounts' own doing. */
async function readFacts(planning: Planning, prepared: Prepared, accounts: readonly Account[]) {
  const { fork } = planning;
  const { change, token } = prepared;
  const { record } = planning.suite;
  const codeAt = async (address: string) => ({
    address: getAddress(address),
    codehash: keccak256(await fork.provider.getCode(address)),
  });
  const proxies: Proxy[] = [];
  for (const name of PROXY_NAMES) {
    const { implementation, codehash, contract, version } = await anyImplementation(
      { provider: fork.provider, record },
      name,
    );
    const before = { implementation, codehash, contract, version };
    const changes = change?.proxy === name;
    proxies.push({
      name,
      address: getAddress(record.contracts[name].address),
      proxyAdmin: getAddress(record.contracts[name].proxyAdmin),
      before,
      after: changes ? change.after : before,
      initializer: changes ? change.initializer : null,
    });
  }
  const { accessManager, upgradeController, complianceRegistry, escrow } = record.contracts;
  const tokens = record.tokens.map(({ symbol, address, decimals }) => ({
    symbol,
    address: getAddress(address),
    decimals,
  }));
  return {
    suite: {
      accessManager: await codeAt(accessManager.address),
      upgradeController: await codeAt(upgradeController.address),
      complianceRegistry: { address: getAddress(complianceRegistry.address) },
      escrow: { address: getAddress(escrow.address) },
    },
    proxies,
    accounts: plain(accounts) as Manifest["accounts"],
    names: allNames(planning, prepared),
    tokens: token && !tokens.some(({ address }) => address === token.address) ? [...tokens, token] : tokens,
  };
}

interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

function coreOf(step: PlannedStep, { changes, gasUsed }: Outcome, fees: Fees): StepCore {
  const { id, branch, title, account, role, nonce, notBefore, notAfter, transaction } = step;
  const factor = branch === "ready" ? READY_FEE_FACTOR : 1n;
  return {
    ...{ id, branch, title, role, nonce, notBefore, notAfter },
    account: account.address,
    transaction: { ...transaction, value: transaction.value.toString() },
    gas:
      account.kind === "safe"
        ? null
        : {
            gasLimit: ((gasUsed * GAS_MARGIN_PERCENT) / 100n).toString(),
            maxFeePerGas: (fees.maxFeePerGas * factor).toString(),
            maxPriorityFeePerGas: fees.maxPriorityFeePerGas.toString(),
          },
    changes: [...changes] as StepCore["changes"],
  };
}

/** As it comes back from a file. */
const plain = <Content>(content: Content) => JSON.parse(JSON.stringify(content)) as Content;
