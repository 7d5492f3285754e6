import { indented } from "../exercise/telling.js";

/** What is told in the end. */
export function verdict(troubles: readonly string[], left: string | undefined): string {
  if (troubles.length > 0) return ["Still wrong:", ...troubles.map(indented)].join("\n");
  return left === undefined
    ? "All is well."
    : `Nothing is wrong that can be looked up. The page leaves the rest to people: ${left}`;
}
