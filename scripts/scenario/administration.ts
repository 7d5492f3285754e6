import type { BaseContract } from "ethers";

import { Escrow__factory } from "../../types/ethers-contracts/index.js";
import type { HeldRole } from "../../deploy/index.js";
import { DAY, HOUR } from "./clock.js";
import { PAUSE, record, STANDING } from "./officers.js";
import { deployed, mined, type World } from "./world.js";

/** What concerns the suite as a whole: done once, in this order, while payments of every kind are under way. */
export interface Act {
  readonly does: string;
  readonly act: (world: World) => Promise<void>;
}

export const ADMINISTRATION: readonly Act[] = [
  {
    does: "Compliance clears its regular customers in one batch",
    async act({ registry, people }) {
      const customers = await Promise.all(Array.from({ length: 8 }, (_, n) => people.numbered(n)));
      const records = customers.map(({ address }) => record(address, STANDING.Cleared, 5n));
      await mined(registry.connect(people.officer("COMPLIANCE")).setRecords(records));
    },
  },
  {
    does: "An upgrade takes effect after its delay and is rolled back at once",
    async act(world) {
      const { escrow, permit2, registry, upgradeController, people } = world;
      const implementation = await deployed(
        new Escrow__factory(people.officer("UPGRADER")).deploy(registry, permit2),
      );
      const upgrade = [await escrow.getAddress(), await implementation.getAddress(), "0x"] as const;
      const data = upgradeController.interface.encodeFunctionData("upgrade", [...upgrade]);
      await afterDelay(world, { by: "UPGRADER", target: upgradeController, data });
      await mined(upgradeController.connect(people.officer("GUARDIAN")).rollback(escrow));
    },
  },
  {
    does: "Exits are paused, the pause is extended by the slow path, and ends by itself",
    async act(world) {
      const { escrow, people, clock } = world;
      const data = escrow.interface.encodeFunctionData("extendPause", [PAUSE.EXITS, 2n * HOUR, "exercise"]);
      await afterDelay(world, { by: "CONFIGURATOR", target: escrow, data }, async () => {
        await mined(escrow.connect(people.officer("GUARDIAN")).pause(PAUSE.EXITS, HOUR, "exercise"));
      });
      await clock.reach(await escrow.pausedUntil(PAUSE.EXITS));
    },
  },
  {
    does: "A pause of deposits is lifted early",
    async act(world) {
      const { escrow, people } = world;
      const data = escrow.interface.encodeFunctionData("unpause", [PAUSE.DEPOSITS]);
      await mined(escrow.connect(people.officer("GUARDIAN")).pause(PAUSE.DEPOSITS, 3n * DAY, "exercise"));
      await afterDelay(world, { by: "UNPAUSER", target: escrow, data });
    },
  },
  {
    does: "A token's limits are raised",
    async act(world) {
      const { escrow, tokens } = world;
      const { address } = tokens[0]!;
      const { enabled, cap, approvalThreshold, outflowLimit, outflowWindow } =
        await escrow.tokenConfig(address);
      const limits = { enabled, cap: (cap * 11n) / 10n, approvalThreshold, outflowLimit, outflowWindow };
      const data = escrow.interface.encodeFunctionData("configureToken", [address, limits]);
      await afterDelay(world, { by: "CONFIGURATOR", target: escrow, data });
    },
  },
  {
    does: "Money sent to the escrow by mistake is swept out",
    async act({ escrow, people, tokens }) {
      const treasury = people.officer("TREASURY");
      for (const { contract, approvalThreshold } of tokens.filter(({ native }) => !native)) {
        const mistake = approvalThreshold / 100n;
        await mined(contract.connect(treasury).mint(escrow, mistake));
        await mined(escrow.connect(treasury).sweepSurplus(contract, treasury, mistake));
      }
    },
  },
];

interface DelayedCall {
  by: HeldRole;
  target: BaseContract;
  data: string;
}

/** Schedules a call, lets its delay pass, does what comes `first`, and makes the call. */
async function afterDelay(
  { accessManager, people, clock }: World,
  { by, target, data }: DelayedCall,
  first?: () => Promise<void>,
): Promise<void> {
  const officer = people.officer(by);
  const operation = await accessManager.hashOperation(officer, target, data);
  // An interrupted run may have left the same call scheduled.
  if ((await accessManager.getSchedule(operation)) === 0n) {
    await mined(accessManager.connect(officer).schedule(target, data, 0n));
  }
  await clock.reach(await accessManager.getSchedule(operation));
  await first?.();
  await mined(officer.sendTransaction({ to: target, data }));
}
