import { globSync, readFileSync } from "node:fs";

/*
 * Which branches of the trees are about a function: those below a branch of exactly its name, and all of a tree whose root
 * is the contract's name and the function's. The first word of every root is the contract that it is about.
 */

const FOLDER = new URL(".", import.meta.url);
const BRANCH = /^(?<indent>[│ ]*)[├└]── (?<title>.+)$/;

interface Branch {
  /** From the root down to this branch itself. */
  path: string[];
}

const branches = globSync("**/*.tree", { cwd: FOLDER }).flatMap((file) =>
  readFileSync(new URL(file, FOLDER), "utf8").trimEnd().split("\n\n").flatMap(branchesOf),
);

function branchesOf(tree: string): Branch[] {
  const [root, ...lines] = tree.split("\n");
  let path = [root!];
  return lines.map((line) => {
    const { indent, title } = BRANCH.exec(line)!.groups as { indent: string; title: string };
    path = [...path.slice(0, 1 + indent.length / 4), title];
    return { path };
  });
}

/** What the trees say that a function does, one sentence a leaf, with the branches that lead to it. */
export function specificationOf(contract: string, name: string): string[] {
  return branches
    .filter(({ path: [root, ...below] }) => {
      const isAbout = root === `${contract} ${name}` || below.includes(name);
      return isAbout && root!.split(" ")[0] === contract && below.at(-1)!.startsWith("it ");
    })
    .map(({ path }) => path.join(" > "));
}
