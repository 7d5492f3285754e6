import { Fault } from "../../deploy/fault.js";
import { ADMINISTRATION } from "./administration.js";
import { STORIES } from "./stories.js";
import { cast } from "./story.js";
import { explain, Telling } from "./telling.js";
import type { World } from "./world.js";

export interface ScenarioOptions {
  /** How many payments are created. All stories are told if there are at least as many as stories. */
  payments: number;
  /** Draws parties, tokens and amounts. Two runs on one chain need different ones. */
  seed: string;
  /** Hears what is going on: how many payments there are, and what was just begun. */
  onProgress?: (payments: number, what: string) => void;
}

/**
 * Drives payments through every branch of the state machine, and the suite through what its administrators do.
 *
 * Each story is told until it has to wait for a later time. Then the administration acts, and after that time passes
 * from one waiting story to the next, so it only ever moves forward.
 */
export async function playScenario(
  world: World,
  { payments, seed, onProgress = () => {} }: ScenarioOptions,
): Promise<void> {
  const waiting: { telling: Telling; until: bigint }[] = [];
  const tell = async (telling: Telling) => {
    while (!telling.isOver) {
      const { until } = await telling.advance();
      if (until !== undefined) return waiting.push({ telling, until });
    }
  };

  for (let number = 0; number < payments; number++) {
    const story = STORIES[number % STORIES.length]!;
    onProgress(number, story.name);
    await tell(new Telling(await cast(world, story, seed, number)));
  }
  for (const { does, act } of ADMINISTRATION) {
    onProgress(payments, does);
    await act(world).catch((cause: unknown) => {
      throw new Fault(`${does}: this failed with ${explain(cause)}`, { cause });
    });
  }
  for (let next = earliest(waiting); next !== undefined; next = earliest(waiting)) {
    onProgress(payments, next.telling.run.story.name);
    await world.clock.reach(next.until);
    await tell(next.telling);
  }
}

/** Takes out who has to wait least. */
function earliest<Item extends { until: bigint }>(waiting: Item[]): Item | undefined {
  waiting.sort((one, other) => Number(one.until - other.until));
  return waiting.shift();
}
