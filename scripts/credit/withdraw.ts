import { getAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { formatAmount } from "../lib/triage/money.js";
import { parseAddress, required } from "../ops/arguments.js";
import { openNetwork } from "../payment/open.js";
import { accountOf, carryOut, tellerOf, type SendingArguments } from "../payment/send.js";
import { parseToken } from "./token.js";

interface WithdrawArguments extends SendingArguments {
  readonly token?: string;
  readonly account?: string;
  readonly to?: string;
}

/** `npx hardhat credit withdraw`: looks whether it would work, asks, sends, and tells what was paid. */
export default command(async (args: WithdrawArguments, hre: HardhatRuntimeEnvironment) => {
  const typedToken = required(args.token, "--token", "which token", "--token USDC");
  const account = addressOf(required(args.account, "--account", "whose credit"), "--account");
  const to = args.to === undefined ? account : addressOf(args.to, "--to");
  const { connection, provider, record } = await openNetwork(hre);
  const token = parseToken(typedToken, record);
  const { obstacleToWithdrawal } = await import("../lib/payment/credits.js");
  const { Escrow__factory } = await import("../../types/ethers-contracts/index.js");
  const from = await accountOf(connection, args.from);
  const escrow = Escrow__factory.connect(record.contracts.escrow.address, provider);
  const data = escrow.interface.encodeFunctionData("withdrawCredit", [token, account, to]);
  const call = { from, to: record.contracts.escrow.address, data };

  if (from !== account && to !== account)
    throw new Fault(
      `Only its owner, ${account}, says that a credit goes to somebody else, and you are ${from}. Nothing was sent. Leave ` +
        "--to out, or have its owner send this from their own wallet:",
      { details: [`to    ${call.to}`, `data  ${data}`] },
    );
  const obstacle = await obstacleToWithdrawal(provider, record, { token, account, to });
  if (obstacle !== undefined) throw new Fault(`${obstacle} Nothing was sent.`);

  const before = await escrow.creditOf(token, account);
  const money = (amount: bigint) => formatAmount(record, token, amount);
  const transaction = await carryOut(
    connection,
    {
      ...{ name: "credit withdraw", call, confirmedBy: account.slice(0, 10) },
      sentence: `withdraw of the credit of ${money(before)} of ${account} to ${to === account ? "its owner" : to}, as ${from}`,
    },
    args,
  );
  if (transaction === undefined) return;
  const balance = await escrow.creditOf(token, account);
  if (args.json) {
    const amounts = { amount: String(before - balance), balance: String(balance) };
    return console.log(JSON.stringify({ transaction, token, account, to, ...amounts }, null, 2));
  }
  tellerOf(args)(`Done: ${money(before - balance)} were paid, and ${money(balance)} are left as a credit.`);
});

/** In the one way of writing it, so that two can be compared. */
const addressOf = (text: string, option: string) => getAddress(parseAddress(text.trim(), option));
