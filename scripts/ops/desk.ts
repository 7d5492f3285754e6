import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { findOperation, type OperationFolder } from "../lib/operations/folder.js";
import { openManifest, type OpenManifest } from "../lib/operations/open.js";
import type { Suite } from "../lib/operations/suite.js";
import type { TransactionService } from "../lib/safe/service.js";
import type { Signer } from "../lib/signers/signer.js";
import { serviceOf, signerOf, type SigningArguments } from "./signing.js";
import { openSuite } from "./suite.js";

/** What the stages of an operation are done with: the suite, the operation, and who sits there. */
export interface Desk {
  readonly suite: Suite;
  readonly opened: OpenManifest;
  readonly operation: OperationFolder;
  readonly signer?: Signer;
  readonly service?: TransactionService;
  /** Whether to send without asking. */
  readonly yes: boolean;
  /** To the person; on stderr where stdout is for a machine. */
  readonly tell: (line: string) => void;
}

export interface DeskArguments extends SigningArguments {
  readonly operation?: string;
  readonly parameters?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
}

/** Opens an operation and whatever signs, and lets go of the device when the work is done. */
export async function atDesk<Result>(
  args: DeskArguments,
  hre: HardhatRuntimeEnvironment,
  work: (desk: Desk) => Promise<Result>,
  opening: { readonly isRead?: boolean } = {},
): Promise<Result> {
  const suite = await openSuite(hre, args.parameters);
  const operation = await findOperation(suite.record.chainId, args.operation);
  const opened = await openManifest(operation.path, suite.record, opening);
  return await withSigner(args, suite, (hands) => work({ ...hands, opened, operation }));
}

/** Opens whatever signs, and lets go of it when the work is done. */
export async function withSigner<Result>(
  args: DeskArguments,
  suite: Suite,
  work: (hands: Omit<Desk, "opened" | "operation">) => Promise<Result>,
): Promise<Result> {
  const service = await serviceOf(args, suite.record.chainId);
  const signer = await signerOf(args, suite.connection);
  try {
    return await work({
      suite,
      ...(signer && { signer }),
      ...(service && { service }),
      yes: args.yes === true,
      tell: teller(args),
    });
  } finally {
    await signer?.close();
  }
}

export const teller =
  ({ json }: Pick<DeskArguments, "json">) =>
  (line: string) =>
    json ? console.error(line) : console.log(line);

/** A command to type next, for the same network and operation. */
export const nextCommand = (
  { suite, operation }: Pick<Desk, "suite" | "operation">,
  verb: "sign" | "execute" | "verify" | "rehearse",
  options = "",
) =>
  [
    `npx hardhat ops ${verb} --network ${suite.connection.networkName}`,
    `--operation ${operation.number}`,
    options,
  ]
    .filter(Boolean)
    .join(" ");

/** An operation as people call it: `3-pause`. */
export const nameOf = ({ operation }: Pick<Desk, "operation">) => path.basename(operation.path);
