import { globSync, readFileSync } from "node:fs";

/** The contract, interface or library of a file. */
interface Declaration {
  bases: string[];
  /**
   * What the documentation of a function lists after "Errors:", and what its modifiers raise: errors, and functions that
   * raise the same.
   */
  functions: Map<string, string[]>;
}

/** What a modifier raises, so that no documentation need repeat it. */
const ERROR_OF_MODIFIER = {
  restricted: "AccessManagedUnauthorized",
  nonReentrant: "ReentrancyGuardReentrantCall",
  initializer: "InvalidInitialization",
  onlyRegistry: "UnauthorizedCaller",
} as const;

const DECLARATION = /^(?:abstract contract|contract|interface|library) (\w+)(?:\s+is\s+([^{]+?))?\s*\{/m;
const FUNCTION = /((?:^ *\/\/\/.*\n)*)^ *(?:function (\w+)|constructor)\(([^{;]*)[{;]/gm;
const ERRORS = /Errors: ([^.]*)\./;
const REFERENCE = /\{(?:\w+-)?(\w+)\}/g;

const declarations = new Map(
  globSync("contracts/**/*.sol", { exclude: ["contracts/mocks/**"] }).flatMap((file) =>
    declarationIn(readFileSync(file, "utf8")),
  ),
);

function declarationIn(source: string): [string, Declaration][] {
  const declared = DECLARATION.exec(source);
  if (declared === null) return [];
  const [, name, bases = ""] = declared;
  const functions = new Map<string, string[]>();
  for (const [, doc, functionName = "constructor", header] of source.matchAll(FUNCTION)) {
    functions.set(functionName, [...errorsListed(doc!), ...errorsOfModifiers(header!)]);
  }
  return [[name!, { bases: bases.split(",").map((base) => base.trim()), functions }]];
}

function errorsListed(doc: string): string[] {
  const text = doc.replaceAll(/\s*\/\/\/ ?/g, " ");
  const [, list = ""] = ERRORS.exec(text) ?? [];
  return Array.from(list.matchAll(REFERENCE), ([, name]) => name!);
}

function errorsOfModifiers(header: string): string[] {
  const applied = Object.entries(ERROR_OF_MODIFIER).filter(([modifier]) =>
    new RegExp(`\\b${modifier}\\b`).test(header),
  );
  return applied.map(([, error]) => error);
}

/** A contract and everything of ours that it inherits. */
function lineage(contract: string): Declaration[] {
  const own = declarations.get(contract);
  return own === undefined ? [] : [own, ...own.bases.flatMap(lineage)];
}

/**
 * The custom errors that a function can raise by its documentation and its modifiers. "Errors: as {release}, {TooLate}"
 * includes those of `release`.
 *
 * @param name A function's name, or "constructor".
 * @returns Undefined if nothing of ours declares such a function.
 */
export function documentedErrors(contract: string, name: string): string[] | undefined {
  const said = lineage(contract).flatMap(({ functions }) => functions.get(name) ?? []);
  if (!lineage(contract).some(({ functions }) => functions.has(name))) return undefined;
  const isError = (reference: string) => /^[A-Z]/.test(reference);
  return said.flatMap((reference) =>
    isError(reference) ? [reference] : (documentedErrors(contract, reference) ?? []),
  );
}
