import { readFileSync } from "node:fs";

interface Panel {
  targets?: { expr: string }[];
}

/** Every query of the Grafana dashboard, its variables filled in as Grafana does it. */
export function dashboardQueries(): string[] {
  const file = "monitoring/grafana/dashboards/holdfast.json";
  const { panels } = JSON.parse(readFileSync(file, "utf8")) as { panels: Panel[] };
  return panels
    .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    .map((query) => query.replaceAll("$chain", ".*").replaceAll("$__rate_interval", "1m"));
}

/** The queries of all rules that a Prometheus has loaded. */
export async function ruleQueries(url: string): Promise<string[]> {
  const answer = (await (await fetch(`${url}/api/v1/rules`)).json()) as {
    data: { groups: { rules: { query: string }[] }[] };
  };
  return answer.data.groups.flatMap(({ rules }) => rules.map(({ query }) => query));
}

/** The metrics that a query names. */
export const metricNames = (query: string): string[] =>
  query
    .replaceAll(/"[^"]*"/g, "")
    .match(/\b(?:(?:chain|job):[a-z_:0-9]+|(?:holdfast|ponder|process)_[a-z0-9_]+|up\b)/g) ?? [];
