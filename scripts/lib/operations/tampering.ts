import { getAddress } from "ethers";

import type { DeploymentRecord } from "../../../deploy/record.js";
import { callsMade } from "./calls.js";
import { digestOf, firstDifference } from "./canonical.js";
import { deriveStep } from "./derive.js";
import type { Manifest, Step, StepCore } from "./manifest.js";
import { isNameOfHolder, nameOfVersion, namesInRecord } from "./names.js";

/** Everything in a manifest that contradicts the rest of it, or the record of the chain. Whole sentences. */
export function findTampering(manifest: Manifest, record: DeploymentRecord): string[] {
  const digest = digestOf(manifest);
  // What else is wrong would only be the consequence.
  if (digest !== manifest.digest) return [`Its digest is ${digest}, and it says ${manifest.digest}.`];
  return [
    ...findForeignSuite(manifest, record),
    ...findFalsePast(manifest, record),
    ...findFalseNames(manifest, record),
    ...findFalseAccounts(manifest),
    ...findFalseSequence(manifest),
    ...findFalseCode(manifest),
    ...findFalseReady(manifest),
    ...findFalseSteps(manifest),
  ];
}

function findForeignSuite({ chainId, suite, proxies }: Manifest, record: DeploymentRecord): string[] {
  const addresses = {
    ...Object.fromEntries(Object.entries(suite).map(([name, { address }]) => [name, address])),
    ...Object.fromEntries(proxies.map(({ name, address }) => [`proxy ${name}`, address])),
    ...Object.fromEntries(proxies.map(({ name, proxyAdmin }) => [`proxyAdmin of ${name}`, proxyAdmin])),
  };
  const { accessManager, upgradeController, complianceRegistry, escrow } = record.contracts;
  const recorded = {
    accessManager: accessManager.address,
    upgradeController: upgradeController.address,
    complianceRegistry: complianceRegistry.address,
    escrow: escrow.address,
    "proxy escrow": escrow.address,
    "proxy complianceRegistry": complianceRegistry.address,
    "proxyAdmin of escrow": escrow.proxyAdmin,
    "proxyAdmin of complianceRegistry": complianceRegistry.proxyAdmin,
  };
  return [
    ...(chainId === record.chainId
      ? []
      : [`It is for chain ${chainId}, and the record for ${record.chainId}.`]),
    ...Object.entries(recorded)
      .filter(([name, address]) => addresses[name] !== getAddress(address))
      .map(([name, address]) => `Its ${name} is ${addresses[name]}, and the record's is ${address}.`),
  ];
}

/** Logs are read from that block on: one of long ago would have them read without end. */
const findFalsePast = ({ plannedAt: { block } }: Manifest, { startBlock }: DeploymentRecord): string[] =>
  block >= startBlock
    ? []
    : [
        `It says that it was planned on block ${block}, and the suite was deployed from block ${startBlock} on.`,
      ];

/** A name must not make an address pass for another. */
function findFalseNames({ names, tokens, proxies }: Manifest, record: DeploymentRecord): string[] {
  const taken = new Map<string, string>();
  const faults: string[] = [];
  for (const [address, name] of Object.entries(names)) {
    const other = taken.get(name);
    if (other !== undefined) faults.push(`It calls both ${other} and ${address} ${name}.`);
    taken.set(name, address);
  }
  const recorded = namesInRecord(record);
  for (const [address, name] of Object.entries(names)) {
    const isKnown =
      address in recorded ||
      isNameOfHolder(name) ||
      tokens.some((token) => token.address === address && token.symbol === name) ||
      proxies.some(
        ({ name: proxy, after }) => after.implementation === address && nameOfVersion(proxy, after) === name,
      );
    if (!isKnown) faults.push(`It calls ${address} ${name}, which nothing in it is called.`);
  }
  for (const [address, name] of Object.entries(recorded)) {
    if (names[address] !== name)
      faults.push(`It calls ${address} ${names[address] ?? "nothing"}, which is ${name}.`);
  }
  for (const { symbol, address, decimals } of record.tokens) {
    const token = tokens.find((known) => known.address === getAddress(address));
    if (token?.symbol !== symbol || token.decimals !== decimals) {
      faults.push(`Its token ${address} is not ${symbol} with ${decimals} decimals.`);
    }
  }
  return faults;
}

function findFalseAccounts({ chainId, accounts, steps }: Manifest): string[] {
  return accounts.flatMap((account) => {
    const { address, nonce } = account;
    const faults: string[] = [];
    if (!steps.some((step) => step.account === address)) faults.push(`Its account ${address} does nothing.`);
    if (account.kind === "key") return faults;
    const { state } = account.tree;
    if (state.address !== address || state.nonce !== nonce || state.chainId !== chainId) {
      faults.push(`What it says of the Safe ${address} is of another account, nonce or chain.`);
    }
    return faults;
  });
}

function findFalseSequence({ accounts, steps }: Manifest): string[] {
  const faults: string[] = [];
  const next = new Map(accounts.map(({ address, nonce }) => [address, nonce]));
  const seen = new Set<string>();
  for (const { id, branch, account, nonce, notBefore, notAfter, gas } of steps) {
    const expected = next.get(account);
    if (expected === undefined) {
      faults.push(`The step ${id} is of ${account}, which is none of its accounts.`);
      continue;
    }
    if (branch === "main" ? nonce !== expected : nonce < expected) {
      faults.push(`The step ${id} has the nonce ${nonce}, and the account is at ${expected} by then.`);
    }
    if (branch === "main") next.set(account, expected + 1);
    if (seen.has(id)) faults.push(`Two steps are called ${id}.`);
    for (const after of [notBefore, notAfter]) {
      if (after !== null && !seen.has(after.step))
        faults.push(`The step ${id} waits for ${after.step}, which is none before it.`);
    }
    seen.add(id);
    const hasKey = accounts.find(({ address }) => address === account)!.kind === "key";
    if (hasKey !== (gas !== null)) faults.push(`The step ${id} has ${hasKey ? "no " : ""}fees.`);
  }
  return faults;
}

/** The code that it promises is the code that it puts there. */
function findFalseCode({ proxies, steps }: Manifest): string[] {
  const upgrades = steps
    .filter(({ branch }) => branch === "main")
    .flatMap(({ call }) => callsMade(call))
    .filter((call) => call.function === "upgrade(address,address,bytes)");
  return proxies.flatMap(({ name, address, before, after, initializer }) => {
    const faults: string[] = [];
    const own = upgrades.filter(({ arguments: [proxy] }) => proxy?.value === address);
    for (const {
      arguments: [, implementation, data],
    } of own) {
      if (implementation?.value !== after.implementation) {
        faults.push(
          `It upgrades ${name} to ${String(implementation?.value)}, and promises ${after.implementation}.`,
        );
      }
      if ((data?.value === "0x") !== (initializer === null)) {
        faults.push(`The function that it says the upgrade of ${name} calls is not what is called.`);
      }
    }
    const rollsBack = steps.some(
      ({ branch, call }) => branch === "main" && call.function === "rollback(address)",
    );
    const changes = firstDifference(before, after) !== undefined;
    if (changes && own.length === 0 && !rollsBack)
      faults.push(`It promises other code for ${name}, and does not change it.`);
    return faults;
  });
}

/** What is kept ready stops the suite or takes the operation's own change back, and nothing else. */
function findFalseReady({ proxies, steps }: Manifest): string[] {
  const changed = proxies.filter(({ before, after }) => firstDifference(before, after) !== undefined);
  return steps
    .filter(({ branch }) => branch === "ready")
    .filter(({ call: { contract, function: signature, arguments: args } }) => {
      if (contract === "escrow") return signature !== "pause(uint8,uint32,string)";
      if (contract !== "upgradeController" || signature !== "rollback(address)") return true;
      return !changed.some(({ address }) => address === args[0]?.value);
    })
    .map(({ id, call }) => `The step ${id} is kept ready, and calls ${call.contract}.${call.function}.`);
}

/** Calls in words, hashes, messages and screens, from the bytes. */
function findFalseSteps(manifest: Manifest): string[] {
  return manifest.steps.flatMap((step) => {
    const account = manifest.accounts.find(({ address }) => address === step.account);
    // Said already, and nothing follows from a step like that.
    if (account === undefined || (account.kind === "key") !== (step.gas !== null)) return [];
    try {
      const difference = firstDifference(step, deriveStep(manifest, coreOf(step)));
      if (difference === undefined) return [];
      return [`What it says of the step ${step.id} at ${difference} does not follow from its bytes.`];
    } catch (error) {
      return [`The step ${step.id} cannot be worked out: ${(error as Error).message}`];
    }
  });
}

function coreOf(step: Step): StepCore {
  const { id, branch, title, account, role, nonce, notBefore, notAfter, transaction, gas, changes } = step;
  return { id, branch, title, account, role, nonce, notBefore, notAfter, transaction, gas, changes };
}
