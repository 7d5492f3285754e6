/** An error that its reader can act on: the command line prints its sentence and no stack. */
export class Fault extends Error {
  override name = "Fault";

  /** @param details One line each, printed under the sentence. */
  constructor(
    sentence: string,
    { details = [], cause }: { details?: readonly string[]; cause?: unknown } = {},
  ) {
    super([sentence, ...details].join("\n  "), { cause });
  }
}
