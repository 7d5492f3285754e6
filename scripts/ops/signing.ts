import type { NetworkConnection } from "hardhat/types/network";

import { Fault } from "../../deploy/fault.js";
import { askedOnce } from "../lib/safe/service-once.js";
import { openService, type TransactionService } from "../lib/safe/service.js";
import { openSigner } from "../lib/signers/open.js";
import type { Signer, SignerKind } from "../lib/signers/signer.js";
import { oneOf, parseAddress } from "./arguments.js";

/** What the command line says of who signs. */
export interface SigningArguments {
  readonly signer?: string;
  readonly address?: string;
  readonly path?: string;
  readonly transport?: string;
  readonly walletUrl?: string;
  readonly safeService?: string;
}

export const SIGNER_KINDS = [
  "keystore",
  "ledger",
  "trezor",
  "wallet",
] as const satisfies readonly SignerKind[];
const TRANSPORTS = ["bridge", "usb", "udp"] as const;

/** The signer that was asked for; nothing if none was. Whoever opens it closes it. */
export async function signerOf(
  { signer, address, path, transport, walletUrl }: SigningArguments,
  connection: NetworkConnection,
): Promise<Signer | undefined> {
  if (signer === undefined) return undefined;
  return await openSigner(oneOf(SIGNER_KINDS, signer, "--signer"), {
    connection,
    ...(address !== undefined && { address: parseAddress(address, "--address") }),
    ...(path !== undefined && { path }),
    ...(transport !== undefined && { transport: oneOf(TRANSPORTS, transport, "--transport") }),
    ...(walletUrl !== undefined && { walletUrl: parseUrl(walletUrl) }),
  });
}

/** The transaction service that was asked for; nothing if none was. Its key, if it wants one, is no argument. */
export async function serviceOf(
  { safeService: url }: SigningArguments,
  chainId: number,
  tell: (sentence: string) => void,
): Promise<TransactionService | undefined> {
  if (url === undefined) return undefined;
  const { SAFE_API_KEY: apiKey } = process.env;
  const service = await openService({ chainId, url, ...(apiKey !== undefined && { apiKey }) });
  return askedOnce(service, tell);
}

function parseUrl(text: string): string {
  if (URL.canParse(text)) return text;
  throw new Fault("--wallet-url is a URL, such as http://127.0.0.1:1248.");
}
