import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { TaskArguments } from "hardhat/types/tasks";

import { command } from "../command.js";
import { mayWrite, mode, requireLive } from "../mode.js";
import { EFFECTS } from "./effects.js";

type Action = (
  args: TaskArguments,
  hre: HardhatRuntimeEnvironment,
  runSuper?: (args: TaskArguments) => Promise<unknown>,
) => unknown;

/**
 * An action that begins only if the mode lets it, whatever the action is: what is no mode lets none. What nobody has
 * classified is taken for the worst.
 */
export const asking =
  (id: string, action: Action): Action =>
  async (...given) => {
    let isAllowed = false;
    await command(async () => {
      await Promise.resolve();
      mode();
      const effect = EFFECTS[id] ?? "writes";
      if (effect === "writes") requireLive(id);
      if (effect === "tries") mayWrite(id);
      isAllowed = true;
    })();
    return isAllowed ? await action(...given) : undefined;
  };
