import { objection } from "./objection.js";

/** Values that fit no column, and statements that make no sense, by the first two signs of the database's own code. */
const OF_ONE_QUESTION = /^(22|42)[0-9A-Z]{3}$/;
/** Those that come of the values alone: a table that is not there, or may not be read, is nobody's fault but ours. */
const OF_VALUES = /^(22[0-9A-Z]{3}|42804|42846|42883|42P18)$/;

const stateOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

/** Whether others that were asked in the same statement may be answered. Time, locks and connections are short for all of them. */
export const isOfOneQuestion = (error: unknown): boolean => OF_ONE_QUESTION.test(stateOf(error));

/** In words of ours: the database's own tell of statements and columns. */
export const inOurWords = (error: unknown): unknown =>
  OF_VALUES.test(stateOf(error))
    ? objection(
        "A value in the question is none that its column can be compared with: look at `where` and the arguments beside it, " +
          "and give values of the column's type and range.",
      )
    : error;
