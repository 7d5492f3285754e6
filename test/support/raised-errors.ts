import { readFile } from "node:fs/promises";

import { artifacts } from "hardhat";

/** The parts of the compiler's syntax tree that are used here. */
interface Node {
  id: number;
  nodeType: string;
  name: string;
  kind?: string;
  contractKind?: string;
  nodes?: Node[];
  visibility?: string;
  parameters?: { parameters: { typeDescriptions: { typeString: string } }[] };
  linearizedBaseContracts?: number[];
  expression?: Node;
  typeDescriptions?: { typeIdentifier: string };
  referencedDeclaration?: number;
}

interface BuildOutput {
  output: { sources: Record<string, { ast: Node }> };
}

/**
 * The custom errors that each external function of a contract, and its `constructor`, can raise by the code of its own:
 * whatever it reaches through internal calls, modifiers, libraries and base contracts. What other contracts raise when they
 * are called is not among them. A bound, not a proof: that a path exists does not say that a call can take it.
 *
 * @returns Names of errors by name of function.
 */
export async function raisedErrors(contractName: string): Promise<Map<string, Set<string>>> {
  const { byId, contractOf } = await syntaxOf(contractName);
  const contract = [...byId.values()].find(
    ({ nodeType, name }) => nodeType === "ContractDefinition" && name === contractName,
  )!;
  /** From the contract itself to its furthest base. */
  const lineage = contract.linearizedBaseContracts!.map((base) => byId.get(base)!);
  const functions = lineage.flatMap(({ nodes }) =>
    nodes!.filter(({ nodeType }) => nodeType === "FunctionDefinition"),
  );

  /** The function that really runs where the code names one that may be overridden. */
  const override = (called: Node) =>
    lineage.includes(contractOf.get(called)!)
      ? functions.find((candidate) => signatureOf(candidate) === signatureOf(called))!
      : called;

  function reach(from: Node, found: Set<string>, seen: Set<Node>): Set<string> {
    if (seen.has(from)) return found;
    seen.add(from);
    for (const node of descendants(from)) {
      const named = byId.get(node.referencedDeclaration ?? -1);
      if (named?.nodeType === "ErrorDefinition") found.add(named.name);
      if (named?.nodeType === "ModifierDefinition") reach(named, found, seen);
      if (named?.nodeType === "FunctionDefinition" && !isForeign(node, contractOf.get(named))) {
        reach(override(named), found, seen);
      }
    }
    return found;
  }

  const raised = new Map<string, Set<string>>();
  for (const definition of functions) {
    const name = definition.kind === "constructor" ? "constructor" : definition.name;
    const isOpen = ["external", "public"].includes(definition.visibility!);
    if (!isOpen || override(definition) !== definition) continue;
    raised.set(name, reach(definition, raised.get(name) ?? new Set(), new Set()));
  }
  return raised;
}

interface Syntax {
  byId: Map<number, Node>;
  /** The contract that each function, modifier and the like is declared in. */
  contractOf: Map<Node, Node>;
}

/** By the path of the build's output, which takes a second to read. */
const syntaxes = new Map<string, Promise<Syntax>>();

async function syntaxOf(contractName: string): Promise<Syntax> {
  const id = await artifacts.getBuildInfoId(contractName);
  const file = (await artifacts.getBuildInfoOutputPath(id!))!;
  const syntax = syntaxes.get(file) ?? readSyntax(file);
  syntaxes.set(file, syntax);
  return syntax;
}

async function readSyntax(file: string): Promise<Syntax> {
  const { output } = JSON.parse(await readFile(file, "utf8")) as BuildOutput;
  const syntax: Syntax = { byId: new Map(), contractOf: new Map() };
  for (const { ast } of Object.values(output.sources)) {
    for (const node of descendants(ast)) {
      syntax.byId.set(node.id, node);
      if (node.nodeType !== "ContractDefinition") continue;
      for (const part of node.nodes!) syntax.contractOf.set(part, node);
    }
  }
  return syntax;
}

function* descendants(value: unknown): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if ("nodeType" in value) yield value as Node;
  for (const child of Object.values(value)) yield* descendants(child);
}

const signatureOf = ({ kind, name, parameters }: Node) =>
  `${kind} ${name}(${parameters!.parameters.map(({ typeDescriptions }) => typeDescriptions.typeString).join()})`;

/** Whether a call goes to another contract, or to this one from outside; a library's code runs in this one. */
function isForeign({ expression }: Node, declaredIn: Node | undefined): boolean {
  const isOfContract = expression?.typeDescriptions?.typeIdentifier.startsWith("t_contract$") ?? false;
  return isOfContract && declaredIn?.contractKind !== "library";
}
