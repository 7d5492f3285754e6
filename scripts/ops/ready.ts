import Table from "cli-table3";
import { getAddress } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { command } from "../lib/command.js";
import type { OperationReadiness, StepReadiness, Verdict } from "../lib/operations/ready.js";
import { formatWhen } from "../lib/operations/units.js";
import { parseAddress } from "./arguments.js";
import { secondOpinion } from "./second.js";
import { serviceOf } from "./signing.js";
import { openSuite } from "./suite.js";

interface ReadyArguments {
  sender?: string;
  safeService?: string;
  parameters?: string;
  json?: boolean;
  secondRpc?: string;
}

/** `npx hardhat ops ready` */
export default command(async (args: ReadyArguments, hre: HardhatRuntimeEnvironment) => {
  const { parameters, json, sender } = args;
  const { remembering } = await import("../lib/operations/remembering.js");
  const suite = remembering(await openSuite(hre, parameters));
  const { readRegister } = await import("../lib/operations/register.js");
  const { findReadiness } = await import("../lib/operations/ready.js");
  const { provider } = suite.connection.ethers;
  const register = await readRegister(provider, suite.record);
  const service = await serviceOf(args, suite.record.chainId, console.error);
  const collecting = {
    ...(sender !== undefined && { executor: getAddress(parseAddress(sender, "--sender")) }),
    ...(service && { service }),
  };
  const readiness = await findReadiness(suite, register, { ahead: true, collecting });
  const { operations, unreadable, uncovered, elsewhere } = readiness;
  const { number, timestamp: time } = (await provider.getBlock("latest"))!;
  const attention = [
    ...(await secondOpinion(suite, args.secondRpc)),
    ...uncovered,
    ...operations.flatMap((operation) => operation.attention),
    ...[...register.unreadable, ...unreadable].map(({ problem }) => problem),
  ];
  const unwanted = operations.flatMap((operation) => operation.unwanted);
  const block = { number, time };
  console.log(
    json
      ? JSON.stringify(
          { chainId: suite.record.chainId, block, operations, attention, unwanted, elsewhere },
          null,
          2,
        )
      : formatReadiness(operations, attention, time, elsewhere),
  );
  if (attention.length + unwanted.length > 0) process.exitCode = 1;
});

const VERDICTS: Readonly<Record<Verdict, string>> = {
  works: "works now",
  later: "works later",
  unsigned: "not signed",
  dead: "dead",
  done: "carried out",
};

/** Everything that was signed, a table an operation. What is over stands on one line. */
export function formatReadiness(
  operations: readonly OperationReadiness[],
  attention: readonly string[],
  now: number,
  elsewhere: readonly string[] = [],
): string {
  const unwanted = operations.flatMap((operation) => operation.unwanted);
  const ignored =
    elsewhere.length === 0
      ? []
      : [`Planned on blocks that this chain does not have, and not looked at: ${elsewhere.join(", ")}`];
  if (operations.length + attention.length === 0)
    return ["Nothing was signed beforehand.", ...ignored].join("\n");
  return [
    ...ignored,
    ...operations.map((operation) => formatOperation(operation, now)),
    ...(attention.length === 0
      ? ["Whatever can still be rolled back has something kept ready that works."]
      : ["Needs attention:", ...attention.map((sentence) => `  ${sentence}`)]),
    ...(unwanted.length === 0
      ? []
      : ["Signed, and wanted by nobody any more:", ...unwanted.map((sentence) => `  ${sentence}`)]),
  ].join("\n");
}

function formatOperation({ number, title, standing, steps }: OperationReadiness, now: number): string {
  const head = `Operation ${number}, ${standing}: ${title}`;
  if (steps.every(({ verdict }) => verdict === "dead" || verdict === "done"))
    return `${head}\n  nothing of it works any more: ${[...new Set(steps.flatMap(({ why }) => why.slice(0, 1)))].join(" ")}`;
  const table = new Table({
    head: ["step", "nonce", "", "why, and what to do"],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [14, 7, 13, 78],
  });
  for (const step of steps) table.push([step.step, step.nonce, VERDICTS[step.verdict], reasonOf(step, now)]);
  return `${head}\n${table.toString()}`;
}

const reasonOf = ({ why, from, ahead, remedy }: StepReadiness, now: number) =>
  [
    ...why,
    ...(from === undefined ? [] : [`That is ${formatWhen(from, now)}.`]),
    ...(ahead === undefined
      ? []
      : [`${ahead} ${ahead === 1 ? "transaction" : "transactions"} of the same account before it.`]),
    ...(remedy === undefined ? [] : [remedy]),
  ].join(" ");

/** One line an operation of which anything can still work. */
export const summaryOf = (operations: readonly OperationReadiness[]): string[] =>
  operations
    .filter(({ steps }) => steps.some(({ verdict }) => verdict !== "dead" && verdict !== "done"))
    .map(({ number, title, steps }) => {
      const groups = [...Map.groupBy(steps, ({ verdict }) => verdict)].map(
        ([verdict, some]) => `${VERDICTS[verdict]}: ${some.map(({ step }) => step).join(", ")}`,
      );
      return `operation ${number}, ${title}; ${groups.join("; ")}`;
    });
