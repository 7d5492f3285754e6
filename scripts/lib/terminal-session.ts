import hre from "hardhat";
import { ArgumentType } from "hardhat/types/arguments";
import type { Task } from "hardhat/types/tasks";

import { Fault } from "../../deploy/fault.js";
import type { Typed } from "./terminal.js";

// The other end of a `Terminal`: is sent the words of a command, runs its task, and answers with what that said.

process.on("message", (typed: Typed) => void run(typed).then((said) => process.send!(said)));
process.once("disconnect", () => process.exit());
// Whoever started it decides when it ends: Ctrl-C reaches every process of a terminal.
process.on("SIGINT", () => {});
await new Promise(() => {});

async function run({ words, variables }: Typed) {
  const said = { stdout: "", stderr: "" };
  const restore = [
    listen("stdout", said),
    listen("stderr", said),
    ...Object.entries(variables).map(setVariable),
  ];
  process.exitCode = undefined;
  try {
    const { task, rest } = find(words);
    await task.run(parse(task, rest));
  } catch (error) {
    process.exitCode = 1;
    said.stderr += `${(error as Error).message}\n`;
  }
  for (const undo of restore) undo();
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  return { code, ...said };
}

/** The task whose name begins the words, the longest there is. */
function find(words: readonly string[]): { task: Task; rest: readonly string[] } {
  const end = words.findIndex((word) => word.startsWith("-"));
  for (let length = end < 0 ? words.length : end; length > 0; length--) {
    try {
      return { task: hre.tasks.getTask(words.slice(0, length)), rest: words.slice(length) };
    } catch {
      // A shorter name may be one.
    }
  }
  throw new Fault(`There is no task ${words.join(" ")}.`);
}

function parse(
  { id, options, positionalArguments }: Task,
  words: readonly string[],
): Record<string, unknown> {
  const parsed: Record<string, unknown> = {};
  const positional = positionalArguments.map((argument) => argument.name);
  for (let i = 0; i < words.length; i++) {
    if (!words[i]!.startsWith("-") && positional.length > 0) {
      parsed[positional.shift()!] = words[i];
      continue;
    }
    const name = words[i]!.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const option = words[i]!.startsWith("--") ? options.get(name) : undefined;
    if (option === undefined) throw new Fault(`${id.join(" ")} has no option ${words[i]}.`);
    if (option.type === ArgumentType.FLAG) parsed[name] = true;
    else if (option.type === ArgumentType.INT) parsed[name] = Number(words[++i]);
    else parsed[name] = words[++i];
  }
  return parsed;
}

/** Returns what puts back what was there. */
function setVariable([name, value]: readonly [string, string]): () => void {
  const before = process.env[name];
  process.env[name] = value;
  return () => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  };
}

/** Takes what is written to a stream of this process. Returns what gives it back. */
function listen(name: "stdout" | "stderr", said: Record<typeof name, string>): () => void {
  const stream = process[name];
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array) => {
    said[name] += chunk.toString();
    return true;
  };
  return () => (stream.write = write);
}
