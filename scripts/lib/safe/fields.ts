import { getAddress, isAddress, isHexString } from "ethers";
import { z } from "zod/v4";

/** An address, which reads back checksummed. */
export const address = z
  .string()
  .refine((found) => isAddress(found), { error: "is not an address", abort: true })
  .transform((found) => getAddress(found));
export const bytes32 = z.string().refine((found) => isHexString(found, 32), "is not 32 bytes of hex");
export const bytes = z
  .string()
  .refine((found) => isHexString(found, true), { error: "is not hex", abort: true })
  .transform((found) => found.toLowerCase());

/** What is wrong with parsed input, as one line. */
export const faultsIn = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => [path.join("."), message].filter(Boolean).join(": ")).join("; ");
