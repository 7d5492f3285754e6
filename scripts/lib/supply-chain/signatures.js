/*
 * What `npm audit signatures` reports: whether the registry signed what is installed, and what of it says by which build it
 * was made. Plain JavaScript without dependencies.
 */
import { parse } from "./audit.js";

/**
 * @param {string} text What `npm audit signatures --json` printed.
 * @returns {{ faults: string[] } | undefined} Undefined if it is no report: the registry has no keys, or there is no network.
 */
export function readSignatures(text) {
  const report = parse(text);
  if (!Array.isArray(report?.invalid) || !Array.isArray(report.missing)) return undefined;
  const named = ({ name, version }) => `${name}@${version}`;
  return {
    faults: [
      ...report.invalid.map(
        (found) => `${named(found)} has a signature or an attestation that is false: do not run it.`,
      ),
      ...report.missing.map((found) => `${named(found)} is not signed by the registry.`),
    ],
  };
}
