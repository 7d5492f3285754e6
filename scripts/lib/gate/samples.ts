import path from "node:path";

import { ZeroHash } from "ethers";
import { z } from "zod/v4";

import { DEPLOY_DIR } from "../../../deploy/place.js";
import { LineFile } from "../operations/lines.js";
import { bytes32 } from "../safe/fields.js";

const schema = z.strictObject({
  /** Unix seconds by the clock of whoever compared. */
  at: z.int().positive(),
  block: z.int().positive(),
  paymentId: bytes32.refine((id) => id === id.toLowerCase() && id !== ZeroHash, "is no paymentId"),
  /** Whether the read model said of the payment what the chain says. */
  matched: z.boolean(),
});

/** One payment, compared once between the read model and the chain. */
export type Sample = z.infer<typeof schema>;

/** Every comparison on a chain, oldest first, only ever appended to. */
export const samplesOf = (chainId: number, folder = path.join(DEPLOY_DIR, "samples")): LineFile<Sample> =>
  new LineFile(path.join(folder, `${chainId}.jsonl`), schema);
