import type { Interface, Result } from "ethers";

import type { DeploymentRecord } from "../../../deploy/index.js";
import {
  AccessManager__factory,
  ComplianceRegistry__factory,
  Escrow__factory,
  UpgradeController__factory,
} from "../../../types/ethers-contracts/index.js";
import type { PlainRow } from "./kinds.js";

type Contract = "accessManager" | "complianceRegistry" | "escrow" | "upgradeController";

const ABIS: Readonly<Record<Contract, Interface>> = {
  accessManager: AccessManager__factory.createInterface(),
  complianceRegistry: ComplianceRegistry__factory.createInterface(),
  escrow: Escrow__factory.createInterface(),
  upgradeController: UpgradeController__factory.createInterface(),
};

/** A view function whose answer follows from a row. */
export interface Question {
  readonly contract: Contract;
  readonly function: string;
  readonly args: readonly unknown[];
  /** What it should answer, by the names of the row's columns. */
  readonly expected: Readonly<Record<string, unknown>>;
  /** What it did answer, by the same names. */
  readonly read: (answer: Result) => Record<string, unknown>;
}

const ask = (
  contract: Contract,
  name: string,
  args: readonly unknown[],
  expected: Question["expected"],
  read: Question["read"],
): Question => ({ contract, function: name, args, expected, read });

const pick = (row: PlainRow, ...columns: string[]) =>
  Object.fromEntries(columns.map((name) => [name, row[name]]));
const STANDINGS = ["Unlisted", "Cleared", "Blocked"];
const LIST_MODES = ["Deny", "Allow"];
const PAUSE_BITS: Readonly<Record<string, number>> = { Deposits: 1, Payouts: 2, Exits: 4 };
/** How long an operation of the AccessManager may wait once it is ready. */
const OPERATION_EXPIRES = 7 * 86_400;

const struct = (answer: Result) => (answer[0] as Result).toObject();

/** What the chain can be asked about each row of a table, at the time of the block. */
export const QUESTIONS: Readonly<Record<string, (row: PlainRow, now: number) => Question[]>> = {
  token: (row) => [
    ask("escrow", "tokenTotals", [row.address], pick(row, "held", "credits"), struct),
    ask(
      "escrow",
      "tokenConfig",
      [row.address],
      pick(row, "enabled", "cap", "approvalThreshold", "outflowLimit", "outflowWindow"),
      struct,
    ),
  ],
  credit: (row) => [
    ask("escrow", "creditOf", [row.token, row.account], pick(row, "balance"), ([balance]) => ({ balance })),
  ],
  payoutApproval: (row) => [
    ask(
      "escrow",
      "approvalExpiry",
      [row.approvalId],
      { expiresAt: row.status === "Spent" ? "0" : row.expiresAt },
      ([expiresAt]) => ({ expiresAt }),
    ),
  ],
  complianceRecord: (row) => [
    ask(
      "complianceRegistry",
      "recordOf",
      [row.account],
      pick(row, "standing", "riskScore", "tier", "jurisdiction", "expiry", "revision"),
      (answer) => {
        const record = struct(answer);
        return { ...record, standing: STANDINGS[Number(record.standing)] };
      },
    ),
    ask("complianceRegistry", "attestationHashOf", [row.account], pick(row, "attestationHash"), ([hash]) => ({
      attestationHash: hash,
    })),
  ],
  role: (row, now) => [
    ask("accessManager", "getRoleAdmin", [row.roleId], pick(row, "adminRoleId"), ([id]) => ({
      adminRoleId: id,
    })),
    ask("accessManager", "getRoleGuardian", [row.roleId], pick(row, "guardianRoleId"), ([id]) => ({
      guardianRoleId: id,
    })),
    ...(Number(row.grantDelaySince) <= now
      ? [
          ask("accessManager", "getRoleGrantDelay", [row.roleId], pick(row, "grantDelay"), ([delay]) => ({
            grantDelay: delay,
          })),
        ]
      : []),
  ],
  roleMember: (row, now) => [
    ask(
      "accessManager",
      "getAccess",
      [row.roleId, row.account],
      row.active ? pick(row, "active", "since", "executionDelay") : { active: false },
      ([since, current, pending]) => ({
        active: since !== 0n,
        since,
        executionDelay: Number(row.executionDelaySince) <= now ? current : pending,
      }),
    ),
  ],
  roleFunction: (row) => [
    ask(
      "accessManager",
      "getTargetFunctionRole",
      [row.target, row.selector],
      pick(row, "roleId"),
      ([roleId]) => ({
        roleId,
      }),
    ),
  ],
  managedTarget: (row, now) => [
    ask("accessManager", "isTargetClosed", [row.target], pick(row, "closed"), ([closed]) => ({ closed })),
    ...(Number(row.adminDelaySince) <= now
      ? [
          ask("accessManager", "getTargetAdminDelay", [row.target], pick(row, "adminDelay"), ([delay]) => ({
            adminDelay: delay,
          })),
        ]
      : []),
  ],
  scheduledOperation: (row, now) => {
    const isPending = row.status === "Scheduled" && now < Number(row.readyAt) + OPERATION_EXPIRES;
    return [
      ask("accessManager", "getNonce", [row.id], pick(row, "nonce"), ([nonce]) => ({ nonce })),
      ask(
        "accessManager",
        "getSchedule",
        [row.id],
        { readyAt: isPending ? row.readyAt : "0" },
        ([readyAt]) => ({
          readyAt,
        }),
      ),
    ];
  },
  pause: (row) => [
    ask("escrow", "pausedUntil", [PAUSE_BITS[row.bit as string]], pick(row, "until"), ([until]) => ({
      until,
    })),
  ],
  proxy: (row) => [
    ask("upgradeController", "proxyRecord", [row.address], pick(row, "implementation", "admin"), struct),
  ],
  compliancePolicy: (row) => [
    ask(
      "complianceRegistry",
      "policy",
      [],
      pick(row, "enforced", "listMode", "maxRiskScore", "sanctionsOracle"),
      (answer) => {
        const policy = struct(answer);
        return { ...policy, listMode: LIST_MODES[Number(policy.listMode)] };
      },
    ),
  ],
};

/** Tables of which only the last row of its kind is still true on the chain, and what its kind is. */
export const LATEST_OF: Readonly<Record<string, (row: PlainRow) => string>> = {
  scheduledOperation: ({ id }) => id as string,
  compliancePolicy: () => "policy",
};

export const abiOf = (contract: Contract) => ABIS[contract];
export const addressOf = ({ contracts }: DeploymentRecord, contract: Contract) => contracts[contract].address;
