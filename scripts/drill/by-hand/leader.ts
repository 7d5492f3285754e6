import { Fault } from "../../../deploy/fault.js";
import { own } from "../../lib/own.js";
import type { Said } from "../../lib/terminal.js";
import { parseDuration } from "../../ops/arguments.js";
import type { Happening } from "../exercise/happening.js";
import { findTroubles, leftToPeople } from "../exercise/recovery.js";
import { seconds } from "../exercise/telling.js";
import { greeting } from "./greeting.js";
import { verdict } from "./verdict.js";

type Answer = string | { readonly code: number; readonly says: string };

/** Whoever leads the exercise, as a program of the shell: `drill`. */
export class Leader {
  readonly #done = new Set<string>();

  constructor(private readonly happening: Happening) {}

  readonly answer = async (
    [verb = "help", ...words]: readonly string[],
    variables: NodeJS.ProcessEnv,
  ): Promise<Said> => {
    try {
      const act = own(this.#verbs, verb);
      if (act === undefined) throw new Fault(`There is no drill ${verb}; drill alone tells what there is.`);
      const answer = await act(words, variables);
      const { code, says } = typeof answer === "string" ? { code: 0, says: answer } : answer;
      return { code, stdout: `${says}\n`, stderr: "" };
    } catch (error) {
      return { code: 1, stdout: "", stderr: `${(error as Error).message}\n` };
    }
  };

  readonly #verbs: Readonly<
    Record<string, (words: readonly string[], variables: NodeJS.ProcessEnv) => Promise<Answer> | Answer>
  > = {
    help: () => greeting(this.happening),
    as: ([who = ""]) => {
      const set = Object.entries(this.happening.stack.typing(who));
      // The shell's own function of this name carries it out.
      return `export ${set.map(([name, value]) => `${name}='${value}'`).join(" ")}`;
    },
    pass: async ([duration = ""]) => {
      await this.happening.stack.world.clock.pass(BigInt(parseDuration(duration, "drill pass")));
      return `It is ${duration} later on the chain.`;
    },
    pager: () => this.#pager(),
    people: ([what]) => this.#people(what),
    check: (_, variables) => this.#check(variables),
  };

  #pager(): string {
    const { causedAt, stack } = this.happening;
    const told = stack.pager.told.filter(
      ({ at, alert }) => at >= causedAt && alert.labels.alertname !== "Watchdog",
    );
    const lines = told.map(
      ({ at, alert: { status, labels, annotations } }) =>
        `${seconds(at - causedAt).toFixed(1)} s  ${status}  ${labels.alertname}: ${annotations.summary}`,
    );
    return lines.join("\n") || "It has not rung.";
  }

  async #people(what: string | undefined): Promise<string> {
    const { incident, stack } = this.happening;
    const acts = incident.byHand ?? {};
    if (what === undefined) return Object.keys(acts).join("\n") || "The page leaves nothing to people here.";
    const act = own(acts, what);
    if (act === undefined) throw new Fault(`Nobody does ${what}; drill people tells what there is.`);
    if (this.#done.has(what)) throw new Fault(`It is done already: ${what}.`);
    await act(stack);
    this.#done.add(what);
    return `It is done: ${what}.`;
  }

  async #check(variables: NodeJS.ProcessEnv): Promise<Answer> {
    const { stack } = this.happening;
    const set = Object.keys(stack.variables).map((name) => [name, variables[name] ?? ""] as const);
    const troubles = await findTroubles(this.happening, Object.fromEntries(set));
    return { code: troubles.length > 0 ? 1 : 0, says: verdict(troubles, leftToPeople(this.happening)) };
  }
}
