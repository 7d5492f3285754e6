import type { HookContext, NetworkHooks } from "hardhat/types/hooks";

import { Fault } from "../../../deploy/fault.js";
import { isWriting, modeOf } from "./mode.js";

/** Closes chains to what writes, unless live. Hardhat's own chain in memory is nobody's. */
// eslint-disable-next-line @typescript-eslint/require-await -- as Hardhat wants it
export default async (): Promise<Partial<NetworkHooks>> => ({
  async onRequest(context, connection, request, next) {
    const mode = modeIn(context);
    if (mode !== "live" && connection.networkConfig.type === "http" && isWriting(request.method)) {
      throw new Fault(
        `This is ${mode === "dry-run" ? "a dry run" : "read-only"}: ${request.method} was kept from the network ` +
          `${connection.networkName}, and nothing was sent.`,
      );
    }
    return await next(context, connection, request);
  },
});

const modeIn = ({ globalOptions }: HookContext) => modeOf(globalOptions.mode, process.env);
