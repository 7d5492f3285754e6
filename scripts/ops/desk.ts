import path from "node:path";

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { findOperation, type OperationFolder } from "../lib/operations/folder.js";
import { LogPatience } from "../lib/operations/log-patience.js";
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
  /** How long all that one command does waits for logs where it is urgent. */
  readonly logs?: LogPatience;
  /** Whether to send without asking. */
  readonly yes: boolean;
  /** What was typed, for commands to type next. */
  readonly typed?: DeskArguments;
  /** To the person; on stderr where stdout is for a machine. */
  readonly tell: (line: string) => void;
}

export interface DeskArguments extends SigningArguments {
  readonly operation?: string;
  readonly parameters?: string;
  readonly digest?: string;
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
  requireDigest(opened, args.digest);
  return await withSigner(args, suite, (hands) => work({ ...hands, opened, operation }));
}

/** Opens whatever signs, and lets go of it when the work is done. */
export async function withSigner<Result>(
  args: DeskArguments,
  suite: Suite,
  work: (hands: Omit<Desk, "opened" | "operation">) => Promise<Result>,
): Promise<Result> {
  const service = await serviceOf(args, suite.record.chainId, teller(args));
  const signer = await signerOf(args, suite.connection);
  try {
    return await work({
      suite,
      ...(signer && { signer }),
      ...(service && { service }),
      logs: new LogPatience(),
      yes: args.yes === true,
      typed: args,
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

/** A command to type next, for the same network and operation, which refuses any other digest than this one. */
export const nextCommand = (
  { suite, operation, opened, typed }: Pick<Desk, "suite" | "operation" | "opened" | "typed">,
  verb: "sign" | "execute" | "rehearse" | "verify",
  options = "",
) =>
  [
    `npx hardhat ops ${verb} --network ${suite.connection.networkName}`,
    `--operation ${operation.number}`,
    // Nothing is signed or sent by who only looks.
    verb === "verify" ? "" : `--digest ${opened.digest}`,
    options,
    ...(typed?.parameters === undefined ? [] : [`--parameters ${quoted(typed.parameters)}`]),
  ]
    .filter(Boolean)
    .join(" ");

/** Who sits at this desk, as it was typed. */
export const sameSigner = ({ typed }: Pick<Desk, "typed">, otherwise: string): string => {
  const { signer, address, path, transport, walletUrl, safeService } = typed ?? {};
  if (signer === undefined) return `--signer ${otherwise}`;
  const options = { signer, address, path, transport, "wallet-url": walletUrl, "safe-service": safeService };
  return Object.entries(options)
    .flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${quoted(value)}`]))
    .join(" ");
};

/** As a shell takes it for one word. */
const quoted = (word: string) => (/^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * Compares a manifest with what the others have.
 *
 * @throws {@link Fault} if it is not that of the digest that was typed.
 */
export function requireDigest({ digest }: OpenManifest, expected: string | undefined): void {
  if (expected === undefined || expected.toLowerCase() === digest) return;
  throw new Fault(
    `The digest of this manifest is ${digest}, and not ${expected}: it is not what the others have. Sign nothing.`,
  );
}

/** An operation as people call it: `3-pause`. */
export const nameOf = ({ operation }: Pick<Desk, "operation">) => path.basename(operation.path);
