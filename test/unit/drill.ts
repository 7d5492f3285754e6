import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { Fault } from "../../deploy/fault.js";
import { Leader } from "../../scripts/drill/by-hand/leader.js";
import { verdict } from "../../scripts/drill/by-hand/verdict.js";
import { choose } from "../../scripts/drill/catalogue.js";
import { blocksFor, type Happening } from "../../scripts/drill/exercise/happening.js";
import { INCIDENTS } from "../../scripts/drill/incidents/index.js";
import { SCENARIOS } from "../../scripts/drill/scenarios.js";
import { whatIsMissing } from "../../scripts/drill/stack/missing.js";
import { StandIns } from "../../scripts/drill/stack/stand-ins.js";
import { readRunbook } from "../../scripts/lib/pages/runbook.js";

const run = promisify(execFile);

describe("what can be played", () => {
  it("has a name of its own each, which can be typed", () => {
    const names = [...SCENARIOS, ...INCIDENTS].map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const name of names) expect(name).to.match(/^[a-z]+(-[a-z]+)*$/);
  });

  it("has done by hand what its page leaves to people in its case, and nothing else", async () => {
    for (const incident of INCIDENTS) {
      const runbook = await readRunbook(incident.runbook);
      const left = blocksFor({ incident, runbook } as Happening).flatMap(({ byHand }) => byHand ?? []);
      expect(Object.keys(incident.byHand ?? {}), incident.name).to.deep.equal(left);
    }
  });

  it("is told where there is none of a name, or nothing of it to be done by hand", () => {
    expect(() => choose("worse-upgrade", false)).to.throw(Fault, "stolen-key: An operator's key is in other");
    expect(() => choose("bad-upgrade", true)).to.throw(Fault, "nothing of it is left to be done by hand");
  });

  it("needs programs, and says of each that is missing in which package it comes", () => {
    const { PATH } = process.env;
    process.env.PATH = "/nowhere";
    try {
      for (const program of ["prometheus", "alertmanager", "amtool", "psql", "curl"])
        expect(whatIsMissing().join("\n")).to.match(
          new RegExp(`no ${program} on the PATH \\(Debian's \\S+\\)`),
        );
      expect(() => choose("leak", false)).to.throw(Fault, "leak cannot be played on this machine:\n  no ");
    } finally {
      process.env.PATH = PATH;
    }
  });
});

describe("a program that is played", () => {
  let folder: string;
  let standIns: StandIns;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "holdfast-stand-ins-"));
    standIns = await StandIns.open(path.join(folder, "bin"), {
      docker: (words, { WHO }) =>
        Promise.resolve({ code: 3, stdout: `${WHO}: ${words.join("|")}`, stderr: "oh" }),
      broken: () => Promise.reject(new Error("It is broken.")),
    });
  });
  after(async () => {
    await standIns.stop();
    await rm(folder, { recursive: true });
  });

  const bash = (commands: string) =>
    run("bash", ["-c", commands], { env: { ...process.env, ...standIns.variables, WHO: "me" } }).catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it("gets words and variables, and prints and ends as it is told", async () => {
    const said = await bash("docker 'one word' two");
    expect(said).to.include({ code: 3, stdout: "me: one word|two", stderr: "oh" });
  });

  it("says what went wrong instead of hanging", async () => {
    expect(await bash("broken")).to.include({ code: 127, stderr: "It is broken.\n" });
  });

  it("listens where nobody else on the machine can call it", async () => {
    expect((await stat(path.join(folder, "bin"))).mode & 0o077).to.equal(0);
  });
});

describe("whoever leads an exercise", () => {
  const acts: string[] = [];
  const leader = new Leader({
    causedAt: 0,
    known: { PAYMENT: "0x1" },
    incident: {
      name: "odd",
      happens: "something is odd",
      byHand: { refill: () => Promise.resolve(acts.push("refill")) },
    },
    stack: {
      pager: { told: [] },
      variables: {},
      typing: (who: string) => {
        if (who !== "ADMIN") throw new Fault(`Nobody is ${who}.`);
        return { ME: "--signer keystore", MY_ADDRESS: "0x2" };
      },
      world: { clock: { pass: (seconds: bigint) => Promise.resolve(acts.push(`${seconds} s`)) } },
    },
  } as unknown as Happening);
  const ask = (...words: string[]) => leader.answer(words, {});

  it("tells what there is, and what the page needs", async () => {
    const { stdout, code } = await ask();
    expect(stdout)
      .to.include("Somebody reports: Something is odd.")
      .and.to.include("drill check")
      .and.to.include("drill people")
      .and.to.include("export PAYMENT=0x1");
    expect(code).to.equal(0);
  });

  it("gives somebody else's keys, as a command of the shell", async () => {
    expect((await ask("as", "ADMIN")).stdout).to.equal("export ME='--signer keystore' MY_ADDRESS='0x2'\n");
    expect(await ask("as", "MALLORY")).to.include({ code: 1, stderr: "Nobody is MALLORY.\n" });
  });

  it("lets time pass, and has people do what is theirs, once", async () => {
    await ask("pass", "2d");
    expect((await ask("people")).stdout).to.equal("refill\n");
    await ask("people", "refill");
    expect(await ask("people", "refill")).to.include({ code: 1, stderr: "It is done already: refill.\n" });
    expect((await ask("people", "pray")).code).to.equal(1);
    expect((await ask("pass", "soon")).code).to.equal(1);
    expect(acts).to.deep.equal(["172800 s", "refill"]);
  });

  it("refuses what it does not know", async () => {
    for (const verb of ["nonsense", "constructor", "toString"])
      expect((await ask(verb)).stderr).to.include(`There is no drill ${verb}`);
  });

  it("says that all is well only if it is, and only of what can be looked up", () => {
    expect(verdict([], undefined)).to.equal("All is well.");
    expect(verdict(["The alert rings still."], undefined)).to.equal("Still wrong:\n  The alert rings still.");
    expect(verdict([], "Ask the buyer.")).to.include("leaves the rest to people: Ask the buyer.");
  });
});
