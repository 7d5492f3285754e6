import path from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Where what belongs to chains is kept: parameters, records, journals, layouts of implementations, operations. `deploy/`,
 * unless HOLDFAST_DEPLOY_DIR names another folder: a chain that lives for a minute need leave nothing in the checkout.
 */
export const DEPLOY_DIR = path.resolve(
  process.env.HOLDFAST_DEPLOY_DIR ?? fileURLToPath(new URL(".", import.meta.url)),
);
