export { deploySuite, type DeployOptions } from "./deploy.js";
export { Fault } from "./fault.js";
export { keepImplementationsOf } from "./implementations.js";
export { checkParameters, NATIVE_COIN, readParameters, type Holders, type Parameters } from "./parameters.js";
export { readRecord, writeRecord, type DeploymentRecord } from "./record.js";
export { findRoleDifferences, formatDifference, type RoleDifference } from "./roles-diff.js";
export { rolesTable } from "./roles-table.js";
export { ROLES, type HeldRole, type RoleName } from "./roles.js";
