import { expect } from "chai";
import { JsonRpcProvider, ZeroAddress, type Provider, type TypedDataField } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { startAnvil } from "../../../scripts/lib/anvil.js";
import { collect } from "../../../scripts/lib/safe/collect.js";
import {
  requireExecutable,
  requireExecutionSuccess,
  execTransactionData,
} from "../../../scripts/lib/safe/execute.js";
import { safeTypedMessage } from "../../../scripts/lib/safe/hash.js";
import { readSafeTree } from "../../../scripts/lib/safe/owners.js";
import { requireAccepted, type OwnerSignature } from "../../../scripts/lib/safe/signatures.js";
import { createSafe, TESTED_VERSIONS } from "../../support/safes.js";
import { CHAIN_ID, faultOf, given } from "../fixtures/safe.js";

const ANVIL_PORT = 21_551;

// Operations run over JSON-RPC, where errors look different than on Hardhat's own chain, and from ethers' own provider
// different again.
describe("a Safe over JSON-RPC", () => {
  const cleanup = new AsyncDisposableStack();
  let connection: NetworkConnection;
  let providers: Readonly<Record<string, Provider>>;

  before(async () => {
    const anvil = await startAnvil({ port: ANVIL_PORT });
    cleanup.defer(() => anvil.stop());
    connection = await network.create({ network: "local", override: { url: anvil.url } });
    // What was made a moment ago is to be seen.
    const direct = new JsonRpcProvider(anvil.url, undefined, { cacheTimeout: -1 });
    cleanup.defer(() => direct.destroy());
    providers = { "Hardhat's provider": connection.ethers.provider, "ethers' provider": direct };
  });
  after(() => cleanup.disposeAsync());

  for (const version of TESTED_VERSIONS) {
    it(`is read, checked and executed, and its refusals are understood, at ${version}`, async () => {
      const { ethers } = connection;
      const [alice, bob, relayer] = await ethers.getSigners();
      const owners = [alice!.address, bob!.address];
      const silent = await createSafe(connection, {
        version,
        owners,
        threshold: 1,
        fallbackHandler: ZeroAddress,
      });
      const noHandler = await createSafe(connection, {
        version,
        owners,
        threshold: 1,
        fallbackHandler: silent,
      });
      const safe = await createSafe(connection, {
        version,
        owners: [...owners, silent, noHandler],
        threshold: 2,
      });
      const counter = await ethers.deployContract("Counter");
      const to = await counter.getAddress();
      const base = { safe, chainId: CHAIN_ID, to, value: 0n };

      let nonce = 0;
      for (const [name, provider] of Object.entries(providers)) {
        const tree = await readSafeTree(provider, safe);
        expect(
          tree.owners.map((owner) => owner.kind === "safe" && owner.answers),
          name,
        ).not.to.include(true);

        const signed = async (data: string) => {
          const transaction = { ...base, data, nonce };
          const { domain, types, message } = safeTypedMessage(transaction);
          const signatures: OwnerSignature[] = [];
          for (const owner of [alice!, bob!]) {
            const bytes = await owner.signTypedData(
              domain,
              types as Record<string, TypedDataField[]>,
              message,
            );
            signatures.push({ kind: "ecdsa", owner: owner.address, data: bytes });
          }
          const collected = await collect(provider, transaction, tree, [given([], ...signatures)]);
          expect(collected.signatures).to.have.length(2);
          return { transaction, collected };
        };

        const good = await signed(counter.interface.encodeFunctionData("increment"));
        const { signatures } = good.collected;
        const few = () =>
          requireAccepted(provider, tree.state, safeTypedMessage(good.transaction), [signatures[0]!]);
        expect(await faultOf(few), name).to.match(/GS020/);

        const bad = await signed(counter.interface.encodeFunctionData("initialize", [1]));
        const reverting = () => requireExecutable(provider, bad.transaction, bad.collected, relayer!.address);
        const { selector } = counter.interface.getError("InvalidInitialization")!;
        expect(await faultOf(reverting), name).to.match(new RegExp(`revert data: ${selector}`));

        await requireExecutable(provider, good.transaction, good.collected, relayer!.address);
        const data = execTransactionData(good.transaction, signatures);
        const sent = await relayer!.sendTransaction({ to: safe, data });
        requireExecutionSuccess((await sent.wait())!, good.transaction);
        nonce += 1;
        expect(await counter.count()).to.equal(nonce);
      }
    });
  }
});
