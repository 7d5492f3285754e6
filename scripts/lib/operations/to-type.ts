import path from "node:path";

import hre from "hardhat";

/** A command that somebody is told to type, for the network that was named for this one. */
export const toType = (words: string, ...options: readonly string[]): string =>
  [`npx hardhat ${words} --network ${hre.globalOptions.network ?? "default"}`, ...options]
    .filter(Boolean)
    .join(" ");

/** Which operation a command is about, whatever its number is elsewhere. */
export const operationIn = ({ folder }: { readonly folder: string }): string =>
  `--operation ${path.basename(folder)}`;
