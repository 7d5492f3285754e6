import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import { describeRecord } from "../lib/compliance/record.js";
import { complianceReasonOf } from "../lib/reasons.js";
import { openNetwork } from "../payment/open.js";
import { accountOf, carryOut, tellerOf, type SendingArguments } from "../payment/send.js";
import { parseUpdate, updateOf, type RecordArguments } from "./arguments.js";
import { questionOf, requireUnchanged, requireWordOf, type LiftingArguments } from "./lifting.js";

type Arguments = RecordArguments & SendingArguments & LiftingArguments;

/** `npx hardhat compliance record`: shows before and after, looks whether it would work, asks, sends, and tells who passes. */
export default command(async (args: Arguments, hre: HardhatRuntimeEnvironment) => {
  const typed = parseUpdate(args);
  const { account } = typed;
  const { connection, provider, record } = await openNetwork(hre);
  const { isLift, readRecord, warningsOf } = await import("../lib/compliance/registry.js");
  const { ComplianceRegistry__factory } = await import("../../types/ethers-contracts/index.js");
  const { address } = record.contracts.complianceRegistry;
  const registry = ComplianceRegistry__factory.connect(address, provider);
  const from = await accountOf(connection, args.from);
  const before = await readRecord(registry, account);
  const { timestamp } = (await provider.getBlock("latest"))!;
  const wanted = updateOf(typed, before, timestamp);

  const tell = tellerOf(args);
  tell(`before  ${describeRecord(before)}\nafter   ${describeRecord(wanted)}`);
  for (const warning of warningsOf(before, wanted, await registry.policy())) tell(`to know: ${warning}`);
  const lifts = isLift(before, wanted);
  requireWordOf(args, lifts, before);
  const data = registry.interface.encodeFunctionData("setRecords", [[{ account, ...wanted }]]);
  const transaction = await carryOut(
    connection,
    {
      ...{ name: "compliance record", call: { from, to: address, data } },
      ...questionOf(
        account,
        `record ${account} as ${describeRecord(wanted)}; as ${from}`,
        lifts ? before : undefined,
      ),
      lookAgain: async () => requireUnchanged(before, await readRecord(registry, account)),
    },
    args,
  );
  if (transaction === undefined) return;

  const after = await readRecord(registry, account);
  const { reason, enforced } = await registry.screen(account);
  const { name, happened } = complianceReasonOf(reason);
  if (args.json) {
    const found = { screening: name, enforced };
    return console.log(JSON.stringify({ transaction, account, before, after, ...found }, bigintsAsText, 2));
  }
  tell(
    `Done, revision ${after.revision}: the account ` +
      (reason === 0n
        ? "passes."
        : `does not pass (${name}): ${happened}${enforced ? "" : " The policy only observes, so nothing is stopped."}`),
  );
});

const bigintsAsText = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
