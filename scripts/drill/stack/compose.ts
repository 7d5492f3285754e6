import { own } from "../../lib/own.js";
import type { Said } from "../../lib/terminal.js";

/** A service of compose.yml, as it runs here: the same process, without its container. */
export interface Service {
  readonly isRunning: boolean;
  /** Whether it runs with something else than these variables say now: then Docker replaces it. */
  isOutdated?(variables: NodeJS.ProcessEnv): boolean;
  /** @param variables Environment variables of whoever types. */
  start(variables: NodeJS.ProcessEnv): Promise<void>;
  stop(): Promise<void>;
  readonly log: readonly string[];
}

/**
 * `docker compose`, as far as the runbooks type it, for machines without Docker. What a page asks for and this does not
 * know is refused, so that a page cannot pass untried.
 */
export class Compose {
  constructor(private readonly services: Readonly<Record<string, Service>>) {}

  readonly run = async (words: readonly string[], variables: NodeJS.ProcessEnv): Promise<Said> => {
    const [compose, ...rest] = withoutProfile(words);
    const [verb, ...args] = rest;
    const act = compose === "compose" ? own(this.#verbs, verb ?? "") : undefined;
    if (act === undefined) throw new Error(`docker ${words.join(" ")} is not played here.`);
    return await act(args, variables);
  };

  readonly #verbs: Readonly<
    Record<string, (args: readonly string[], variables: NodeJS.ProcessEnv) => Promise<Said>>
  > = {
    ps: (args) => {
      if (args.join(" ") !== "--all --format {{.Service}} {{.State}}")
        throw new Error(`docker compose ps ${args.join(" ")} is not played here.`);
      const lines = Object.entries(this.services)
        .filter(([, { log, isRunning }]) => isRunning || log.length > 0)
        .map(([name, { isRunning }]) => `${name} ${isRunning ? "running" : "exited"}`);
      return Promise.resolve(done(lines));
    },
    logs: (args) => {
      const [option, count, name] = args;
      if (option !== "--tail") throw new Error(`docker compose logs ${args.join(" ")} is not played here.`);
      const lines = this.#named(name).log.slice(-Number(count));
      return Promise.resolve(done(lines.map((line) => `${name}  | ${line}`)));
    },
    up: async (args, variables) => {
      const { options, names } = apart(args, ["--detach", "--force-recreate", "--wait"]);
      if (!options.includes("--detach")) throw new Error("Without --detach it would not return.");
      const anew = options.includes("--force-recreate");
      return await this.#each(names, async (service) => {
        if (service.isRunning && !anew && !service.isOutdated?.(variables)) return;
        await service.stop();
        await service.start(variables);
      });
    },
    start: async (args, variables) =>
      await this.#each(args, async (service) => {
        if (!service.isRunning) await service.start(variables);
      }),
    stop: async (args) => await this.#each(args, (service) => service.stop()),
    restart: async (args, variables) =>
      await this.#each(args, async (service) => {
        await service.stop();
        await service.start(variables);
      }),
  };

  async #each(names: readonly string[], act: (service: Service) => Promise<void>): Promise<Said> {
    await Promise.all(names.map((name) => act(this.#named(name))));
    return done([]);
  }

  #named(name: string | undefined): Service {
    const service = own(this.services, name ?? "");
    if (service === undefined) throw new Error(`no such service: ${name}`);
    return service;
  }
}

const done = (lines: readonly string[]): Said => ({
  code: 0,
  stdout: lines.map((line) => `${line}\n`).join(""),
  stderr: "",
});

/** A profile only makes more services known, and all are here. */
function withoutProfile(words: readonly string[]): readonly string[] {
  const at = words.indexOf("--profile");
  return at < 0 ? words : words.toSpliced(at, 2);
}

function apart(args: readonly string[], known: readonly string[]) {
  const options = args.filter((arg) => arg.startsWith("-"));
  const unknown = options.filter((option) => !known.includes(option));
  if (unknown.length > 0) throw new Error(`docker compose up ${unknown.join(" ")} is not played here.`);
  return { options, names: args.filter((arg) => !arg.startsWith("-")) };
}
