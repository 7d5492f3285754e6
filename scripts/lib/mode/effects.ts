/**
 * What a task can do to a chain, to records or to keys:
 *
 * - `reads`: nothing. It works in every mode. What it would keep of its findings, it keeps only when live.
 * - `builds`: writes what can be derived again from the checkout, or runs a chain of its own in memory.
 * - `tries`: writes, and has a dry run, which goes as far as it can without sending, signing or keeping anything.
 * - `writes`: writes, and has no dry run: it is refused unless live.
 */
export type Effect = "reads" | "builds" | "tries" | "writes";

/** Every task that does something. A test fails if one is missing here, or is here and does not exist. */
export const EFFECTS: Readonly<Record<string, Effect>> = {
  // Hardhat's own.
  build: "builds",
  compile: "builds",
  clean: "builds",
  flatten: "reads",
  node: "builds",
  test: "builds",
  "test mocha": "builds",
  "test solidity": "builds",
  // What a script or a person at a console does, nobody knows beforehand. The chain is closed to both unless live.
  console: "builds",
  run: "builds",
  telemetry: "writes",
  // A published source cannot be taken back.
  verify: "writes",
  "verify blockscout": "writes",
  "verify etherscan": "writes",
  "verify sourcify": "writes",
  "ignition deploy": "writes",
  "ignition deployments": "reads",
  "ignition migrate": "writes",
  "ignition status": "reads",
  "ignition track-tx": "writes",
  "ignition transactions": "reads",
  "ignition verify": "writes",
  "ignition visualize": "builds",
  "ignition wipe": "writes",
  "keystore change-password": "writes",
  "keystore delete": "writes",
  "keystore get": "reads",
  "keystore list": "reads",
  "keystore path": "reads",
  "keystore rename": "writes",
  "keystore set": "writes",

  // Ours.
  deploy: "tries",
  roles: "reads",
  replay: "reads",
  reindex: "writes",
  // Without `--apply` they only look.
  reconcile: "reads",
  "reconcile daily": "reads",
  "reconcile aging": "reads",
  // Both play on a chain; `start --rpc` on somebody else's.
  start: "writes",
  drill: "writes",

  "ops plan pause": "tries",
  "ops plan unpause": "tries",
  "ops plan extend-pause": "tries",
  "ops plan upgrade": "tries",
  "ops plan rollback": "tries",
  "ops plan roles": "tries",
  "ops plan roles grant": "tries",
  "ops plan roles revoke": "tries",
  "ops plan roles rotate": "tries",
  "ops plan token": "tries",
  "ops plan policy": "tries",
  "ops plan hold": "tries",
  "ops plan unhold": "tries",
  "ops plan cancel": "tries",
  "ops pause": "tries",
  "ops unpause": "tries",
  "ops upgrade": "tries",
  "ops rollback": "tries",
  "ops roles": "tries",
  "ops roles grant": "tries",
  "ops roles revoke": "tries",
  "ops roles rotate": "tries",
  "ops cancel": "tries",
  "ops rehearse": "tries",
  "ops sign": "tries",
  "ops export": "tries",
  "ops execute": "tries",
  "ops verify": "reads",
  "ops status": "reads",
  "ops ready": "reads",
  "ops history": "reads",

  triage: "reads",
  "triage chain": "reads",
  "triage index": "reads",
  "triage leaks": "reads",
  "triage doubles": "reads",
  "triage stuck": "reads",
  "triage disputes": "reads",
  "triage approvals": "reads",
  "triage credits": "reads",
  "triage verify-proof": "reads",

  gate: "reads",
  "gate sample": "tries",

  "payment show": "reads",
  "payment claim": "tries",
  "payment release": "tries",
  "payment refund": "tries",
  "payment approve-release": "tries",
  "payment approve-refund": "tries",
  "payment resolve": "tries",
  "payment hold": "tries",
  "payment unhold": "tries",

  "credit withdraw": "tries",
  "compliance record": "tries",
};
