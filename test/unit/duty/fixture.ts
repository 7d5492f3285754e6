import path from "node:path";

import { id, ZeroAddress } from "ethers";
import hre from "hardhat";

import type { HeldRole } from "../../../deploy/roles.js";
import { MNEMONIC, startLocalSuite } from "../../../scripts/lib/local-suite.js";
import { Running } from "../../../scripts/lib/running.js";
import { Terminal } from "../../../scripts/lib/terminal.js";
import { hardhatAnswering } from "../../support/command-line.js";
import { termsOf, type Terms } from "../../support/terms.js";

const DAY = 86_400;
/** Accounts of the mnemonic that hold no role here. */
const BUYER = 0;
const SELLER = 2;
const ELSEWHERE = 3;

/** A suite on a chain of its own, people with payments, and a terminal to type what people on duty type. */
export async function dutyTown(name: string) {
  const running = new Running();
  const directory = path.join(hre.config.paths.root, ".holdfast", name);
  const connect = (url: string) => hre.network.create({ network: "local", override: { url } });
  const suite = await startLocalSuite({ running, directory, connect });
  const { connection, record, holders, terminal, url } = suite;
  const { ethers } = connection;
  const env = { HOLDFAST_DEPLOY_DIR: directory, LOCAL_RPC_URL: url, LOCAL_MNEMONIC: MNEMONIC };
  const dry = running.keep(new Terminal("local", { ...env, HOLDFAST_MODE: "dry-run" }));
  const signers = await ethers.getSigners();
  const [buyer, seller, elsewhere] = [signers[BUYER]!, signers[SELLER]!, signers[ELSEWHERE]!];
  const contracts = {
    escrow: await ethers.getContractAt("Escrow", record.contracts.escrow.address),
    registry: await ethers.getContractAt("ComplianceRegistry", record.contracts.complianceRegistry.address),
    usdc: await ethers.getContractAt(
      "TestUSDC",
      record.tokens.find(({ symbol }) => symbol === "USDC")!.address,
    ),
  };
  const { escrow, usdc } = contracts;
  let count = 0;

  /** Deposits a payment of the buyer's to the seller, by default 100 USDC. */
  const deposit = async (change: Partial<Terms> = {}) => {
    const { timestamp } = (await ethers.provider.getBlock("latest"))!;
    const terms = termsOf(++count, {
      ...{
        buyer: buyer.address,
        seller: seller.address,
        token: await usdc.getAddress(),
        amount: 100_000_000n,
      },
      ...{ deadline: BigInt(timestamp + 30 * DAY), disputeWindow: BigInt(2 * DAY), arbiter: ZeroAddress },
      ...change,
    });
    for (const send of [
      () => usdc.mint(buyer.address, terms.amount),
      () => usdc.connect(buyer).approve(escrow, terms.amount),
      () => escrow.connect(buyer).deposit(terms),
    ])
      await (await send()).wait();
    return { terms, paymentId: await escrow.hashPayment(terms) };
  };

  return {
    ...{ suite, contracts, buyer, seller, elsewhere, deposit, dry },
    holder: (role: HeldRole) => holders[role][0]!,
    dispute: async (terms: Terms) =>
      await (await escrow.connect(buyer).openDispute(terms, id("evidence"), "ipfs://evidence")).wait(),
    pass: async (seconds: number) => {
      await ethers.provider.send("evm_increaseTime", [seconds]);
      await ethers.provider.send("anvil_mine", []);
    },
    /** Types a command, and returns how it ended and all that it said. */
    type: (words: string, as: { readonly dry?: true } = {}) =>
      (as.dry ? dry : terminal).try(`npx hardhat ${words} --network local`),
    /** Types a command, and what it asks for. */
    answer: (answer: () => Promise<string>, words: string) =>
      hardhatAnswering(answer, env, ...words.split(" "), "--network", "local"),
    stop: () => running.stop(),
  };
}

export type DutyTown = Awaited<ReturnType<typeof dutyTown>>;
