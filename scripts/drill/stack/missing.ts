import { spawnSync } from "node:child_process";

import { monitoringProgram } from "../../lib/monitoring.js";
import { noPostgres } from "../../lib/postgres.js";

/** What the runbooks type besides what this project brings along, by the Debian package that it comes in. */
const TYPED = { psql: "postgresql-client", pg_dump: "postgresql-client", curl: "curl", openssl: "openssl" };
const MONITORING = {
  prometheus: "prometheus",
  alertmanager: "prometheus-alertmanager",
  amtool: "prometheus-alertmanager",
} as const;

/** What a stack cannot do without and this machine has not, each with what to install. */
export function whatIsMissing(): string[] {
  const monitors = keys(MONITORING).filter((program) => monitoringProgram(program) === undefined);
  const typed = keys(TYPED).filter((program) => spawnSync(program, ["--version"]).error !== undefined);
  return [
    ...(noPostgres === undefined ? [] : [noPostgres]),
    ...monitors.map((program) => notThere(program, MONITORING[program])),
    ...typed.map((program) => notThere(program, TYPED[program])),
  ];
}

const notThere = (program: string, debian: string) => `no ${program} on the PATH (Debian's ${debian})`;

const keys = <Key extends string>(table: Readonly<Record<Key, string>>) => Object.keys(table) as Key[];
