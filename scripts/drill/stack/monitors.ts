import path from "node:path";

import { startAlertmanager, startPrometheus } from "../../lib/monitoring.js";
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
  return { prometheus, alertmanager };
}

const at = (port: number) => `127.0.0.1:${port}`;
