import type { IncidentStack } from "../stack/stack.js";

/** Plans, signs by everybody who is named, and sends by the first of them. Returns the operation's number. */
export async function act(stack: IncidentStack, plan: string, typists: readonly string[]): Promise<string> {
  const [, number] = /Planned operation (\d+)/.exec(await stack.type(plan))!;
  await stack.type("ops rehearse");
  for (const typist of typists) await stack.type(`ops sign ${stack.signerOf(typist)}`);
  await execute(stack, typists[0]!);
  return number!;
}

/** Sends what was signed last. */
export const execute = (stack: IncidentStack, typist: string) =>
  stack.type(`ops execute ${stack.signerOf(typist)} --yes`);

/** As many owners of the guardians' Safe as have to sign. */
export const GUARDIANS = ["GUARDIAN-1", "GUARDIAN-2"] as const;
