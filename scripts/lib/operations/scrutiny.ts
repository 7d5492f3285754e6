import { getAddress, Interface, type Provider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { NATIVE_COIN } from "../../../deploy/parameters.js";
import { firstDifference } from "./canonical.js";
import { callsMade } from "./calls.js";
import { examineUpgrade, type ExaminedUpgrade, type Site, type UpgradeRequest } from "./implementations.js";
import type { Manifest, Proxy, Step } from "./manifest.js";
import { rolesOf } from "./authority.js";
import { isNameOfHolder, keysOf, namesInRecord, namesOfHolders, rolesInName } from "./names.js";
import { contractsAt, type Suite } from "./suite.js";

/*
 * What a manifest alone cannot prove, however well it agrees with itself: somebody who writes all of it by hand can call
 * an address what they like, and put code in place that nobody has read. Both are looked at where somebody is about to sign.
 */

/**
 * Makes sure that a manifest calls people what this checkout's parameters or the chain itself call them, and that an upgrade that is left puts
 * the code in place that this checkout builds.
 *
 * @param provider Of the chain, or of a fork of it.
 * @param done The steps that were carried out.
 * @throws {@link Fault} that says what it is; nothing of it should be signed.
 */
export async function requireHonest(
  suite: Suite,
  provider: Provider,
  manifest: Manifest,
  done: readonly string[],
): Promise<void> {
  const names = [...(await findFalseHolders(suite, provider, manifest)), ...findFalseTokens(suite, manifest)];
  if (names.length > 0) {
    throw new Fault(
      "The manifest does not call things what the parameters here call them; nothing of it is signed. If these changed " +
        "since, plan again:",
      { details: names },
    );
  }
  const left = manifest.steps.filter(({ id, branch }) => branch === "main" && !done.includes(id));
  const { connection, record } = suite;
  const site: Site = { provider, connection, record, keys: keysOf(manifest.names, new Map()) };
  const upgrades = left.flatMap(({ call }) => upgradesIn(call));
  const distinct = new Map(upgrades.map((call) => [JSON.stringify(call), call]));
  for (const call of distinct.values()) await requireExamined(site, manifest.proxies, call);
}

/**
 * Who is called by roles that neither the parameters give them nor the chain: parameters may have changed since the plan,
 * and whoever holds just those roles is still rightly called by them. Whole sentences.
 */
async function findFalseHolders(
  { parameters, record }: Suite,
  provider: Provider,
  { names }: Manifest,
): Promise<string[]> {
  const recorded = namesInRecord(record);
  const holders = namesOfHolders(parameters.holders);
  const taken = new Set(Object.values(holders));
  const { accessManager } = contractsAt(record, provider);
  const sentences: string[] = [];
  for (const [address, name] of Object.entries(names)) {
    if (address in recorded || !isNameOfHolder(name) || holders[address] === name) continue;
    // Of several holders of a role only the parameters tell which is the second.
    const isAnothers = /\d/.test(name) && taken.has(name);
    const held = (await rolesOf(accessManager, address)).toSorted().join("+");
    if (!isAnothers && held === rolesInName(name).toSorted().join("+")) continue;
    sentences.push(
      `It calls ${address} ${name}, and the parameters ${holders[address] ?? "do not"}; on the chain it holds ` +
        `${held || "nothing"}.`,
    );
  }
  return sentences;
}

/** Tokens that the parameters know otherwise, or not at all. Whole sentences. */
function findFalseTokens({ parameters, record }: Suite, { tokens }: Manifest): string[] {
  const recorded = namesInRecord(record);
  return tokens
    .filter(({ symbol, address, decimals }) => {
      if (address in recorded) return false;
      const known = parameters.tokens.find((token) => token.symbol === symbol);
      const place = known?.native ? NATIVE_COIN : known?.address;
      return place === undefined || getAddress(place) !== address || known!.decimals !== decimals;
    })
    .map(
      ({ symbol, address, decimals }) =>
        `It knows a token ${symbol} at ${address} with ${decimals} decimals, and the parameters do not.`,
    );
}

const upgradesIn = (call: Step["call"]) =>
  callsMade(call).filter((made) => made.function === "upgrade(address,address,bytes)");

/** The same look that the plan took, and its findings must be those of the manifest. */
async function requireExamined(
  site: Site,
  proxies: readonly Proxy[],
  { arguments: args }: Step["call"],
): Promise<void> {
  const [address, implementation, data] = args.map(({ value }) => value as string) as [
    string,
    string,
    string,
  ];
  const proxy = proxies.find((known) => known.address === address);
  if (proxy === undefined) throw new Fault(`It upgrades ${address}, which is no proxy of the suite.`);
  const { name, after, initializer } = proxy;
  const request: UpgradeRequest = { proxy: name, implementation, contract: after.contract };
  const examined = await examineUpgrade(site, {
    ...request,
    ...(initializer !== null && { initializer: initializerOf(initializer, data) }),
  });
  const found: Pick<ExaminedUpgrade, "after" | "initializer" | "data"> = {
    after: examined.after,
    initializer: examined.initializer,
    data: examined.data,
  };
  const difference = firstDifference({ after, initializer, data }, found);
  if (difference === undefined) return;
  throw new Fault(
    `What the manifest says of the new code of ${name} at ${difference} is not what this checkout finds at ${implementation}.`,
  );
}

/** Looked up in the build by its name and types: the manifest alone could call any function what it likes. */
function initializerOf(declared: string, data: string): NonNullable<UpgradeRequest["initializer"]> {
  const fragment = new Interface([declared]).parseTransaction({ data })!.fragment;
  return {
    function: fragment.format("sighash"),
    args: [...new Interface([fragment]).decodeFunctionData(fragment, data)],
  };
}
