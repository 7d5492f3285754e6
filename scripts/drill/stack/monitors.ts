import path from "node:path";

import { eventually } from "../../lib/eventually.js";
import { askPrometheus, startAlertmanager, startPrometheus } from "../../lib/monitoring.js";
import { freePort } from "../../lib/processes.js";
import type { Running } from "../../lib/running.js";
import type { Pager } from "./pager.js";
import { writeSoonerRules } from "./rules.js";
import { MonitorService } from "./services.js";

export interface Monitored {
  readonly running: Running;
  readonly directory: string;
  readonly pager: Pager;
  /** Where the processes of the indexer answer. */
  readonly ports: Readonly<Record<"writer" | "next" | "api", number>>;
}

export type Monitors = Readonly<Record<"prometheus" | "alertmanager", MonitorService>>;

/** Starts what looks at a stack and wakes people: the real rules, a Prometheus and an Alertmanager. */
export async function startMonitors({ running, directory, pager, ports }: Monitored): Promise<Monitors> {
  const rulesDirectory = path.join(directory, "rules");
  await writeSoonerRules(rulesDirectory);
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  const alertmanager = new MonitorService(`http://${at(alertmanagerPort)}`, () =>
    startAlertmanager({ port: alertmanagerPort, webhook: pager.url }),
  );
  const jobs = {
    "holdfast-writer": [at(ports.writer), at(ports.next)],
    "holdfast-api": [at(ports.api)],
  };
  const prometheus = new MonitorService(`http://${at(prometheusPort)}`, () =>
    startPrometheus({ port: prometheusPort, jobs, alertmanager: at(alertmanagerPort), rulesDirectory }),
  );
  for (const monitor of [alertmanager, prometheus]) {
    running.keep({ stop: () => monitor.stop() });
    await monitor.start();
  }
  await untilLookedAt(prometheus.url, RUNNING);
  return { prometheus, alertmanager };
}

const at = (port: number) => `127.0.0.1:${port}`;

/** The writer and the replica. */
const RUNNING = 2;

/** What grows is seen by comparing it with what it was: whatever is to happen has to come later than the first look. */
const untilLookedAt = (prometheus: string, processes: number) =>
  eventually(async () => {
    const seen = await askPrometheus(prometheus, "up == 1");
    if (seen.length < processes)
      throw new Error(`Prometheus has seen ${seen.length} of ${processes} processes of the indexer.`);
  });
