import { globSync, readFileSync } from "node:fs";

/*
 * Which branches of the trees are about a function: those below a branch of exactly its name, and all of a tree whose root
 * is the contract's name and the function's. The first word of every root is the contract that it is about.
 */

const FOLDER = new URL(".", import.meta.url);
const BRANCH = /^(?<indent>[│ ]*)[├└]── (?<title>.+)$/;

/** One tree, of which a file may have several. */
interface Tree {
  file: string;
  root: string;
  /** Each from the root down to the branch itself. */
  paths: string[][];
}

export const TREES: readonly Tree[] = globSync("**/*.tree", { cwd: FOLDER }).flatMap((file) =>
  readFileSync(new URL(file, FOLDER), "utf8")
    .trimEnd()
    .split("\n\n")
    .map((tree) => read(tree, file)),
);

function read(tree: string, file: string): Tree {
  const [root, ...lines] = tree.split("\n") as [string, ...string[]];
  let path = [root];
  const paths = lines.map((line) => {
    const { indent, title } = BRANCH.exec(line)!.groups as { indent: string; title: string };
    path = [...path.slice(0, 1 + indent.length / 4), title];
    return path;
  });
  return { file, root, paths };
}

/** What the trees say that a function does, one sentence a leaf, with the branches that lead to it. */
export function specificationOf(contract: string, name: string): string[] {
  return TREES.filter(({ root }) => root.split(" ")[0] === contract)
    .flatMap(({ paths }) => paths)
    .filter(([root, ...below]) => root === `${contract} ${name}` || below.includes(name))
    .filter((path) => path.at(-1)!.startsWith("it "))
    .map((path) => path.join(" > "));
}
