/** What was done in this process as a command does it: what came of it, and the exit code that it would have ended with. */
export async function ended<Outcome>(
  work: () => Promise<Outcome>,
): Promise<{ readonly outcome: Outcome; readonly exits: typeof process.exitCode }> {
  const { exitCode } = process;
  try {
    process.exitCode = undefined;
    const outcome = await work();
    return { outcome, exits: process.exitCode };
  } finally {
    process.exitCode = exitCode;
  }
}
