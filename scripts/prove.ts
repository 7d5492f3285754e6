import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/*
 * npm run prove: asks Solidity's SMTChecker and the solver z3 to prove the statements of test/solidity/proofs. Exits 0 if
 * each is proved or known to be out of the solver's reach, 1 if one is refuted or lost, 2 if there is no z3.
 */

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = "test/solidity/proofs/PaymentProofs.sol";
const SECONDS_PER_STATEMENT = 30;

/** What z3 gives up on, and what stands in for the proof. */
const OUT_OF_REACH: Readonly<Record<string, string>> = {
  wordGivesEveryFieldBack:
    "shifts and ors of 256 bits are beyond it; test/solidity/PaymentLib.t.sol fuzzes it instead",
};

/** Code of the message that SMTChecker's CHC engine sends for an assertion that holds. */
const PROVED = "9576";
/** And for one that does not hold, or may not. */
const NOT_PROVED = "6328";

interface Message {
  errorCode?: string;
  severity: string;
  message: string;
  formattedMessage: string;
  sourceLocation?: { file: string; start: number };
}

interface AstNode {
  nodeType: string;
  name: string;
  src: string;
  documentation?: { text: string };
  nodes?: AstNode[];
}

interface CompilerOutput {
  errors?: Message[];
  sources: Record<string, { ast: AstNode }>;
}

interface Compiler {
  version(): string;
  compile(
    input: string,
    callbacks: {
      import: (path: string) => { contents: string } | { error: string };
      smtSolver: (query: string) => { contents: string };
    },
  ): string;
}

type Verdict = "proved" | "refuted" | "not decided";

interface Statement {
  name: string;
  says: string;
  verdict: Verdict;
}

const solc = createRequire(import.meta.url)("solc") as Compiler;

/** Answers a query of the SMTChecker; z3 says `timeout` where it gives up. */
function solve(query: string): { contents: string } {
  const { stdout } = spawnSync("z3", ["-in", `-T:${SECONDS_PER_STATEMENT}`], {
    input: query,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  return { contents: stdout.startsWith("timeout") ? "unknown\n" : stdout };
}

function readSource(path: string): { contents: string } | { error: string } {
  const found = [ROOT, `${ROOT}node_modules/`].map((base) => base + path).find(existsSync);
  return found === undefined ? { error: `There is no ${path}.` } : { contents: readFileSync(found, "utf8") };
}

function check(): CompilerOutput {
  const content = readFileSync(ROOT + SOURCE, "utf8");
  const contracts = [...content.matchAll(/^contract (\w+)/gm)].map(([, name]) => name!);
  const input = {
    language: "Solidity",
    sources: { [SOURCE]: { content } },
    settings: {
      outputSelection: { "*": { "": ["ast"] } },
      modelChecker: {
        engine: "chc",
        solvers: ["smtlib2"],
        targets: ["assert"],
        contracts: { [SOURCE]: contracts },
        showProvedSafe: true,
        showUnproved: true,
        timeout: 0,
      },
    },
  };
  const callbacks = { import: readSource, smtSolver: solve };
  const output = JSON.parse(solc.compile(JSON.stringify(input), callbacks)) as CompilerOutput;
  const error = output.errors?.find(({ severity }) => severity === "error");
  if (error !== undefined) throw new Error(error.formattedMessage);
  return output;
}

/** Every statement of the source with what became of it. One that the compiler says nothing of is not decided. */
function statementsOf({ errors = [], sources }: CompilerOutput): Statement[] {
  const contracts = sources[SOURCE]!.ast.nodes!.filter(({ nodeType }) => nodeType === "ContractDefinition");
  const functions = contracts.flatMap(({ nodes = [] }) =>
    nodes.filter(({ nodeType }) => nodeType === "FunctionDefinition"),
  );
  return functions.map(({ name, src, documentation }) => {
    const [start, length] = src.split(":").map(Number) as [number, number];
    const about = errors.filter(
      ({ sourceLocation: at }) => at?.file === SOURCE && at.start >= start && at.start < start + length,
    );
    return { name, says: noticeOf(documentation?.text ?? name), verdict: verdictOf(about) };
  });
}

const noticeOf = (documentation: string) =>
  documentation.split("@dev")[0]!.replace("@notice", "").replaceAll(/\s+/g, " ").trim();

function verdictOf(about: Message[]): Verdict {
  const failures = about.filter(({ errorCode }) => errorCode === NOT_PROVED);
  if (failures.some(({ message }) => message.includes("happens here"))) return "refuted";
  const proofs = about.filter(({ errorCode }) => errorCode === PROVED);
  return failures.length === 0 && proofs.length > 0 ? "proved" : "not decided";
}

const { error: missing, stdout: solver } = spawnSync("z3", ["--version"], { encoding: "utf8" });
if (missing !== undefined) {
  console.error(
    "There is no z3 on this machine, so nothing was proved; install it, on Debian with: apt-get install z3",
  );
  process.exit(2);
}

const statements = statementsOf(check());
console.log(`solc ${solc.version()}, ${solver.trim()}, ${SECONDS_PER_STATEMENT} s a statement`);
for (const { name, says, verdict } of statements) {
  const why = verdict === "not decided" && OUT_OF_REACH[name];
  console.log(`${verdict.padEnd(11)}  ${says}${why ? ` (${why})` : ""}`);
}
const surprises = statements.filter(
  ({ name, verdict }) => verdict === "refuted" || (verdict === "not decided" && !(name in OUT_OF_REACH)),
);
console.log(
  `${statements.filter(({ verdict }) => verdict === "proved").length} of ${statements.length} proved`,
);
if (statements.length === 0 || surprises.length > 0) process.exitCode = 1;
