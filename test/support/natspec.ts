import { globSync, readFileSync } from "node:fs";

/** The contract, interface or library of a file. */
interface Declaration {
  bases: string[];
  /** What the documentation of each function lists after "Errors:": errors, and functions that raise the same. */
  functions: Map<string, string[]>;
}

const DECLARATION = /^(?:abstract contract|contract|interface|library) (\w+)(?:\s+is\s+([^{]+?))?\s*\{/m;
const FUNCTION = /((?:^ *\/\/\/.*\n)*)^ *(?:function (\w+)|constructor)\(/gm;
const ERRORS = /Errors: ([^.]*)\./;
const REFERENCE = /\{(?:\w+-)?(\w+)\}/g;

const DECLARATIONS = new Map(
  globSync("contracts/**/*.sol", { exclude: ["contracts/mocks/**"] }).flatMap((file) =>
    declarationIn(readFileSync(file, "utf8")),
  ),
);

function declarationIn(source: string): [string, Declaration][] {
  const declared = DECLARATION.exec(source);
  if (declared === null) return [];
  const [, name, bases = ""] = declared;
  const functions = new Map<string, string[]>();
  for (const [, doc, functionName = "constructor"] of source.matchAll(FUNCTION)) {
    functions.set(functionName, errorsListed(doc!));
  }
  return [[name!, { bases: bases.split(",").map((base) => base.trim()), functions }]];
}

function errorsListed(doc: string): string[] {
  const text = doc.replaceAll(/\s*\/\/\/ ?/g, " ");
  const [, list = ""] = ERRORS.exec(text) ?? [];
  return Array.from(list.matchAll(REFERENCE), ([, name]) => name!);
}

/** A contract and everything of ours that it inherits. */
function lineage(contract: string): Declaration[] {
  const own = DECLARATIONS.get(contract);
  return own === undefined ? [] : [own, ...own.bases.flatMap(lineage)];
}

/**
 * The errors that the documentation of a function lists. "Errors: as {release}, {TooLate}" includes those of `release`.
 *
 * @param name A function's name, or "constructor".
 * @returns Undefined if nothing of ours declares such a function.
 */
export function documentedErrors(contract: string, name: string): string[] | undefined {
  const declarations = lineage(contract).filter(({ functions }) => functions.has(name));
  if (declarations.length === 0) return undefined;
  const listed = declarations.flatMap(({ functions }) => functions.get(name)!);
  const isError = (reference: string) => /^[A-Z]/.test(reference);
  const errors = listed.flatMap((reference) =>
    isError(reference) ? [reference] : (documentedErrors(contract, reference) ?? []),
  );
  return [...new Set(errors)];
}
