import { SingleBar } from "cli-progress";

import type { Phase, Progress } from "./request.js";

const WORDS: Readonly<Record<Phase, string>> = {
  logs: "Reading the chain's logs",
  state: "Asking the contracts",
  rows: "Comparing rows",
};

/** A bar on stderr, if that is a terminal. */
export function progressBar(): { onProgress: (progress: Progress) => void; stop: () => void } {
  if (!process.stderr.isTTY) return { onProgress: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: "{phase} {bar} {value}/{total}",
    stream: process.stderr,
    barsize: 24,
    clearOnComplete: true,
    hideCursor: true,
    gracefulExit: false,
  });
  let current: Phase | undefined;
  return {
    onProgress: ({ phase, done, of }) => {
      if (phase !== current) bar.start(of, done, { phase: WORDS[phase] });
      current = phase;
      bar.update(Math.min(done, of));
    },
    stop: () => bar.stop(),
  };
}
