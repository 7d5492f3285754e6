import { globalOption, overrideTask } from "hardhat/config";
import { ArgumentType } from "hardhat/types/arguments";
import type { HardhatPlugin } from "hardhat/types/plugins";
import { TaskDefinitionType, type TaskDefinition } from "hardhat/types/tasks";

import { EFFECTS } from "./effects.js";
import { MODES } from "./mode.js";

declare module "hardhat/types/global-options" {
  interface GlobalOptions {
    /** As it was typed. What counts is `mode()`. */
    mode: string | undefined;
  }
}

/**
 * `--mode` for every task, and the last line of what it promises: unless live, no connection that Hardhat makes to a chain
 * lets through what writes, whoever asks.
 */
export const modePlugin: HardhatPlugin = {
  id: "holdfast-mode",
  globalOptions: [
    globalOption({
      name: "mode",
      description: `What may be done: ${MODES.join(", ")}; the stricter of this and HOLDFAST_MODE`,
      type: ArgumentType.STRING_WITHOUT_DEFAULT,
      defaultValue: undefined,
    }),
  ],
  hookHandlers: { network: () => import("./network-hooks.js") },
};

const idOf = ({ id }: TaskDefinition) => id.join(" ");

/** Our tasks, each of which asks before it begins whether it may. */
export const guarded = (tasks: readonly TaskDefinition[]): TaskDefinition[] =>
  tasks.map((definition) => {
    if (definition.type !== TaskDefinitionType.NEW_TASK || !definition.action) return definition;
    const { action } = definition;
    return {
      ...definition,
      action: async () => {
        const { asking } = await import("./asking.js");
        return { default: asking(idOf(definition), (await action()).default) };
      },
    };
  });

/** Tasks of Hardhat and its plugins, overridden so that they ask first. */
export const guardedElsewhere = (ours: readonly TaskDefinition[]): TaskDefinition[] => {
  const known = new Set(ours.map(idOf));
  return Object.keys(EFFECTS)
    .filter((id) => !known.has(id))
    .map((id) =>
      overrideTask(id.split(" "))
        .setAction(async () => {
          const { asking } = await import("./asking.js");
          return { default: asking(id, (args, _, runSuper) => runSuper!(args)) };
        })
        .build(),
    );
};
