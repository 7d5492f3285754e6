import { FetchRequest, JsonRpcProvider } from "ethers";

import { Fault } from "../../../deploy/fault.js";
import { Rpc } from "./rpc.js";

/** Another endpoint of the same chain, which was named by its URL. */
export interface Second {
  readonly rpc: Rpc;
  readonly close: () => void;
}

/**
 * Opens it; asks it nothing yet.
 *
 * @param timeoutMs For one question, where ethers' own five minutes are too long to wait for a witness.
 */
export function openSecond(url: string, chainId: number, timeoutMs?: number): Second {
  if (!URL.canParse(url)) throw new Fault("--second-rpc is a URL, such as https://… of another provider.");
  const request = new FetchRequest(url);
  if (timeoutMs !== undefined) request.timeout = timeoutMs;
  const provider = new JsonRpcProvider(request, chainId, { staticNetwork: true, cacheTimeout: -1 });
  return { rpc: new Rpc("the second RPC", sendTo(provider)), close: () => provider.destroy() };
}

/** What ethers says of an endpoint that fails has its URL in it, and so a key. */
const sendTo = (provider: JsonRpcProvider) => (method: string, params: unknown[]) =>
  provider.send(method, params).catch((cause: Error & { shortMessage?: string; code?: string }) => {
    throw new Fault(`The second RPC does not answer: ${cause.shortMessage ?? cause.code ?? cause.message}.`);
  });
