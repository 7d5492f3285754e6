import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { expect } from "chai";
import hre from "hardhat";

import { FUNCTION_ROLES, ROLE_NAMES } from "../../deploy/roles.js";
import { INCIDENTS } from "../../scripts/drill/incidents/index.js";
import { Pager, type Alert, type Heard } from "../../scripts/drill/stack/pager.js";
import { sooner } from "../../scripts/drill/stack/rules.js";
import { SET_BY_EVERYBODY } from "../../scripts/drill/stack/start.js";
import { missingLine } from "../../scripts/drill/exercise/seen.js";
import { codeIn, readPage, sectionOf } from "../../scripts/lib/pages/markdown.js";
import {
  commonVariables,
  OTHER_PAGES,
  readRunbook,
  runbookNames,
  runbookPath,
  SECTIONS,
  type Runbook,
} from "../../scripts/lib/pages/runbook.js";
import { VERBS, wordsOf as wordsOfVerb, type VerbName } from "../../scripts/ops/verbs.js";

const ALERTS = readFileSync("monitoring/prometheus/alerts.yml", "utf8");
/** The page that each alert names; the same name may stand there twice, with two severities. */
const pageOfAlert = new Map(
  ALERTS.split(/^ +- alert: /m)
    .slice(1)
    .map((text) => [/^\w+/.exec(text)![0], /runbook: docs\/runbooks\/([a-z-]+)\.md/.exec(text)![1]!]),
);

/** What the roles' table knows, as `escrow.pause`, and what anybody may call. */
const FUNCTIONS = Object.entries(FUNCTION_ROLES).flatMap(([contract, roles]) =>
  Object.values(roles as Record<string, readonly string[]>).flatMap((names) =>
    names.map((name) => `${contract}.${name.replace(/\(.*/, "")}`),
  ),
);

const SCRIPTS = Object.keys(
  (JSON.parse(readFileSync("package.json", "utf8")) as { scripts: object }).scripts,
);

/** Every page of the issue's list. */
const WANTED = [
  "stuck-payments",
  "duplicate-payment",
  "missing-payment",
  "suspected-leak",
  "disputed-release",
  "suspicious-proof",
  "compromised-key",
  "leaked-secret",
  "chain-or-rpc-outage",
  "slow-rpc",
  "index-behind",
  "index-wrong",
  "database-down",
  "bad-upgrade",
  "pause",
  "failed-reconciliation",
  "compliance-block",
  "nonce-trouble",
  "package-compromise",
];

describe("the runbooks", () => {
  let runbooks: Runbook[];
  before(async () => {
    runbooks = await Promise.all((await runbookNames()).map(readRunbook));
  });

  it("are there for everything that has to have one", () => {
    expect(runbooks.map(({ name }) => name)).to.include.members(WANTED);
    expect(OTHER_PAGES).to.include.members(["comms", "roster", "severities", "exercise", "post-mortem"]);
  });

  it("have every section, in this order, and none of them empty", () => {
    for (const { name, page } of runbooks) {
      expect(
        page.sections.map(({ heading }) => heading),
        name,
      ).to.deep.equal(SECTIONS);
      for (const { heading, text } of page.sections) expect(text, `${name}: ${heading}`).to.not.equal("");
    }
  });

  it("name an owner, a severity that is defined, and what opens them", async () => {
    const { rows } = sectionOf(
      { ...(await readPage("docs/runbooks/severities.md")), sections: await tableOf("severities") },
      "table",
    );
    const severities = rows.map(([severity]) => severity!.replaceAll("*", ""));
    expect(severities).to.have.length(4);
    for (const { name, fields } of runbooks) {
      expect(fields.owner, name).to.match(/^[a-z]+ on call$/);
      expect(fields.trigger, name).to.not.equal("");
      expect(fields.severity.match(/SEV\d/g), name).to.not.equal(null);
      for (const severity of fields.severity.match(/SEV\d/g)!) expect(severities, name).to.include(severity);
    }
  });

  it("are opened by the alerts that name them, and every alert names one", () => {
    expect(pageOfAlert.size).to.be.greaterThan(20);
    const claimed = new Map(runbooks.flatMap(({ name, alerts }) => alerts.map((alert) => [alert, name])));
    const own = (alert: string, name: string) => pageOfAlert.get(alert) === name;
    for (const [alert, page] of pageOfAlert) {
      const runbook = runbooks.find(({ name }) => name === page);
      expect(runbook, `${alert} names ${page}`).to.not.equal(undefined);
      expect(runbook!.alerts, page).to.include(alert);
    }
    for (const [alert, name] of claimed) expect(own(alert, name), `${name}: ${alert}`).to.equal(true);
  });

  it("are all in the contents", async () => {
    const contents = await readFile("docs/runbooks/README.md", "utf8");
    for (const name of [...runbooks.map((runbook) => runbook.name), ...OTHER_PAGES]) {
      if (name !== "README") expect(contents, name).to.include(`(${name}.md)`);
    }
  });

  it("say where it takes two people to move money, by functions and roles that are there", () => {
    for (const { name, fields } of runbooks) {
      const text = fields["two people"];
      const functions = codeIn(text);
      const movesMoney =
        /by hand/i.test(runbookText(name)) &&
        /\b(refund|release|claim|withdrawCredit|sweepSurplus|resolve)\(/.test(runbookText(name));
      if (movesMoney) expect(functions, `${name}: ${text}`).to.not.be.empty;
      if (functions.length === 0) expect(text, name).to.match(/^no money moves/);
      for (const called of functions) expect(FUNCTIONS, name).to.include(called);
      for (const role of text.match(/\b[A-Z]{5,}\b/g) ?? []) expect(ROLE_NAMES, name).to.include(role);
    }
  });

  it("say where one account moves money alone, and from which amount on it takes another", async () => {
    const operating = runbooks.filter(({ blocks }) => blocks.some(({ as }) => as === "OPERATOR"));
    expect(operating).to.not.be.empty;
    for (const { name, fields } of operating)
      expect(fields["two people"], name).to.match(
        /below the token's threshold by OPERATOR alone; from it on .*`escrow\.approvePayout` by APPROVER, another account/,
      );
    const said = sectionOf(await readPage("docs/runbooks/README.md"), "Two people").text;
    expect(said).to.match(/^Below a token's approval threshold one OPERATOR moves money alone/);
    expect(said).to.include("OPERATOR alone, of a payment below the token's threshold");
  });

  it("give money back only where the chain said of both deposits, of all that the order says, that they are there", () => {
    const blocks = runbooks.flatMap((runbook) => runbook.blocks);
    const refunding = blocks.filter(({ commands }) => commands.includes("npx hardhat payment refund"));
    expect(refunding).to.not.be.empty;
    for (const { commands } of refunding) {
      const [before] = commands.split("npx hardhat payment refund");
      for (const which of ["EARLIER", "LATER"])
        expect(before).to.include(`verify-proof $${which}_TRANSACTION --payment $${which} \${ORDER:?} `);
      // One payment would pass as its own duplicate.
      expect(before)
        .to.match(/^test .*LATER.* != .*EARLIER/)
        .and.to.match(/&&\n$/);
      expect(statementsOf(commands)).to.have.length(1);
    }
    const said = blocks.find(({ commands }) => commands.startsWith("export ORDER="))!.commands;
    for (const word of ["reference", "buyer", "seller", "token", "amount"])
      expect(said).to.include(`--${word} $${word.toUpperCase()}`);
  });

  it("type only commands that are there, with options that they have", () => {
    let count = 0;
    for (const { name, blocks } of runbooks) {
      for (const { commands } of blocks) {
        for (const [, line] of joined(commands).matchAll(/npx hardhat ([^|;\n]*)/g)) {
          const words = wordsOf(line!);
          const options = words.filter((word) => word.startsWith("--"));
          const known = tasksOf(words);
          expect(known, `${name}: npx hardhat ${line}`).to.not.be.empty;
          for (const option of options) {
            if (option === "--network") continue;
            const camel = option.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
            for (const task of known)
              expect([...task.options.keys()], `${name}: npx hardhat ${line}`).to.include(camel);
          }
          count += 1;
        }
        for (const [, script] of commands.matchAll(/npm run (?:--silent )?(\S+)/g))
          expect(SCRIPTS, name).to.include(script);
      }
    }
    expect(count).to.be.greaterThan(20);
  });

  it("say what is to be seen where a command ends with a finding, as one that was typed wrong ends so, too", () => {
    let count = 0;
    for (const { name, blocks } of runbooks) {
      for (const { commands, exits, seen } of blocks) {
        if (!commands.includes("npx hardhat") || exits === undefined || exits === 0) continue;
        expect(seen, `${name}: ${commands}`).to.not.be.empty;
        count += 1;
      }
    }
    expect(count).to.be.greaterThan(5);
  });

  it("use only variables that are set: by everybody on call, or as the page says", async () => {
    const common = (await commonVariables()).map((variable) => variable.slice(1));
    expect(common).to.include("NETWORK");
    for (const { name, blocks, needs } of runbooks) {
      const set = blocks.flatMap(({ commands }) =>
        Array.from(
          commands.matchAll(/(?:\bread -r ([A-Za-z_ ]+)|\bexport ([A-Za-z_]+)|^([A-Za-z_]+))\b/gm),
          ([, ...names]) => names.filter((name) => name !== undefined).flatMap((name) => name.split(" ")),
        ).flat(),
      );
      const used = blocks.flatMap(({ commands }) =>
        Array.from(commands.matchAll(/\$\{?([A-Za-z_]+)/g), ([, variable]) => variable!),
      );
      for (const variable of used)
        expect([...common, ...needs, ...set], `${name}: $${variable}`).to.include(variable);
    }
  });

  it("plan anew what lost its nonce word for word, and run nothing of it", () => {
    const { blocks } = runbooks.find(({ name }) => name === "nonce-trouble")!;
    const [planning] = blocks.filter(({ commands }) => commands.includes("npx hardhat ops plan"));
    const typed = (act: string) => {
      const said = spawnSync(
        "bash",
        ["--norc", "-c", `npx() { printf '<%s>' "$@"; }; ${planning!.commands}`],
        {
          env: { ...process.env, NETWORK: "n", OPERATION: "7", ACT: act },
          encoding: "utf8",
        },
      );
      return { code: said.status, words: /<plan>(.*)<--network><n><--reason>/.exec(said.stdout)?.[1] };
    };
    const quoted = `upgrade --call f --args '["a b", "$(id)"]' --name "two words"`;
    expect(typed(quoted).words).to.equal('<upgrade><--call><f><--args><["a b", "$(id)"]><--name><two words>');
    for (const act of ["", "pause --bits 'deposits"]) expect(typed(act).code, act).to.not.equal(0);
    expect(typed("pause --bits 'deposits").words).to.equal(undefined);
  });

  it("say of what lost its nonce which options planning does not take", () => {
    const field = runbookText("nonce-trouble").match(/^\| \*\*you need\*\*.*$/m)![0];
    for (const verb of Object.keys(VERBS) as VerbName[]) {
      const planned = hre.tasks.getTask(["ops", "plan", ...wordsOfVerb(verb)]);
      const known = taskOf(["ops", ...wordsOfVerb(verb)]);
      for (const name of known?.options.keys() ?? []) {
        const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
        if (!planned.options.has(name)) expect(field, `${verb}: ${option}`).to.include(`\`${option}\``);
      }
    }
  });

  it("have everybody on call set exactly what the drill sets for those who type", async () => {
    const common = (await commonVariables()).map((variable) => variable.slice(1));
    expect([...SET_BY_EVERYBODY, "ME", "MY_ADDRESS"]).to.have.members(common);
  });

  it("ask the index of one chain, as several may share it", () => {
    // An index is made anew of all its chains.
    const ofAllChains = ["index-wrong"];
    let count = 0;
    for (const { name, blocks } of runbooks.filter(({ name }) => !ofAllChains.includes(name))) {
      for (const { commands } of blocks) {
        const asked = commands.match(/\bfrom holdfast\.\w+/g) ?? [];
        const bound = commands.match(/\bfrom holdfast\.\w+\s+where chain_id = \$CHAIN_ID\b/g) ?? [];
        expect(bound, `${name}: ${commands}`).to.have.length(asked.length);
        count += asked.length;
      }
    }
    expect(count).to.be.greaterThan(10);
  });

  it("go on within a block only when what came before went well, as a shell without -e does not stop", () => {
    // Whoever only looks, remembers or signs does no harm; what sends it looks for the signatures by itself.
    const harmless = /^(export \w+=|\w+=\$\(cut |curl |npx hardhat ops sign )/;
    let count = 0;
    for (const { name, blocks } of runbooks) {
      for (const { commands } of blocks.filter(({ byHand }) => byHand === undefined)) {
        for (const statement of statementsOf(commands).slice(0, -1))
          expect(statement, `${name}: ${commands}`).to.match(harmless);
        count += 1;
      }
    }
    expect(count).to.be.greaterThan(100);
    expect(statementsOf("a &&\nb\nfor c in d; do\n  e 'f\n  g'\ndone | h\n")).to.have.length(2);
  });

  it("mark every block as to be run, to be seen, or for people, and tell others what to say", () => {
    for (const { name, strays, page } of runbooks) {
      expect(strays, name).to.deep.equal([]);
      expect(sectionOf(page, "Comms").text, name).to.include("```text manual");
    }
  });

  it("say no more than somebody can read at night", () => {
    for (const { name } of runbooks) expect(runbookText(name).split("\n").length, name).to.be.lessThan(160);
  });

  it("tell others nothing that is personal", () => {
    for (const { name, page } of runbooks) {
      const templates = sectionOf(page, "Comms").text;
      expect(templates, name).to.not.match(/0x[0-9a-fA-F]{4}|\$\{?[A-Z]|\[(address|account|name of)/);
    }
  });

  it("are exercised by a test wherever they say so, and nowhere else", () => {
    const exercised = new Set(INCIDENTS.map(({ runbook }) => runbook));
    for (const { name, fields, blocks } of runbooks) {
      expect(fields["exercised by"], name).to.equal(exercised.has(name) ? "a test" : "people");
      const cases = INCIDENTS.filter(({ runbook }) => runbook === name).flatMap(
        (incident) => incident.cases ?? [],
      );
      for (const { when } of blocks)
        if (when !== undefined && exercised.has(name)) expect(cases, name).to.include(when);
    }
    for (const name of exercised) expect(runbooks.map((runbook) => runbook.name)).to.include(name);
  });
});

describe("what plays the incidents", () => {
  it("finds what a page promises, in its order, wherever `…` stands for anything", () => {
    expect(missingLine(["a…c", "e"], "x\nabc d\ne")).to.equal(undefined);
    expect(missingLine(["e", "a…c"], "abc\ne")).to.equal("a…c");
    expect(missingLine(["a.c"], "abc")).to.equal("a.c");
  });

  it("takes for an alert's end what is told of it, and not of its namesake or of an earlier time", async () => {
    const pager = await Pager.start();
    const tell = async (status: Alert["status"], chain: string) => {
      const alerts = [{ status, labels: { alertname: "Odd", chain }, annotations: {} }];
      await fetch(pager.url, { method: "POST", body: JSON.stringify({ alerts }) });
    };
    const isOver = (heard: Heard) =>
      pager.hearEndOf(heard, 0).then(
        () => true,
        () => false,
      );
    try {
      await tell("resolved", "one");
      await tell("firing", "one");
      await tell("firing", "other");
      const heard = await pager.hear("firing", "Odd", 0, 5);
      expect(heard.alert.labels.chain).to.equal("one");
      await tell("resolved", "other");
      expect(await isOver(heard)).to.equal(false);
      await tell("resolved", "one");
      await tell("firing", "one");
      expect(await isOver(heard)).to.equal(false);
      await tell("resolved", "one");
      expect((await pager.hearEndOf(heard, 5)).alert.labels).to.deep.equal(heard.alert.labels);
    } finally {
      await pager.stop();
    }
  });

  it("shortens how long a condition must hold, and nothing else", () => {
    const shorter = sooner(ALERTS);
    expect(shorter)
      .to.include("for: 2s")
      .and.to.not.match(/for: \d+m/);
    const withoutFor = (text: string) => text.replaceAll(/^ +for: .*\n/gm, "");
    expect(withoutFor(shorter)).to.equal(withoutFor(ALERTS));
  });
});

const runbookText = (name: string) => readFileSync(runbookPath(name), "utf8");

/** The rows of a page's first table, as a section. */
async function tableOf(page: string) {
  const { text } = await readPage(`docs/runbooks/${page}.md`);
  const rows = [...text.matchAll(/^\| (\*\*\S+\*\*) +\|/gm)].map(([, cell]) => [cell!]);
  return [{ heading: "table", text, rows }];
}

/** What a shell runs one after the other, whatever the one before came to; told by bash itself. */
function statementsOf(commands: string): string[] {
  const printed = spawnSync("bash", ["--norc", "-c", `block() {\n${commands}\n}\ndeclare -f block`], {
    encoding: "utf8",
  });
  expect(printed.status, `${commands}${printed.stderr}`).to.equal(0);
  // It puts four blanks before each; of loops it prints more lines like that.
  const lines = printed.stdout.split("\n").filter((line) => /^ {4}\S/.test(line));
  return lines.map((line) => line.trim()).filter((line) => !/^(do|done\b.*);?$/.test(line));
}

/** Without line breaks that a backslash undoes. */
const joined = (commands: string) => commands.replaceAll("\\\n", " ");

const wordsOf = (line: string) =>
  Array.from(line.matchAll(/"[^"]*"|'[^']*'|\S+/g), ([word]) => word).filter((word) => word !== "");

/** The task that is typed; where a variable says which, all that it may be. */
function tasksOf(words: readonly string[]) {
  if (words[2] === '"${act[@]}"')
    return (Object.keys(VERBS) as VerbName[]).map((verb) => taskOf(["ops", "plan", ...wordsOfVerb(verb)])!);
  return [taskOf(words) ?? []].flat();
}

/** The task whose name begins the words, the longest there is. */
function taskOf(words: readonly string[]) {
  const end = words.findIndex((word) => word.startsWith("-"));
  for (let length = end < 0 ? words.length : end; length > 0; length--) {
    try {
      return hre.tasks.getTask(words.slice(0, length));
    } catch {
      // A shorter name may be one.
    }
  }
  return undefined;
}
