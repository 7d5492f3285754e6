import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";

const HARDHAT = createRequire(import.meta.url)
  .resolve("hardhat")
  .replace("index.js", "cli.js");

const WITHOUT_VENDORS = new URL("without-vendors.mjs", import.meta.url).href;

/**
 * What a process of its own prints that opens signers and signs. It has to end by itself.
 *
 * @param hasVendors Whether the vendors of hardware wallets have their libraries installed.
 */
export async function signInAProcessOfItsOwn(signers: string, { hasVendors = true } = {}): Promise<string> {
  const imports = hasVendors ? [] : ["--import", WITHOUT_VENDORS];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...imports, HARDHAT, "run", "--no-compile", "test/support/open-signers.ts"],
    { env: { ...process.env, SIGNERS: signers, ...(hasVendors ? {} : { WITHOUT_VENDORS: "yes" }) } },
  );
  return stdout;
}
