import { readFile } from "node:fs/promises";

import hre from "hardhat";

/*
 * What the compiler knows of our contracts: which errors and events each external function can end in, followed through
 * every internal call, modifier and library, and what the NatSpec says of it. Documentation is compared with this.
 */

/** What an external function, or the constructor, can do besides its work. */
export interface FunctionFacts {
  /** `constructor` for that. */
  name: string;
  constant: boolean;
  /**
   * Custom errors by name, with the names of their arguments. A bound, not a proof: that a path leads to one does not say
   * that a call can take it; see out-of-reach.ts.
   */
  errors: ReadonlyMap<string, readonly string[]>;
  events: ReadonlySet<string>;
  /** The NatSpec, on one line; that of the interface if the code inherits it. */
  documentation: string;
  /** Whether the source is ours and not a library's. */
  isOurs: boolean;
}

interface Node {
  id: number;
  nodeType: string;
  name: string;
  [key: string]: unknown;
}

interface Contract {
  definition: Node;
  nodes: ReadonlyMap<number, Node>;
}

interface Reach {
  errors: Map<string, readonly string[]>;
  events: Set<string>;
}

/** Contracts of ours that others call through an interface: what they revert with comes through. */
const BEHIND_INTERFACE: Readonly<Record<string, string>> = {
  IScreening: "Escrow",
  IEscrow: "Escrow",
  IComplianceRegistry: "ComplianceRegistry",
};

/** Every external function of a contract of ours, and its constructor, by name. */
export async function functionsOf(contractName: string): Promise<Map<string, FunctionFacts>> {
  const contract = await load(contractName);
  const functions = new Map<string, FunctionFacts>();
  for (const [selector, definition] of externalFunctions(contract)) {
    functions.set(definition.name, {
      name: definition.name,
      constant: ["view", "pure"].includes(definition.stateMutability as string),
      ...(await reachOf(contract, [definition])),
      ...documentationOf(contract, selector),
    });
  }
  functions.set("constructor", {
    name: "constructor",
    constant: false,
    ...(await reachOf(contract, lineage(contract).flatMap(functionsIn).filter(isConstructor))),
    documentation: "",
    isOurs: true,
  });
  return functions;
}

/** The names of an enum's values, in their order, as a contract of ours knows it. */
export async function enumValues(contractName: string, enumName: string): Promise<string[]> {
  const { nodes } = await load(contractName);
  const definition = [...nodes.values()].find(
    ({ nodeType, name }) => nodeType === "EnumDefinition" && name === enumName,
  );
  return (definition!.members as Node[]).map(({ name }) => name);
}

const contracts = new Map<string, Promise<Contract>>();

function load(contractName: string): Promise<Contract> {
  if (!contracts.has(contractName)) contracts.set(contractName, read(contractName));
  return contracts.get(contractName)!;
}

async function read(contractName: string): Promise<Contract> {
  const { inputSourceName } = await hre.artifacts.readArtifact(contractName);
  const id = await hre.artifacts.getBuildInfoId(contractName);
  const path = await hre.artifacts.getBuildInfoOutputPath(id!);
  const { output } = JSON.parse(await readFile(path!, "utf8")) as {
    output: { sources: Record<string, { ast: Node }> };
  };

  const nodes = new Map<number, Node>();
  for (const [source, { ast }] of Object.entries(output.sources)) {
    walk(ast, (node) => {
      nodes.set(node.id, node);
      node.source = source;
    });
  }
  const definition = [...nodes.values()].find(
    ({ nodeType, name, source }) =>
      nodeType === "ContractDefinition" && name === contractName && source === inputSourceName,
  );
  return { definition: definition!, nodes };
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (value === null || typeof value !== "object") return;
  if ("nodeType" in value && "id" in value) visit(value as Node);
  for (const child of Object.values(value)) walk(child, visit);
}

/** The contract and what it inherits from, the most derived first. */
const lineage = ({ definition, nodes }: Contract) =>
  (definition.linearizedBaseContracts as number[]).map((id) => nodes.get(id)!);

const functionsIn = (contract: Node) =>
  (contract.nodes as Node[]).filter(({ nodeType }) => nodeType === "FunctionDefinition");

const isConstructor = ({ kind }: Node) => kind === "constructor";

/** What a call from outside reaches, by its selector: the most derived function that has a body. */
function externalFunctions(contract: Contract): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const definition of lineage(contract).flatMap(functionsIn)) {
    const selector = definition.functionSelector as string | undefined;
    if (selector !== undefined && definition.implemented && !found.has(selector)) {
      found.set(selector, definition);
    }
  }
  return found;
}

function documentationOf(
  contract: Contract,
  selector: string,
): Pick<FunctionFacts, "documentation" | "isOurs"> {
  const candidates = lineage(contract)
    .flatMap(functionsIn)
    .filter(({ functionSelector }) => functionSelector === selector);
  const texts = candidates.map(({ documentation }) => (documentation as { text: string } | undefined)?.text);
  return {
    documentation: (texts.find((text) => text && !text.includes("@inheritdoc")) ?? "").replaceAll(
      /\s+/g,
      " ",
    ),
    isOurs: candidates.some(({ source }) => (source as string).startsWith("project/")),
  };
}

/** Errors and events of functions and of everything that they call. */
async function reachOf(contract: Contract, entries: readonly Node[]): Promise<Reach> {
  const reach: Reach = { errors: new Map(), events: new Set() };
  const seen = new Set<number>();
  const callsOutside: Node[] = [];

  const follow = (definition: Node): void => {
    if (seen.has(definition.id)) return;
    seen.add(definition.id);
    const caught = new Set<unknown>();
    walk([definition.body, definition.modifiers], (node) => {
      if (node.nodeType === "TryStatement") caught.add(node.externalCall);
      if (node.nodeType === "ModifierInvocation") followReference(node.modifierName as Node);
      if (node.nodeType === "FunctionCall" && !caught.has(node)) followReference(node.expression as Node);
    });
  };

  const followReference = (expression: Node): void => {
    const callee =
      expression.nodeType === "FunctionCallOptions" ? (expression.expression as Node) : expression;
    const declaration = contract.nodes.get(callee.referencedDeclaration as number);
    if (declaration === undefined) return;
    const type = (callee.typeDescriptions as { typeIdentifier?: string } | undefined)?.typeIdentifier ?? "";
    if (declaration.nodeType === "ErrorDefinition") {
      reach.errors.set(
        declaration.name,
        parametersOf(declaration).map(({ name }) => name),
      );
    } else if (declaration.nodeType === "EventDefinition") {
      reach.events.add(declaration.name);
    } else if (declaration.nodeType === "ModifierDefinition") {
      follow(declaration);
    } else if (declaration.nodeType === "FunctionDefinition") {
      if (type.startsWith("t_function_internal")) follow(overriding(contract, declaration));
      else callsOutside.push(declaration);
    }
  };

  entries.forEach(follow);
  for (const declaration of callsOutside) {
    const scope = contract.nodes.get(declaration.scope as number)!;
    const target = BEHIND_INTERFACE[scope.name];
    if (target === undefined) continue;
    const other = await load(target);
    const definition = externalFunctions(other).get(declaration.functionSelector as string);
    // The getter of a public variable has no body, and nothing to revert with.
    if (definition === undefined) continue;
    const { errors } = await reachOf(other, [definition]);
    for (const [name, parameters] of errors) reach.errors.set(name, parameters);
  }
  return reach;
}

/** What runs when code of this contract calls `declaration`: the most derived function of that name and type. */
function overriding(contract: Contract, declaration: Node): Node {
  const bases = lineage(contract);
  const isInherited = bases.some(({ id }) => id === declaration.scope);
  if (!isInherited || declaration.visibility === "private") return declaration;
  return bases
    .flatMap(functionsIn)
    .find((candidate) => candidate.implemented && signatureOf(candidate) === signatureOf(declaration))!;
}

const parametersOf = (definition: Node) => (definition.parameters as { parameters: Node[] }).parameters;

const signatureOf = (definition: Node) =>
  [
    definition.name,
    ...parametersOf(definition).map(
      ({ typeDescriptions }) => (typeDescriptions as { typeString: string }).typeString,
    ),
  ].join(" ");
