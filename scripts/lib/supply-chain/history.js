/*
 * The lockfile as it was, from git. Plain JavaScript without dependencies.
 */
import { spawnSync } from "node:child_process";

const LOCKFILE = "package-lock.json";

/**
 * Every lockfile that this branch had, from the oldest to the newest. What was merged counts from its merge on.
 *
 * @param {string} root
 * @returns {{ states: import("./find.js").State[], isWhole: boolean }} Whether that is all: a shallow clone has an end.
 * @throws Error if git does not tell, or a lockfile of back then cannot be read.
 */
export function lockfilesOf(root) {
  const git = (...args) => {
    const { status, stdout, stderr, error } = spawnSync("git", args, {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    if (error !== undefined || status !== 0)
      throw new Error(`git does not tell the lockfile's history: ${error?.message ?? stderr.trim()}`);
    return stdout;
  };
  const commits = git(
    "log",
    // A merge that brings a lockfile is one of its commits: `-m` says so to older versions of git.
    "-m",
    "--first-parent",
    "--reverse",
    "--diff-filter=AM",
    "--format=%h %cs",
    "--",
    LOCKFILE,
  )
    .split("\n")
    .filter(Boolean);
  const states = commits.map((commit) => ({
    commit,
    lockfile: JSON.parse(git("cat-file", "blob", `${commit.split(" ")[0]}:./${LOCKFILE}`)),
  }));
  return { states, isWhole: git("rev-parse", "--is-shallow-repository").trim() === "false" };
}
