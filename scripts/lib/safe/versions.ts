import { getSafeL2SingletonDeployments, getSafeSingletonDeployments } from "@safe-global/safe-deployments";

/** The versions of Safe that an operation may go through. Older ones have other hashes. */
export const SAFE_VERSIONS = ["1.3.0", "1.4.1", "1.5.0"] as const;
export type SafeVersion = (typeof SAFE_VERSIONS)[number];

/** Hash of the code that a Safe's proxy runs → its version, as Safe published them. */
const VERSION_OF_CODE: ReadonlyMap<string, SafeVersion> = new Map(
  SAFE_VERSIONS.flatMap((version) =>
    [getSafeSingletonDeployments, getSafeL2SingletonDeployments].flatMap((published) =>
      Object.values(published({ version })?.deployments ?? {}).map(
        ({ codeHash }) => [codeHash, version] as const,
      ),
    ),
  ),
);

/** The version of a Safe by the hash of its singleton's code (EIP-1052); `undefined` for any other code. */
export const versionOfCode = (codehash: string): SafeVersion | undefined => VERSION_OF_CODE.get(codehash);
