import { glob, readFile } from "node:fs/promises";

import { expect } from "chai";
import { network } from "hardhat";

import { NATIVE_COIN } from "../../deploy/parameters.js";
import { ROLES } from "../../deploy/roles.js";
import {
  compareLayouts,
  readLayout,
  readLayouts,
  type ContractLayout,
  type Entry,
} from "../../deploy/storage-layout.js";
import { deployedSuite } from "../support/suite.js";

const ADVICE = {
  changed: "A proxy in use would read another variable's bytes. Append instead.",
  appended: "Run `npm run layouts` and commit deploy/layouts.",
};

const committed = async (contract: string) =>
  JSON.parse(
    await readFile(new URL(`../../deploy/layouts/${contract}.json`, import.meta.url), "utf8"),
  ) as ContractLayout;

describe("the storage layouts", () => {
  let built: ContractLayout[];
  before(async () => {
    built = await readLayouts();
  });

  it("are committed for every contract with storage, and no other", async () => {
    const files: string[] = [];
    for await (const file of glob("deploy/layouts/*.json")) files.push(file);
    expect(files, ADVICE.appended).to.have.members(
      built.map(({ contract }) => `deploy/layouts/${contract}.json`),
    );
  });

  it("are those of the build", async () => {
    for (const layout of built) {
      const differences = compareLayouts(await committed(layout.contract), layout);
      const told = differences.map(({ kind, sentence }) => `${sentence} ${ADVICE[kind]}`);
      expect(told, told.join("\n")).to.deep.equal([]);
      expect(await committed(layout.contract), ADVICE.appended).to.deep.equal(layout);
    }
  });

  it("have the roots that the code has, for every namespace of ours", async () => {
    const declared = new Map<string, string>();
    for await (const file of glob("contracts/**/*.sol", { exclude: ["contracts/mocks/**"] })) {
      const source = await readFile(file, "utf8");
      for (const [, namespace] of source.matchAll(/@custom:storage-location (\S+)/g)) {
        declared.set(namespace!, source);
      }
    }
    const regions = built.flatMap(({ regions }) => regions);
    expect(declared).not.to.be.empty;
    for (const [namespace, source] of declared) {
      const { root } = regions.find((region) => region.namespace === namespace)!;
      expect(source, namespace).to.include(root);
    }
  });
});

describe("comparing storage layouts", () => {
  const compare = async (before: string, after: string) =>
    compareLayouts(await readLayout(before), await readLayout(after));

  it("finds nothing where nothing changed", async () => {
    expect(await compare("CounterV2", "Counter")).to.deep.equal([]);
  });

  it("tells what was appended", async () => {
    expect(await compare("CounterV2", "AppendedCounter")).to.deep.equal([
      {
        kind: "appended",
        sentence: "AppendedCounter, erc7201:holdfast.mocks.counter: address owner at slot 2, byte 0 is new.",
      },
    ]);
  });

  it("tells what moved", async () => {
    const differences = await compare("CounterV2", "ReorderedCounter");
    expect(differences.map(({ kind }) => kind)).to.include("changed");
    expect(differences[0]!.sentence).to.equal(
      "ReorderedCounter, erc7201:holdfast.mocks.counter: uint256 count at slot 0, byte 0 became address step at slot 0, byte 0.",
    );
  });

  it("tells what is gone", async () => {
    const [difference] = await compare("AppendedCounter", "CounterV2");
    expect(difference).to.include({ kind: "changed" });
    expect(difference!.sentence).to.include("address owner at slot 2, byte 0 became nothing");
  });

  it("lets an enum grow at its end and nowhere else", async () => {
    const layout = await readLayout("Escrow");
    const withStandings = (...values: string[]): ContractLayout => ({
      ...layout,
      types: { ...layout.types, "enum Standing": { kind: "enum", values } },
    });
    const kindsOf = (...values: string[]) =>
      compareLayouts(layout, withStandings(...values)).map(({ kind }) => kind);
    expect(kindsOf("Unlisted", "Cleared", "Blocked", "Watched")).to.deep.equal(["appended"]);
    expect(kindsOf("Unlisted", "Watched", "Cleared", "Blocked")).to.deep.equal([
      "changed",
      "changed",
      "appended",
    ]);
  });
});

describe("a storage layout", () => {
  it("finds on a chain what the contracts keep there", async () => {
    const connection = await network.create();
    const { ethers } = connection;
    const suite = await deployedSuite(connection);
    const { accessManager, complianceRegistry, escrow, holders, record, users, usdc } = suite;
    const account = users[0]!;

    /** The number at a path, such as `["erc7201:…", "accounts", token, "cap"]`, by the committed file alone. */
    async function read(contract: string, address: string, [namespace, ...path]: string[]) {
      const { regions, types } = await committed(contract);
      const { root, entries } = regions.find((region) => region.namespace === namespace)!;
      let slot = BigInt(root);
      let entry = undefined as Entry | undefined;
      for (const step of path) {
        const layout = entry && types[entry.type];
        if (layout?.kind === "mapping") {
          slot = BigInt(ethers.solidityPackedKeccak256(["uint256", "uint256"], [step, slot]));
          entry = { name: step, type: layout.value, slot: 0, offset: 0, bytes: 32 };
        } else {
          const members = layout?.kind === "struct" ? layout.members : entries;
          entry = members.find(({ name }) => name === step)!;
          slot += BigInt(entry.slot);
        }
      }
      const word = BigInt(await ethers.provider.getStorage(address, slot));
      return BigInt.asUintN(8 * entry!.bytes, word >> BigInt(8 * entry!.offset));
    }

    const { address: escrowAddress, implementation, proxyAdmin } = record.contracts.escrow;
    const registry = record.contracts.complianceRegistry.address;
    const controller = record.contracts.upgradeController.address;
    const manager = record.contracts.accessManager.address;
    const token = await usdc.getAddress();

    await usdc.mint(account, 700n);
    await usdc.connect(account).approve(escrow, 700n);
    const { timestamp } = (await ethers.provider.getBlock("latest"))!;
    const payment = {
      buyer: account.address,
      seller: users[1]!.address,
      token,
      amount: 700n,
      deadline: BigInt(timestamp) + 86_400n,
      onDeadline: 0n,
      arbiter: ethers.ZeroAddress,
      disputeWindow: 86_400n,
      feeBps: 0n,
      feeRecipient: ethers.ZeroAddress,
      paymentReference: ethers.ZeroHash,
    };
    await escrow.connect(account).deposit(payment);
    await escrow.connect(account).release(payment, 200n);
    await complianceRegistry.connect(holders.COMPLIANCE).setRecords([
      {
        account,
        standing: 1n,
        riskScore: 42n,
        tier: 0n,
        jurisdiction: 0n,
        expiry: 0n,
        attestationHash: ethers.id("evidence"),
      },
    ]);
    const id = await escrow.hashPayment(payment);
    const { cap, outflowLimit } = await escrow.tokenConfig(token);
    const guardian = holders.GUARDIAN.address;
    const [since] = await accessManager.getAccess(ROLES.GUARDIAN.id, guardian);

    const guardianId = String(ROLES.GUARDIAN.id);
    const evidence = BigInt(await complianceRegistry.attestationHashOf(account));

    const OURS = "erc7201:holdfast.storage.";
    const THEIRS = "erc7201:openzeppelin.storage.";
    const PROXY = "TransparentUpgradeableProxy";
    const maxRiskScore = (await escrow.policy()).maxRiskScore;
    const expected: [contract: string, address: string, value: bigint, ...path: string[]][] = [
      ["Escrow", escrowAddress, 500n, `${OURS}Escrow`, "payments", id, "held"],
      ["Escrow", escrowAddress, 200n, `${OURS}Escrow`, "payments", id, "released"],
      ["Escrow", escrowAddress, 500n, `${OURS}TokenVault`, "accounts", token, "held"],
      ["Escrow", escrowAddress, cap, `${OURS}TokenVault`, "accounts", token, "cap"],
      ["Escrow", escrowAddress, outflowLimit, `${OURS}TokenVault`, "accounts", token, "outflow", "_capacity"],
      ["Escrow", escrowAddress, 1n, `${OURS}TokenVault`, "accounts", NATIVE_COIN, "enabled"],
      ["Escrow", escrowAddress, 42n, `${OURS}Controls`, "records", account.address, "riskScore"],
      ["Escrow", escrowAddress, maxRiskScore, `${OURS}Controls`, "settings", "maxRiskScore"],
      ["Escrow", escrowAddress, BigInt(manager), `${THEIRS}AccessManaged`, "_authority"],
      ["Escrow", escrowAddress, 1n, `${THEIRS}Initializable`, "_initialized"],
      [PROXY, escrowAddress, BigInt(implementation), "eip1967.proxy.implementation", "implementation"],
      [PROXY, escrowAddress, BigInt(proxyAdmin), "eip1967.proxy.admin", "admin"],
      ["ProxyAdmin", proxyAdmin, BigInt(controller), "slot 0", "_owner"],
      ["UpgradeController", controller, BigInt(proxyAdmin), "slot 0", "_records", escrowAddress, "admin"],
      ["ComplianceRegistry", registry, BigInt(escrowAddress), `${OURS}ComplianceRegistry`, "escrow"],
      [
        "ComplianceRegistry",
        registry,
        evidence,
        `${OURS}ComplianceRegistry`,
        "attestationHashes",
        account.address,
      ],
      ["AccessManager", manager, since, "slot 0", "_roles", guardianId, "members", guardian, "since"],
    ];
    for (const [contract, address, value, ...path] of expected) {
      expect(await read(contract, address, path), `${contract}: ${path.join(".")}`).to.equal(value);
    }
  });
});
