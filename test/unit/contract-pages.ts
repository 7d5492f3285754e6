import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { artifacts } from "hardhat";

import { builtCode } from "../../bench/lib/build.js";
import { readFigures, withFigures } from "../../bench/lib/pages.js";
import { FUNCTION_ROLES, ROLE_NAMES, ROLES, type RoleName } from "../../deploy/roles.js";
import { codeIn, readPage, sectionOf, type Section } from "../../scripts/lib/pages/markdown.js";
import { isInReach } from "../support/out-of-reach.js";
import { enumValues, functionsOf, type FunctionFacts } from "../support/solidity.js";

/** The contracts whose operations have a page each, and what deploy/roles.ts calls them. */
const TARGETS = {
  Escrow: "escrow",
  ComplianceRegistry: "complianceRegistry",
  UpgradeController: "upgradeController",
} as const;
type ContractName = keyof typeof TARGETS;

const SECTIONS = ["Who may call", "Arguments", "Before and after", "Money", "Errors", "Events", "Gas"];

/** What AccessManager says to who has a role with a delay. */
const SCHEDULE_ERRORS = ["AccessManagerNotScheduled", "AccessManagerNotReady", "AccessManagerExpired"];

interface Operation extends FunctionFacts {
  readonly contract: string;
}

interface AbiItem {
  type: string;
  name: string;
  inputs: { name: string; type: string; internalType?: string; indexed?: boolean }[];
  outputs: AbiItem["inputs"];
}

const abiOf = async (contract: string) =>
  (await artifacts.readArtifact(contract)).abi as unknown as readonly AbiItem[];

async function operationsOf(contract: string): Promise<Operation[]> {
  const functions = [...(await functionsOf(contract)).values()];
  return functions.filter(({ name }) => name !== "constructor").map((facts) => ({ ...facts, contract }));
}

const functions = (await Promise.all([...Object.keys(TARGETS), "EscrowLens"].map(operationsOf))).flat();
const operations = functions.filter(({ constant }) => !constant);
const views = functions.filter(({ constant }) => constant);

/** Where the page of an operation is. What every contract has from OpenZeppelin has one page for all. */
const pathOf = ({ contract, name }: Operation) =>
  name === "setAuthority" ? "docs/contracts/setAuthority.md" : `docs/contracts/${contract}/${name}.md`;

const pageOf = (operation: Operation) => readPage(pathOf(operation));

const errorsOf = ({ name, errors }: Operation) =>
  [...errors.keys()].filter((error) => isInReach(error, name));
const eventsOf = ({ name, events }: Operation) => [...events].filter((event) => isInReach(event, name));

/** The roles that deploy/roles.ts gives an operation to. */
function rolesOf({ contract, name }: Operation): RoleName[] {
  const mapped = FUNCTION_ROLES[TARGETS[contract as ContractName]] as Partial<
    Record<RoleName, readonly string[]>
  >;
  return ROLE_NAMES.filter((role) => mapped[role]?.includes(name));
}

const delayOf = (operation: Operation) =>
  Math.max(0, ...rolesOf(operation).map((role) => ROLES[role].executionDelay));

/** The events that a NatSpec says are emitted. */
function documentedEvents(documentation: string): string[] {
  const [, sentence = ""] = /Emits ([^.]*)/.exec(documentation) ?? [];
  return Array.from(sentence.matchAll(/\{(\w+)\}/g), ([, name]) => name!);
}

/** `Name(one, two)` as a name and what is in the brackets. */
function call(code: string): { name: string; parameters: string[] } {
  const [, name, parameters] = /^(\w+)\((.*)\)$/.exec(code)!;
  return { name: name!, parameters: parameters === "" ? [] : parameters!.split(", ") };
}

const firstCode = (row: readonly string[]) => codeIn(row[0]!)[0]!;

/** A type as Solidity has it, without saying that it is a struct or an enum. */
const typeOf = ({ internalType, type }: AbiItem["inputs"][number]) =>
  (internalType ?? type).replace(/^(struct|enum|contract) /, "");

describe("the NatSpec of a function", () => {
  const ours = functions.filter(({ isOurs }) => isOurs);

  it("names every event that the function can emit, and no other", () => {
    for (const operation of ours) {
      const { contract, name, documentation } = operation;
      expect(documentedEvents(documentation), `${contract}.${name}`).to.have.members(eventsOf(operation));
    }
  });

  it("names the role that may call it", () => {
    for (const operation of operations.filter(({ isOurs }) => isOurs)) {
      const { contract, name, documentation } = operation;
      const named = ROLE_NAMES.filter((role) => new RegExp(`\\b${role}\\b`).test(documentation));
      expect(named, `${contract}.${name}`).to.have.members(rolesOf(operation));
    }
  });
});

describe("the page of an operation", () => {
  it("is there, has the operation's name and the form of all the others", async () => {
    for (const operation of operations) {
      const page = await pageOf(operation);
      const headings = page.sections.map(({ heading }) => heading);
      expect(page.title, page.path).to.equal(operation.name);
      expect(headings.slice(0, SECTIONS.length), page.path).to.deep.equal(SECTIONS);
      for (const { heading, text } of page.sections)
        expect(text, `${page.path}, ${heading}`).not.to.equal("");
    }
  });

  it("is linked from the index", async () => {
    const { text } = await readPage("docs/contracts/README.md");
    for (const operation of operations) {
      expect(text).to.include(`](${pathOf(operation).replace("docs/contracts/", "")})`);
    }
  });

  it("gives the roles of deploy/roles.ts, in bold, and their delay", async () => {
    for (const operation of operations) {
      const page = await pageOf(operation);
      const { text } = sectionOf(page, "Who may call");
      const bold = Array.from(text.matchAll(/\*\*([A-Z]+)\*\*/g), ([, role]) => role!);
      expect(bold, page.path).to.have.members(rolesOf(operation));
      const days = delayOf(operation) / 86_400;
      if (days > 0) expect(text, page.path).to.include(`${days} day${days === 1 ? "" : "s"} ahead`);
    }
  });

  it("names the arguments and what is returned, with their types", async () => {
    for (const operation of operations) {
      const page = await pageOf(operation);
      const abi = await abiOf(operation.contract);
      const { inputs, outputs } = abi.find(
        ({ type, name }) => type === "function" && name === operation.name,
      )!;
      const told = sectionOf(page, "Arguments").rows.map(([name, type]) => `${name} ${type}`);
      expect(told, page.path).to.deep.equal([
        ...inputs.map((input) => `\`${input.name}\` \`${typeOf(input)}\``),
        ...outputs.map(
          (output) => `returns${output.name === "" ? "" : ` \`${output.name}\``} \`${typeOf(output)}\``,
        ),
      ]);
    }
  });

  it("lists every error that the operation can end in, with its arguments, and says what to do", async () => {
    const manager = await abiOf("AccessManager");
    for (const operation of operations) {
      const page = await pageOf(operation);
      const expected = errorsOf(operation).map(
        (name) => `${name}(${operation.errors.get(name)!.join(", ")})`,
      );
      if (delayOf(operation) > 0) {
        for (const { type, name, inputs } of manager) {
          if (type !== "error" || !SCHEDULE_ERRORS.includes(name)) continue;
          expected.push(`${name}(${inputs.map((input) => input.name).join(", ")})`);
        }
      }
      const { rows } = sectionOf(page, "Errors");
      expect(rows.map(firstCode), page.path).to.have.members(expected);
      for (const [error, when, todo] of rows) {
        expect(when, `${page.path}: ${error}, when`).not.to.equal("");
        expect(todo, `${page.path}: ${error}, what to do`).not.to.equal("");
      }
    }
  });

  it("lists every event that the operation can emit, with its fields", async () => {
    for (const operation of operations) {
      const page = await pageOf(operation);
      const abi = await abiOf(operation.contract);
      const expected = eventsOf(operation).map((name) => {
        const { inputs } = abi.find((item) => item.type === "event" && item.name === name)!;
        const fields = (indexed: boolean) =>
          inputs.filter((input) => input.indexed === indexed).map((input) => input.name);
        return { name, indexed: fields(true), data: fields(false) };
      });
      const told = sectionOf(page, "Events").rows.map((row) => ({
        name: firstCode(row),
        indexed: codeIn(row[2]!),
        data: codeIn(row[3]!),
      }));
      expect(told, page.path).to.have.deep.members(expected);
    }
  });
});

describe("the gas on the pages", () => {
  it("is what was measured, and all of it", async () => {
    const measured = JSON.parse(await readFile("bench/results/gas.json", "utf8")) as Record<string, unknown>;
    const figures = await readFigures();
    for (const { page, name, gas } of figures) {
      expect(gas, `${page}: ${name}; npm run bench:gas brings it up to date`).to.equal(measured[name]);
    }
    const expected = Object.keys(measured).filter((name) => typeof measured[name] === "number");
    // A deposit and a release together; docs/gas.md has it.
    expect([...figures.map(({ name }) => name), "lifecycle"]).to.have.members(expected);
  });

  it("was measured of what the sources compile to now; if not: npm run bench:gas", async () => {
    const { build } = JSON.parse(await readFile("bench/results/gas.json", "utf8")) as { build: unknown };
    expect(build).to.deep.equal(await builtCode());
  });

  it("is brought up to date where it was measured", () => {
    const rows = "| `release` | by the buyer | 99,999 |\n| `pause`   | of deposits  |      7 |";
    expect(withFigures(rows, { release: 101, commit: "1" })).to.equal(
      "| `release` | by the buyer |    101 |\n| `pause`   | of deposits  |      7 |",
    );
  });
});

describe("the pages of what changes nothing", () => {
  /** A function and its errors from a row of a page. */
  const told = ({ rows }: Section) =>
    rows.map((row) => ({ ...call(firstCode(row)), errors: codeIn(row[2]!) }));

  /** Every view of a contract, the getters of its constants included. */
  async function viewsOf(contract: string) {
    const abi = (await abiOf(contract)) as readonly (AbiItem & { stateMutability: string })[];
    // An implementation that does not use an argument leaves it without a name.
    const declared = await abiOf(`I${contract}`);
    return abi
      .filter(({ type, stateMutability }) => type === "function" && /view|pure/.test(stateMutability))
      .map(({ name, inputs }) => {
        const operation = views.find((view) => view.contract === contract && view.name === name);
        return {
          name,
          parameters: inputs.map(
            (input, i) => input.name || declared.find((item) => item.name === name)!.inputs[i]!.name,
          ),
          errors: operation ? errorsOf(operation) : [],
        };
      });
  }

  for (const contract of Object.keys(TARGETS)) {
    it(`tell of every view of ${contract} what it takes and which errors it can end in`, async () => {
      const section = sectionOf(await readPage("docs/contracts/views.md"), contract);
      expect(sorted(told(section))).to.deep.equal(sorted(await viewsOf(contract)));
    });
  }

  it("tell of every function of EscrowLens what it takes and which errors it can end in", async () => {
    const section = sectionOf(await readPage("docs/contracts/EscrowLens.md"), "Functions");
    expect(sorted(told(section))).to.deep.equal(sorted(await viewsOf("EscrowLens")));
  });

  for (const [heading, name] of Object.entries({ Actions: "EscrowAction", Obstacles: "Obstacle" })) {
    it(`number ${heading.toLowerCase()} as the code does`, async () => {
      const { rows } = sectionOf(await readPage("docs/contracts/EscrowLens.md"), heading);
      const values = await enumValues("EscrowLens", name);
      expect(rows.map(([number, code]) => `${number} ${codeIn(code!)[0]}`)).to.deep.equal(
        values.map((value, number) => `${number} ${value}`),
      );
    });
  }

  const sorted = (entries: { name: string; parameters: string[]; errors: string[] }[]) =>
    entries
      .map((entry) => ({ ...entry, errors: [...new Set(entry.errors)].sort() }))
      .sort((a, b) => a.name.localeCompare(b.name));
});
