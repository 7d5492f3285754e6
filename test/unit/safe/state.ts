import { expect } from "chai";
import { AbiCoder, concat, id, keccak256, Network, toBeHex, zeroPadValue, type Provider } from "ethers";

import { readSafeTree, signingRequests } from "../../../scripts/lib/safe/owners.js";
import { readSafe, warningsAbout } from "../../../scripts/lib/safe/state.js";
import { kitFor } from "../../support/protocol-kit.js";
import { createSafe, TESTED_VERSIONS } from "../../support/safes.js";
import {
  connection,
  ethers,
  faultOf,
  loadCast,
  lyingProvider,
  networkHelpers,
  provider,
} from "../fixtures/safe.js";

const MODULES_SLOT = 1;
const SENTINEL = toBeHex(1, 20);
const address = (n: number) => ethers.getAddress(toBeHex(0xa0000 + n, 20));
const asWord = (value: string) => zeroPadValue(value, 32);

/** Writes the linked list in which a Safe keeps its modules. Enabling a hundred of them would take a hundred transactions. */
async function enable(safe: string, modules: readonly string[]) {
  const list = [SENTINEL, ...modules, SENTINEL];
  for (const [i, module] of list.slice(0, -1).entries()) {
    const slot = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [module, MODULES_SLOT]));
    await networkHelpers.setStorageAt(safe, slot, asWord(list[i + 1]!));
  }
}

describe("reading a Safe", () => {
  for (const version of TESTED_VERSIONS) {
    for (const singleton of ["Safe", "SafeL2"] as const) {
      it(`tells of a ${singleton} ${version} what the kit tells`, async () => {
        const { alice, bob, carol, contracts } = await loadCast(version);
        const owners = [alice.address, bob.address, carol.address];
        const made = await createSafe(connection, { version, owners, threshold: 3, singleton });
        const kit = await kitFor(connection, version, made);
        const state = await readSafe(provider, made.toLowerCase());
        expect(state).to.deep.equal({
          address: await kit.getAddress(),
          chainId: Number(await kit.getChainId()),
          version: kit.getContractVersion(),
          owners: await kit.getOwners(),
          threshold: await kit.getThreshold(),
          nonce: await kit.getNonce(),
          modules: await kit.getModules(),
          fallbackHandler: await kit.getFallbackHandler(),
          guard: null,
          moduleGuard: null,
          singleton: contracts[singleton],
        });
        expect(state).to.deep.include({ version, owners, threshold: 3, nonce: 0, modules: [] });
        expect(warningsAbout(state)).to.be.empty;
      });
    }

    for (const count of [1, 50, 101]) {
      it(`finds ${count} modules of a Safe ${version}, and warns of each`, async () => {
        const { flat } = await loadCast(version);
        const modules = Array.from({ length: count }, (_, n) => address(n));
        await enable(flat, modules);
        const state = await readSafe(provider, flat);
        expect(state.modules).to.deep.equal(modules);
        expect(warningsAbout(state).map(({ what, address }) => [what, address])).to.deep.equal(
          modules.map((module) => ["module", module]),
        );
      });
    }

    it(`finds the guards of a Safe ${version}, and warns that they can block`, async () => {
      const { flat } = await loadCast(version);
      await networkHelpers.setStorageAt(flat, id("guard_manager.guard.address"), asWord(address(1)));
      await networkHelpers.setStorageAt(flat, id("module_manager.module_guard.address"), asWord(address(2)));
      const kit = await kitFor(connection, version, flat);
      expect(await kit.getGuard()).to.equal(address(1));
      if (version === "1.5.0") expect(await kit.getModuleGuard()).to.equal(address(2));
      const state = await readSafe(provider, flat);
      expect(warningsAbout(state).map(({ sentence }) => sentence)).to.deep.equal([
        `Guard ${address(1)} is asked about every transaction and can block it, also a pause or a rollback.`,
        `Module guard ${address(2)} is asked about every act of a module and can block it.`,
      ]);
    });
  }

  it("refuses a Safe that runs other code, however little it differs", async () => {
    const { flat, contracts } = await loadCast("1.5.0");
    const code = await provider.getCode(contracts.SafeL2);
    const impostor = address(3);
    await networkHelpers.setCode(impostor, concat([code, "0x00"]));
    await networkHelpers.setStorageAt(flat, 0, asWord(impostor));
    expect(await faultOf(() => readSafe(provider, flat))).to.match(
      /runs none of the published codes of Safe 1.3.0, 1.4.1, 1.5.0; check the address and the network/,
    );
  });

  it("refuses a contract that claims Safe's code and does not answer like one", async () => {
    const { target, contracts } = await loadCast("1.5.0");
    await networkHelpers.setStorageAt(target, 0, asWord(contracts.SafeL2));
    // One that reverts, one that answers nothing.
    for (const code of ["0x5f5ffd", "0x00"]) {
      await networkHelpers.setCode(target, code);
      expect(await faultOf(() => readSafe(provider, target))).to.match(/runs none of the published codes/);
    }
  });

  it("refuses a fork under another chain id than the Safe's", async () => {
    const { flat } = await loadCast("1.5.0");
    const fork = lyingProvider({ getNetwork: () => Promise.resolve(new Network("mainnet", 1)) });
    expect(await faultOf(() => readSafe(fork, flat))).to.match(
      /hashes for another chain than 1, .* a fork must have the chain id of what it forks/,
    );
  });
});

describe("reading who stands behind a Safe", () => {
  const kindsOf = async (safe: string, of: Provider = provider) =>
    (await readSafeTree(of, safe)).owners.map((owner) => [owner.address, owner.kind]);

  it("tells keys, Safes and other contracts apart, and takes a key that borrows code for a key", async () => {
    const { make, flat, target, alice, bob } = await loadCast("1.5.0");
    await networkHelpers.setCode(bob.address, concat(["0xef0100", target]));
    const safe = await make([alice, bob, flat, target]);
    expect(await kindsOf(safe)).to.deep.equal([
      [alice.address, "key"],
      [bob.address, "key"],
      [flat, "safe"],
      [target, "contract"],
    ]);
  });

  it("asks nobody behind a Safe that has no handler to answer with", async () => {
    const { make, transaction, alice, bob, carol } = await loadCast("1.5.0");
    const setup = { version: "1.5.0", owners: [bob.address, carol.address], threshold: 1 } as const;
    const silent = await createSafe(connection, { ...setup, fallbackHandler: ethers.ZeroAddress });
    const parent = await make([alice, silent]);
    const tree = await readSafeTree(provider, parent);
    expect(tree.owners[1]).to.deep.include({ address: silent, kind: "safe", answers: false });
    expect(signingRequests(transaction(parent), tree).map(({ signer }) => signer)).to.deep.equal([
      alice.address,
    ]);
  });

  it("does not go round in circles", async () => {
    const { make, flat, alice, bob } = await loadCast("1.5.0");
    const above = await make([alice, flat]);
    // flat's first owner becomes `above`: the list of owners is kept like that of the modules.
    const slot = (owner: string) =>
      keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], [owner, 2]));
    await networkHelpers.setStorageAt(flat, slot(SENTINEL), asWord(above));
    await networkHelpers.setStorageAt(flat, slot(above), asWord(bob.address));
    const tree = await readSafeTree(provider, above);
    expect(JSON.stringify(tree.owners)).to.contain(`{"kind":"contract","address":"${above}"}`);
  });
});
