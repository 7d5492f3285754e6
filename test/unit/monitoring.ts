import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { expect } from "chai";

import { monitoringProgram } from "../../scripts/lib/monitoring.js";

const RULES = "monitoring/prometheus";
const read = (file: string) => readFileSync(`${RULES}/${file}`, "utf8");
const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: "utf8" });

/** Each alert with its severity and the text of its rule. */
const alerts = read("alerts.yml")
  .split(/^ +- alert: /m)
  .slice(1)
  .map((text) => ({
    name: /^\w+/.exec(text)![0],
    severity: /severity: (\w+)/.exec(text)?.[1],
    text,
  }));

describe("monitoring", () => {
  const promtool = monitoringProgram("promtool");
  const amtool = monitoringProgram("amtool");
  const withTools = promtool && amtool ? it : it.skip;

  describe("rules (what runs them needs promtool and amtool, Debian's prometheus and prometheus-alertmanager)", () => {
    it("wake people with a severity, a sentence and a page to open", () => {
      expect(alerts).to.have.length.greaterThan(20);
      for (const { name, severity, text } of alerts) {
        expect(severity, name).to.be.oneOf(["critical", "warning", "info", "none"]);
        expect(text, name).to.match(/summary: \S/);
        expect(text, name).to.match(/description: \S/);
        expect(text, name).to.match(/runbook: docs\/runbooks\/[a-z-]+\.md\n/);
      }
    });

    it("are each seen firing, and near it but quiet", () => {
      const tests = read("alerts.test.yml") + read("budgets.test.yml");
      for (const { name, severity } of alerts) {
        expect(tests, name).to.include(`name: ${name} (${severity}) fires`);
        if (name !== "Watchdog") expect(tests, name).to.include(`name: ${name} (${severity}) stays quiet`);
      }
    });

    it("are all in docs/production.md", () => {
      const page = readFileSync("docs/production.md", "utf8");
      for (const { name, severity, text } of alerts) {
        const runbook = /docs\/runbooks\/([a-z-]+)\.md/.exec(text)![1];
        expect(page).to.match(new RegExp(`^\\| \`${name}\` +\\| ${severity} .*\`${runbook}\` +\\|$`, "m"));
      }
    });

    withTools("are right in Prometheus' own eyes", () => {
      expect(run(promtool!, "check", "config", `${RULES}/prometheus.yml`)).to.include("SUCCESS");
      expect(run(amtool!, "check-config", "monitoring/alertmanager/alertmanager.yml")).to.include("SUCCESS");
    });

    withTools("do what their tests say", () => {
      run(promtool!, "test", "rules", `${RULES}/alerts.test.yml`, `${RULES}/budgets.test.yml`);
    });
  });
});
