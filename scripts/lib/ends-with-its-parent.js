/*
 * Preloaded into a child process whose stdin is a pipe: asks it to stop when its parent is gone, however that ended, so
 * that no orphan goes on writing. Plain JavaScript, because Node loads it before anything could translate it.
 */
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
// Waiting for that is no reason to stay.
process.stdin.unref();
