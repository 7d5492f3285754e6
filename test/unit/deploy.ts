import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "chai";
import hre, { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { deploySuite } from "../../deploy/deploy.js";
import { deploymentIdOf } from "../../deploy/journal.js";
import type { Parameters } from "../../deploy/parameters.js";
import { findCodeFaults, findDeploymentFaults } from "../../deploy/verify.js";
import { deployedSuite, localParameters } from "../support/suite.js";

describe("deploySuite", () => {
  describe("on the in-process network", () => {
    let connection: NetworkConnection;
    before(async () => {
      connection = await network.create();
    });
    const deployed = () => deployedSuite(connection);
    const load = () => connection.networkHelpers.loadFixture(deployed);

    it("configures every token as the parameters say", async () => {
      const { escrow, record, parameters } = await load();
      expect(record.tokens.map(({ symbol }) => symbol)).to.deep.equal(["USDC", "USDT", "DAI", "ETH"]);
      for (const [
        i,
        { enabled, cap, approvalThreshold, outflowLimit, outflowWindow },
      ] of parameters.tokens.entries()) {
        expect(await escrow.tokenConfig(record.tokens[i]!.address)).to.deep.equal([
          enabled,
          cap,
          approvalThreshold,
          outflowLimit,
          BigInt(outflowWindow),
        ]);
      }
    });

    it("sets the policy and the rollback window as the parameters say", async () => {
      const { complianceRegistry, upgradeController, parameters } = await load();
      const { enforced, maxRiskScore } = parameters.policy;
      expect(await complianceRegistry.policy()).to.deep.equal([
        enforced,
        0n,
        BigInt(maxRiskScore),
        connection.ethers.ZeroAddress,
      ]);
      expect(await upgradeController.rollbackWindow()).to.equal(parameters.rollbackWindow);
    });

    it("records a block before which the suite has no event", async () => {
      const { accessManager, record } = await load();
      const [first] = await accessManager.queryFilter(accessManager.filters.RoleGranted);
      expect(first!.blockNumber).to.equal(record.startBlock);
    });

    it("records the compiler that made the code", async () => {
      const { record } = await load();
      expect(record.compiler).to.deep.equal({
        version: "0.8.37+commit.f401782d",
        evmVersion: "cancun",
        viaIR: true,
        optimizerRuns: 200,
      });
    });

    it("notices an implementation whose code is not this checkout's", async () => {
      const { record } = await load();
      const { implementation } = record.contracts.escrow;
      const code = await connection.ethers.provider.getCode(implementation);
      // One bit of one instruction, far from any immutable.
      await connection.networkHelpers.setCode(implementation, `${code.slice(0, 12)}ff${code.slice(14)}`);
      expect(await findCodeFaults(connection, record)).to.deep.equal([
        `The code at ${implementation} is not the Escrow that this checkout compiles to.`,
      ]);
    });

    it("notices an implementation with other immutables than those recorded", async () => {
      const { record, users } = await load();
      const { implementation, codehash } = record.contracts.escrow;
      const code = await connection.ethers.provider.getCode(implementation);
      const registry = record.contracts.complianceRegistry.address.slice(2).toLowerCase();
      const other = code.replaceAll(registry, users[0]!.address.slice(2).toLowerCase());
      await connection.networkHelpers.setCode(implementation, other);
      expect(await findCodeFaults(connection, record)).to.deep.equal([
        `The code of Escrow at ${implementation} no longer has the recorded hash ${codehash}.`,
      ]);
    });

    it("notices a record that names another contract than the chain does", async () => {
      const { record, parameters, usdc } = await load();
      const mistaken = structuredClone(record);
      mistaken.contracts.permit2.address = await usdc.getAddress();
      expect(await findDeploymentFaults(connection, mistaken, parameters.holders)).to.deep.equal([
        `Expected the escrow's Permit2 to be ${await usdc.getAddress()}, but found ${record.contracts.permit2.address}.`,
      ]);
    });

    describe("refuses, before it sends anything,", () => {
      async function expectRefusal(
        change: (parameters: Parameters) => Partial<Parameters>,
        ...sentences: string[]
      ) {
        const parameters = await localParameters();
        const block = await connection.ethers.provider.getBlockNumber();
        const refusal = await deploySuite({
          connection,
          parameters: { ...parameters, ...change(parameters) },
        }).then(
          () => "no refusal",
          (error: Error) => error.message,
        );
        for (const sentence of sentences) expect(refusal).to.include(sentence);
        expect(await connection.ethers.provider.getBlockNumber()).to.equal(block);
      }

      it("another chain than the parameters are for", () =>
        expectRefusal(
          () => ({ chainId: 1 }),
          "The parameters are for chain 1, but the network default is chain 31337.",
        ));

      it("a deployer who would hold a role in production", async () => {
        const [deployer] = await connection.ethers.getSigners();
        await expectRefusal(
          ({ holders }) => ({ production: true, holders: { ...holders, TREASURY: [deployer!.address] } }),
          `The deployer ${deployer!.address} may not hold TREASURY: it ends with no role.`,
        );
      });

      it("a Permit2 or an oracle that is not there", async () => {
        const nobody = connection.ethers.Wallet.createRandom().address;
        await expectRefusal(
          ({ policy }) => ({ permit2: nobody, policy: { ...policy, sanctionsOracle: nobody } }),
          `There is no contract at ${nobody}, which permit2 names.`,
          `There is no contract at ${nobody}, which policy.sanctionsOracle names.`,
        );
      });

      it("a token that is not what the parameters call it", async () => {
        const dai = await (await connection.ethers.deployContract("TestDAI")).getAddress();
        const counter = await (await connection.ethers.deployContract("Counter")).getAddress();
        await expectRefusal(
          ({ tokens: [usdc] }) => ({
            tokens: [
              { ...usdc!, deploy: undefined, address: dai },
              { ...usdc!, symbol: "OTHER", deploy: undefined, address: counter },
            ],
          }),
          `The token at ${dai} is DAI with 18 decimals, not USDC with 6.`,
          `The contract at ${counter} does not answer as the token OTHER.`,
        );
      });
    });
  });

  describe("on a network that keeps a journal", () => {
    let server: Awaited<ReturnType<typeof network.createServer>>;
    let connection: NetworkConnection;
    let url: string;
    before(async () => {
      server = await network.createServer("default", "127.0.0.1");
      url = `http://127.0.0.1:${(await server.listen()).port}`;
      connection = await network.create({ network: "local", override: { url } });
    });
    after(async () => {
      const journal = path.join(hre.config.paths.ignition, "deployments", await deploymentIdOf(connection));
      await rm(journal, { recursive: true, force: true });
      await connection.close();
      await server.close();
    });

    const sent = (block: "latest" | "pending" = "latest") => sentOn(connection, block);
    const sentOn = async ({ ethers }: NetworkConnection, block: "latest" | "pending" = "latest") => {
      const [deployer] = await ethers.getSigners();
      return ethers.provider.getTransactionCount(deployer!.address, block);
    };
    /** Fewer would leave something out, more would do something twice. */
    const sentUninterrupted = async () => {
      const undisturbed = await network.create();
      await deploySuite({ connection: undisturbed, parameters: await localParameters() });
      return sentOn(undisturbed);
    };

    it("goes on where it was killed, with a transaction sent and not yet mined", async () => {
      const hardhat = path.join(hre.config.paths.root, "node_modules", "hardhat", "dist", "src", "cli.js");
      const run = spawn(
        process.execPath,
        [hardhat, "run", "--no-compile", "--network", "local", "test/support/deploy-locally.ts"],
        { cwd: hre.config.paths.root, env: { ...process.env, LOCAL_RPC_URL: url }, stdio: "ignore" },
      );
      const ended = once(run, "exit");
      while ((await sent()) < 5 && run.exitCode === null) await sleep(5);
      await connection.provider.request({ method: "evm_setAutomine", params: [false] });
      while ((await sent("pending")) === (await sent())) await sleep(5);
      run.kill("SIGKILL");
      await ended;
      const whole = await sentUninterrupted();
      expect(await sent()).to.be.within(5, whole - 1);

      await connection.provider.request({ method: "evm_setAutomine", params: [true] });
      await connection.networkHelpers.mine();
      const record = await deploySuite({ connection, parameters: await localParameters() });
      expect(await sent()).to.equal(whole);
      expect(record.startBlock).to.equal(1);
    });

    it("does nothing the second time", async () => {
      const parameters = await localParameters();
      const first = await deploySuite({ connection, parameters });
      const sentBefore = await sent();
      expect(await deploySuite({ connection, parameters })).to.deep.equal(first);
      expect(await sent()).to.equal(sentBefore);
    });
  });
});
