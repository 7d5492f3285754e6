import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";

const HARDHAT = createRequire(import.meta.url)
  .resolve("hardhat")
  .replace("index.js", "cli.js");

/** Preloaded, has a process run as if no vendor of hardware wallets had a library installed. */
export const WITHOUT_VENDORS = new URL("without-vendors.mjs", import.meta.url).href;

/** What a process of its own prints that opens signers and signs. It has to end by itself. */
export async function signInAProcessOfItsOwn(signers: string, ...preloaded: string[]): Promise<string> {
  const imports = preloaded.flatMap((url) => ["--import", url]);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...imports, HARDHAT, "run", "--no-compile", "test/support/open-signers.ts"],
    { env: { ...process.env, SIGNERS: signers } },
  );
  return stdout;
}
