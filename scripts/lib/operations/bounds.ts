import { z } from "zod/v4";

/*
 * What numbers in an operation's files may be at most. A number that is an integer and yet nothing of this world would
 * only be found where something chokes on it: a date that cannot be shown, an amount that takes minutes to write.
 */

/** The last second of the year 9999, the last that a date with four digits shows. */
const LAST_TIME = 253_402_300_799;
/** A hundred years. */
const LONGEST = 3_155_760_000;
/** Of `10^77` a uint256 holds one. */
const MOST_DECIMALS = 77;

export const time = z.int().positive().max(LAST_TIME).meta({ description: "Unix seconds" });
export const seconds = z.int().nonnegative().max(LONGEST);
export const shift = z.int().min(-LONGEST).max(LONGEST);
export const decimals = z.int().nonnegative().max(MOST_DECIMALS);
/** No longer than a uint256. */
export const wei = z
  .string()
  .regex(/^(0|[1-9]\d{0,77})$/)
  .meta({ description: "Decimal integer" });
