import type {
  AccessManager,
  ComplianceRegistry,
  Escrow,
  UpgradeController,
} from "../types/ethers-contracts/index.js";

/*
 * Who may do what, as data. The deployment writes it to the chain, `npx hardhat roles` compares it with the chain,
 * and docs/deployment.md explains it. Who holds each role is not here but in the parameters of each network.
 */

const DAY = 24 * 60 * 60;

export interface Role {
  /** The AccessManager's role id. Never reused and never changed: the chain knows roles by it. */
  readonly id: bigint;
  /** One sentence for the person who is asked to hold it. */
  readonly purpose: string;
  /** Whose members grant and revoke it. */
  readonly admin: RoleName;
  /** Whose members may cancel what this role has scheduled, besides the scheduler and ADMIN. */
  readonly guardian: RoleName;
  /** Seconds between scheduling and executing, written into every grant; 0 acts at once. */
  readonly executionDelay: number;
  /** Seconds between a later grant and its taking effect. OpenZeppelin starts to apply it 5 days after it is set. */
  readonly grantDelay: number;
  /** Whether somebody must hold it for the suite to work. */
  readonly held: boolean;
}

export type RoleName = HeldRole | "VETOABLE";

/** The roles that the parameters of a network name holders for. */
export type HeldRole =
  | "ADMIN"
  | "UPGRADER"
  | "GUARDIAN"
  | "UNPAUSER"
  | "OPERATOR"
  | "APPROVER"
  | "ARBITER"
  | "COMPLIANCE"
  | "ATTESTER"
  | "TREASURY"
  | "CONFIGURATOR";

/** What most roles have in common. */
const ordinary = { admin: "ADMIN", guardian: "ADMIN", executionDelay: 0, grantDelay: 0, held: true } as const;

export const ROLES: Readonly<Record<RoleName, Role>> = {
  ADMIN: {
    ...ordinary,
    id: 0n,
    purpose: "Grants and revokes roles; slow, so that nobody grants themselves a shortcut.",
    executionDelay: 3 * DAY,
    grantDelay: 3 * DAY,
  },
  UPGRADER: {
    ...ordinary,
    id: 1n,
    purpose: "Replaces the code behind a proxy.",
    guardian: "GUARDIAN",
    executionDelay: 2 * DAY,
    grantDelay: 2 * DAY,
  },
  GUARDIAN: {
    ...ordinary,
    id: 2n,
    purpose:
      "Stops things at once: pauses, rolls an upgrade back, cancels what is scheduled. Moves no money.",
  },
  UNPAUSER: {
    ...ordinary,
    id: 3n,
    purpose: "Ends a pause before its time.",
    guardian: "GUARDIAN",
    executionDelay: 1 * DAY,
    grantDelay: 1 * DAY,
  },
  OPERATOR: {
    ...ordinary,
    id: 4n,
    purpose: "Releases or refunds on behalf of the parties, inside each token's limits.",
  },
  APPROVER: {
    ...ordinary,
    id: 5n,
    purpose: "Consents to an operator's large payout; never the operator itself.",
  },
  ARBITER: {
    ...ordinary,
    id: 6n,
    purpose: "Rules on disputes whose terms name no arbiter.",
  },
  COMPLIANCE: {
    ...ordinary,
    id: 7n,
    purpose: "Writes compliance records and freezes single payments. Moves no money.",
  },
  ATTESTER: {
    ...ordinary,
    id: 8n,
    purpose: "Signs attestations that anybody may submit. Sends no transactions.",
  },
  TREASURY: {
    ...ordinary,
    id: 9n,
    purpose: "Moves out what no payment and no credit owns.",
  },
  // AccessManager lets nobody but ADMIN guard ADMIN. But who may cancel a call is looked up by the role its function
  // is mapped to, also for the AccessManager's own functions, whose callers that mapping does not change. Mapping them
  // to a role without members, guarded by GUARDIAN, gives GUARDIAN a veto over what ADMIN schedules there.
  VETOABLE: {
    ...ordinary,
    id: 10n,
    purpose: "Held by nobody. Marks what ADMIN schedules at the AccessManager and GUARDIAN may cancel.",
    guardian: "GUARDIAN",
    held: false,
  },
  // What ADMIN could do as well, in a role of its own because no veto is possible over what is ADMIN's at our contracts.
  CONFIGURATOR: {
    ...ordinary,
    id: 11n,
    purpose: "Sets tokens' limits, the screening policy and how long a pause may last; slow.",
    guardian: "GUARDIAN",
    executionDelay: 3 * DAY,
    grantDelay: 3 * DAY,
  },
};

export const ROLE_NAMES = Object.keys(ROLES) as RoleName[];
export const HELD_ROLES = ROLE_NAMES.filter((name): name is HeldRole => ROLES[name].held);

/** Seconds that remapping, closing or re-authorising a target takes at least, whatever delay its caller has. */
export const TARGET_ADMIN_DELAY = 3 * DAY;

export type TargetName = "accessManager" | "upgradeController" | "complianceRegistry" | "escrow";

type FunctionOf<Contract extends { interface: { getFunction: (name: never) => unknown } }> = Parameters<
  Contract["interface"]["getFunction"]
>[0];

/** Functions by the role that may call them; `anyone` lists those that check their callers themselves. */
type FunctionRoles<FunctionName> = Readonly<Partial<Record<RoleName | "anyone", readonly FunctionName[]>>>;

/** Every function of every contract that changes state, by its name in the ABI. */
export const FUNCTION_ROLES: {
  accessManager: FunctionRoles<FunctionOf<AccessManager>>;
  upgradeController: FunctionRoles<FunctionOf<UpgradeController>>;
  complianceRegistry: FunctionRoles<FunctionOf<ComplianceRegistry>>;
  escrow: FunctionRoles<FunctionOf<Escrow>>;
} = {
  accessManager: {
    // ADMIN alone may call these, mapped or not; see VETOABLE above.
    VETOABLE: [
      "grantRole",
      "setGrantDelay",
      "setRoleAdmin",
      "setRoleGuardian",
      "setTargetAdminDelay",
      "setTargetClosed",
      "setTargetFunctionRole",
      "updateAuthority",
    ],
    // No veto here, or a guardian whose key was stolen could never be revoked.
    ADMIN: ["labelRole", "revokeRole"],
    anyone: ["cancel", "consumeScheduledOp", "execute", "multicall", "renounceRole", "schedule"],
  },
  upgradeController: {
    CONFIGURATOR: ["deployProxy"],
    UPGRADER: ["upgrade"],
    GUARDIAN: ["rollback"],
    anyone: ["setAuthority"],
  },
  complianceRegistry: {
    CONFIGURATOR: ["setEscrow", "setPolicy"],
    COMPLIANCE: ["setRecords"],
    // Anybody may call it: the registry asks whether the *attester* could.
    ATTESTER: ["submitAttestation"],
    anyone: ["initialize", "setAuthority"],
  },
  escrow: {
    CONFIGURATOR: ["configureToken", "extendPause"],
    GUARDIAN: ["pause"],
    UNPAUSER: ["unpause"],
    // Also called by the parties, without a role; the same for `resolve`.
    OPERATOR: ["release", "refund"],
    APPROVER: ["approvePayout"],
    ARBITER: ["resolve"],
    COMPLIANCE: ["hold", "unhold"],
    TREASURY: ["sweepSurplus"],
    anyone: [
      "claim",
      "deposit",
      "depositWithAuthorization",
      "depositWithPermit",
      "depositWithPermit2",
      "initialize",
      "multicall",
      "openDispute",
      "setAuthority",
      "settle",
      "storePolicy",
      "storeRecord",
      "submitAttestation",
      "withdrawCredit",
      "withdrawDispute",
    ],
  },
};
