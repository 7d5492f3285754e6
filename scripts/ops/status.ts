import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { formatDifference } from "../../deploy/roles-diff.js";
import { command } from "../lib/command.js";
import type { Mode } from "../lib/mode.js";
import { summaryOf } from "./ready.js";
import { secondOpinion } from "./second.js";
import { openSuite } from "./suite.js";
import { formatReconciled } from "../lib/operations/reconciled.js";
import type { Pending } from "../lib/operations/pending.js";
import type { RunningCode } from "../lib/operations/running-code.js";
import type { Operation, Status } from "../lib/operations/status.js";
import { formatTime, formatWhen, PAUSE_BIT_NAMES, type PauseBit } from "../lib/operations/units.js";

interface StatusArguments {
  parameters?: string;
  json?: boolean;
  secondRpc?: string;
}

/** `npx hardhat ops status` */
export default command(
  async ({ parameters, json, secondRpc }: StatusArguments, hre: HardhatRuntimeEnvironment) => {
    const suite = await openSuite(hre, parameters);
    const { readStatus } = await import("../lib/operations/status.js");
    const found = await readStatus(suite);
    const status = { ...found, attention: [...(await secondOpinion(suite, secondRpc)), ...found.attention] };
    console.log(json ? JSON.stringify(status, null, 2) : formatStatus(status));
    if (status.attention.length > 0) process.exitCode = 1;
  },
);

/** What a pause of each part stops, for a person. */
const PAUSED: Readonly<Record<PauseBit, string>> = {
  DEPOSITS: "nobody can deposit",
  PAYOUTS: "operators can neither release nor refund",
  EXITS: "nobody can settle, claim, refund or withdraw credit",
};

const MODES: Readonly<Record<Mode, string>> = {
  live: "live: commands do what they say",
  "dry-run": "dry run: commands go as far as they can without sending, signing or keeping anything",
  "read-only": "read-only: commands that can write are refused",
};

/** How a suite stands, on one screen. */
export function formatStatus(status: Status): string {
  const { chainId, network, block, names, roles, pauses, code, pending, ready, operations } = status;
  const when = (time: number) => formatWhen(time, block.time);
  const who = (address: string) => names[address] ?? address;
  return [
    `${network}, chain ${chainId}, block ${block.number} of ${formatTime(block.time)}`,
    ...section("Mode", [MODES[status.mode]]),
    ...section("Roles", roles.map(formatDifference), "as deploy/roles.ts and the parameters say"),
    ...section("Pauses", formatPauses(pauses, when)),
    ...section(
      "Code",
      code.map((running) => formatCode(running, who, when)),
    ),
    ...section(
      "Waiting for its delay",
      pending.flatMap((one) => formatPending(one, who, when, network)),
      "nothing",
    ),
    ...section("Kept ready", summaryOf(ready), "nothing"),
    ...section("Operations under way", operations.map(formatOperation), "none"),
    ...section("Reconciled", formatReconciled(status, when)),
    ...section("Needs attention", status.attention, "nothing"),
  ].join("\n");
}

const section = (title: string, lines: readonly string[], otherwise = "") => [
  "",
  title,
  ...(lines.length === 0 ? [otherwise] : lines).map((line) => `  ${line.replaceAll("\n", "\n    ")}`),
];

type Who = (address: string) => string;
type When = (time: number) => string;

function formatPauses(pauses: Status["pauses"], when: When): string[] {
  if (pauses === null) return ["unknown: the escrow does not answer"];
  const running = PAUSE_BIT_NAMES.filter((part) => !pauses.some((pause) => pause.part === part));
  return [
    ...pauses.map(({ part, until }) => `${part} until ${when(until)}: ${PAUSED[part]}`),
    ...(running.length === 0 ? [] : [`not paused: ${running.join(", ")}`]),
  ];
}

function formatCode(
  { proxy, implementation, contract, version, codehash, rollback }: RunningCode,
  who: Who,
  when: When,
): string {
  const known = contract === null ? `code that nobody here knows (codehash ${codehash})` : contract;
  const back =
    rollback === null ? "no rollback" : `rollback to ${who(rollback.to)} until ${when(rollback.until)}`;
  return `${proxy} runs ${known} ${version ?? "without a version"} at ${implementation}; ${back}`;
}

const formatPending = (
  { id, call, caller, readyAt, expiresAt, cancelledBy, operation }: Pending,
  who: Who,
  when: When,
  network: string,
): string[] => [
  call,
  `  ${operation === null ? "of no operation of ours" : `operation ${operation}`}, scheduled by ${who(caller)}`,
  `  executable from ${when(readyAt)}, expires ${when(expiresAt)}`,
  `  cancelled by ${cancelledBy.join(" or ")}: npx hardhat ops cancel --network ${network} ` +
    `--operation ${id.slice(0, 10)} --reason "<why>"`,
];

const formatOperation = ({ number, title, standing, done, left }: Operation) =>
  `${number}: ${title}; ${standing}, ${done.length === 0 ? "nothing carried out" : `carried out: ${done.join(", ")}`}, ` +
  `left: ${left.join(", ")}`;
