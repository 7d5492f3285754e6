import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { howItEnded, requireFreePort, stopProcess, tieToThisProcess, untilReady } from "./processes.js";

const HOST = "127.0.0.1";
/** Where the rules stand, as `alerts.yml` and `recording.yml`. */
export const RULES = fileURLToPath(new URL("../../monitoring/prometheus/", import.meta.url));

/** The programs of monitoring, by the names that their own archives and Debian give them. */
const programs = {
  prometheus: ["prometheus"],
  promtool: ["promtool"],
  alertmanager: ["alertmanager", "prometheus-alertmanager"],
  amtool: ["amtool"],
};

/** The name under which a program of monitoring is on the PATH, or nothing. */
export function monitoringProgram(name: keyof typeof programs): string | undefined {
  return programs[name].find((command) => spawnSync(command, ["--version"]).status === 0);
}

/** A running Prometheus or Alertmanager. */
export interface Monitor {
  url: string;
  stop(): Promise<void>;
}

/** A sample of an instant query. */
export interface Sample {
  metric: Record<string, string>;
  value: number;
}

/**
 * Starts a Prometheus with the rules of `monitoring/prometheus`, which looks every second.
 * @param options.jobs What it scrapes: hosts with ports, by job.
 * @param options.alertmanager Host and port of the Alertmanager it tells.
 * @param options.rulesDirectory Where other files of the same names stand, to be used instead.
 */
export function startPrometheus(options: {
  port: number;
  jobs: Record<string, string[]>;
  alertmanager?: string;
  rulesDirectory?: string;
}): Promise<Monitor> {
  const { port, jobs, alertmanager, rulesDirectory = RULES } = options;
  const config = {
    global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
    rule_files: ["recording.yml", "alerts.yml"].map((file) => join(rulesDirectory, file)),
    alerting: { alertmanagers: alertmanager ? [{ static_configs: [{ targets: [alertmanager] }] }] : [] },
    scrape_configs: Object.entries(jobs).map(([job, targets]) => ({
      job_name: job,
      static_configs: [{ targets }],
    })),
  };
  return startMonitor("prometheus", port, config, "/-/ready", (file, directory) => [
    `--config.file=${file}`,
    // An Alertmanager that was started anew learns soon what fires.
    "--rules.alert.resend-delay=5s",
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=${HOST}:${port}`,
  ]);
}

/**
 * Starts an Alertmanager that tells everything to one webhook, at once.
 * @param options.webhook The URL that gets each notification.
 */
export function startAlertmanager({ port, webhook }: { port: number; webhook: string }): Promise<Monitor> {
  const config = {
    route: { receiver: "webhook", group_by: ["alertname"], group_wait: "0s", group_interval: "1s" },
    receivers: [{ name: "webhook", webhook_configs: [{ url: webhook }] }],
  };
  return startMonitor("alertmanager", port, config, "/-/ready", (file, directory) => [
    `--config.file=${file}`,
    `--storage.path=${directory}/data`,
    `--web.listen-address=${HOST}:${port}`,
    "--cluster.listen-address=",
  ]);
}

/** Asks a Prometheus; throws what it objects to. */
export async function askPrometheus(url: string, query: string): Promise<Sample[]> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
  const answer = (await response.json()) as {
    status: string;
    error?: string;
    data?: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (answer.status !== "success") throw new Error(`Prometheus refuses ${query}: ${answer.error}`);
  return answer.data!.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
}

async function startMonitor(
  name: "prometheus" | "alertmanager",
  port: number,
  config: object,
  readyPath: string,
  args: (configFile: string, directory: string) => string[],
): Promise<Monitor> {
  const command = monitoringProgram(name);
  if (!command)
    throw new Error(`${name} is not on the PATH: install it (Debian: prometheus-alertmanager, prometheus).`);
  await requireFreePort(port, HOST);
  const directory = await mkdtemp(join(tmpdir(), `holdfast-${name}-`));
  // JSON is YAML.
  const file = join(directory, "config.yml");
  await writeFile(file, JSON.stringify(config));

  const child = spawn(command, args(file, directory), { stdio: ["ignore", "ignore", "pipe"] });
  tieToThisProcess(child);
  let complaint = "";
  child.stderr.on("data", (data: Buffer) => (complaint = (complaint + data.toString()).slice(-2000)));
  const url = `http://${HOST}:${port}`;
  const stop = async () => {
    if (!howItEnded(child)) await stopProcess(child, 3000);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(child, async () => (await fetch(url + readyPath)).ok, 30_000);
  } catch (problem) {
    await stop();
    throw new Error(`${name} ${(problem as Error).message}. ${complaint}`);
  }
  return { url, stop };
}
