import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { Fault } from "../../../deploy/fault.js";
import { ROLES } from "../../../deploy/roles.js";
import { IMPLEMENTATION_SLOT } from "../../../deploy/verify.js";
import { DAY, HOUR } from "../../scenario/clock.js";
import { PAUSE } from "../../scenario/officers.js";
import { deposit } from "../../scenario/deposits.js";
import { release } from "../../scenario/payouts.js";
import { mined } from "../../scenario/world.js";
import type { Incident } from "../incident.js";
import type { IncidentStack } from "../stack/stack.js";
import { act, execute, GUARDIANS } from "./acting.js";

/*
 * What happens to the contracts and to those who administer them.
 */

/** From here on guardians can pause exits for 7 days in all: there is room for the 3 of the leak that comes last. */
export const strangePause: Incident = {
  name: "strange-pause",
  runbook: "pause",
  happens: "everything is paused, exits too, and nobody on call knows why",
  alert: "HoldfastExitsPaused",
  async cause(stack) {
    await act(
      stack,
      'ops plan pause --bits deposits,payouts,exits --duration 2d --reason "exercise"',
      GUARDIANS,
    );
  },
  async check({ world }) {
    const bits = await world.escrow.paused();
    if (bits !== 0n) throw new Fault(`The escrow is still paused: ${bits}.`);
  },
};

/** Somebody with CONFIGURATOR's key schedules a long pause of all exits. Returns its id. */
async function scheduleLongPause({ world }: IncidentStack): Promise<string> {
  const { accessManager, escrow, people } = world;
  const thief = accessManager.connect(people.officer("CONFIGURATOR"));
  const data = escrow.interface.encodeFunctionData("extendPause", [PAUSE.EXITS, 30n * DAY, "mine"]);
  await mined(thief.schedule(escrow, data, 0n));
  const scheduled = await accessManager.queryFilter(accessManager.filters.OperationScheduled);
  return scheduled.at(-1)!.args.operationId;
}

export const strangeOperation: Incident = {
  name: "strange-operation",
  runbook: "scheduled-operations",
  happens: "somebody with CONFIGURATOR's key schedules a long pause of all exits",
  alert: "HoldfastOperationScheduled",
  cause: async (stack) => ({ SCHEDULED: await scheduleLongPause(stack) }),
};

/** The guardians sign an act, and another transaction of their Safe takes its nonce. */
async function loseNonce(stack: IncidentStack, plan: string) {
  const planned = await stack.type(`ops plan ${plan} --reason "kept for later"`);
  const [, number] = /Planned operation (\d+)/.exec(planned)!;
  await stack.type("ops rehearse");
  for (const typist of GUARDIANS) await stack.type(`ops sign ${stack.signerOf(typist)}`);
  await act(stack, 'ops plan pause --bits payouts --duration 1h --reason "in between"', GUARDIANS);
  return { OPERATION: number!, ACT: plan };
}

export const usedNonce: Incident = {
  name: "used-nonce",
  runbook: "nonce-trouble",
  happens: "what was signed beforehand lost its nonce to another transaction",
  cause: (stack) => loseNonce(stack, 'pause --bits "deposits, payouts" --duration 12h'),
  async check({ world }) {
    const bits = await world.escrow.paused();
    if ((bits & PAUSE.DEPOSITS) === 0n) throw new Fault("Deposits are not paused, as they were to be.");
  },
  afterwards: ({ world }) => world.clock.pass(DAY),
};

let uncancelled: string;

/** Another act than a pause, by the same page. */
export const lostVeto: Incident = {
  name: "lost-veto",
  runbook: "nonce-trouble",
  happens: "what was signed to cancel a thief's operation lost its nonce to another transaction",
  async cause(stack) {
    uncancelled = await scheduleLongPause(stack);
    return await loseNonce(stack, `cancel --operation ${uncancelled}`);
  },
  async check({ world }) {
    if ((await world.accessManager.getSchedule(uncancelled)) !== 0n)
      throw new Fault("What the thief scheduled still waits for its time.");
  },
  afterwards: ({ world }) => world.clock.pass(HOUR),
};

let successor: string;

export const stolenKey: Incident = {
  name: "stolen-key",
  runbook: "compromised-key",
  happens: "an operator's key is in other hands",
  async cause({ suite, world }) {
    successor = (await world.people.numbered(9_000)).address;
    return { ROLE: "OPERATOR", STOLEN: suite.holders.OPERATOR[0]!, SUCCESSOR: successor };
  },
  byHand: {
    async holders({ deployDirectory }) {
      const file = path.join(deployDirectory, "parameters", "local.json5");
      const parameters = JSON.parse(await readFile(file, "utf8")) as { holders: Record<string, string[]> };
      parameters.holders.OPERATOR = [successor];
      await writeFile(file, JSON.stringify(parameters, null, 2));
    },
  },
  async check({ suite, world }) {
    const holds = async (account: string) =>
      (await world.accessManager.hasRole(ROLES.OPERATOR.id, account)).isMember;
    if (await holds(suite.holders.OPERATOR[0]!)) throw new Fault("The stolen key is still an operator's.");
    if (!(await holds(successor))) throw new Fault("Nobody has succeeded to the stolen key.");
  },
  afterwards: ({ world }) => world.clock.pass(2n * DAY),
};

const UPGRADERS = ["UPGRADER-1", "UPGRADER-2"] as const;

/** What runs where the escrow is. */
const implementationOf = async ({ world }: IncidentStack) =>
  await world.provider.getStorage(world.escrow, IMPLEMENTATION_SLOT);

let proven: string;

export const badUpgrade: Incident = {
  name: "misreading-upgrade",
  runbook: "bad-upgrade",
  happens: "a new version misreads large payments",
  async cause(stack) {
    proven = await implementationOf(stack);
    const plan = 'ops plan upgrade --deploy --yes --contract EscrowNarrow --reason "release 2.0.0"';
    const number = await act(stack, plan, [...UPGRADERS, ...GUARDIANS]);
    await stack.world.clock.pass(2n * DAY);
    await execute(stack, UPGRADERS[0]);
    return { OPERATION: number };
  },
  async check(stack) {
    if ((await implementationOf(stack)) !== proven) throw new Fault("The escrow still runs the new version.");
  },
  afterwards: ({ world }) => world.clock.pass(2n * DAY),
};

/** What is missing, in the token's smallest unit. */
const GAP = 1_000_000n;

/** The escrow's own account sends money away, which none of its code does. */
export const leak: Incident = {
  name: "leak",
  runbook: "suspected-leak",
  happens: "the escrow has less of a token than it owes",
  alert: "HoldfastMoneyMissing",
  async cause(stack) {
    const telling = await stack.begin({
      name: "waiting",
      ends: "Closed",
      tokens: ["USDC"],
      steps: [deposit, release("buyer")],
    });
    const { world } = stack;
    const { address, contract } = telling.run.token;
    const { held, credits } = await world.escrow.tokenTotals(address);
    const surplus = (await contract.balanceOf(world.escrow)) - held - credits;
    const escrow = await world.escrow.getAddress();
    await world.provider.send("anvil_setBalance", [escrow, "0xde0b6b3a7640000"]);
    await world.provider.send("anvil_impersonateAccount", [escrow]);
    const thief = await world.people.numbered(666);
    const data = contract.interface.encodeFunctionData("transfer", [thief.address, surplus + GAP]);
    const theft = await world.provider.send("eth_sendTransaction", [{ from: escrow, to: address, data }]);
    // The node drops what waits to be mined when its sender cannot pay for it any more.
    await world.provider.waitForTransaction(theft as string);
    await world.provider.send("anvil_setBalance", [escrow, "0x0"]);
    return { TOKEN: address.toLowerCase() };
  },
  byHand: {
    async refill({ world }) {
      const { contract } = world.tokens.find(({ symbol }) => symbol === "USDC")!;
      const treasury = await world.people.numbered(1);
      await mined(contract.connect(treasury).mint(world.escrow, GAP));
    },
  },
};
