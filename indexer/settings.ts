import { readFileSync } from "node:fs";

/**
 * A setting of the environment, or what stands in the file that `<name>_FILE` names: for values that are secret, such as
 * URLs with a password or a key, which an environment shows to everybody who may look at the process.
 */
export function setting(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (!file) return env[name];
  if (env[name]) throw new Error(`Both ${name} and ${name}_FILE are set: leave one of them out.`);
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Error(`${name}_FILE names ${file}, which cannot be read: ${(error as Error).message}.`);
  }
}

/** Connections that one process may open to Postgres. */
export function poolSize({ HOLDFAST_DATABASE_POOL: given = "30" }: NodeJS.ProcessEnv): number {
  const size = Number(given);
  if (!Number.isInteger(size) || size < 5) {
    throw new Error(`HOLDFAST_DATABASE_POOL takes a whole number from 5 on, not ${given}.`);
  }
  return size;
}

/** Minutes that the index may stand still while its chain goes on. */
export function stallMinutes({ HOLDFAST_STALL_MINUTES: given = "5" }: NodeJS.ProcessEnv): number {
  const minutes = Number(given);
  if (!(minutes > 0)) throw new Error(`HOLDFAST_STALL_MINUTES takes a number above 0, not ${given}.`);
  return minutes;
}
