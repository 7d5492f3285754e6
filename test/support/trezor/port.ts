import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Where emulators listen by UDP, which `@trezor/connect` lets nobody choose. */
export const PORT = 21324;
const TRY_AGAIN_MS = 500;

/**
 * Waits until no other run of the tests on this machine uses the port, and keeps it from them: a run would talk to the
 * other's device. Whoever listens on it by TCP has it.
 *
 * @returns Gives it back.
 */
export async function takePort(): Promise<() => Promise<void>> {
  for (;;) {
    const server = createServer().listen(PORT, "127.0.0.1");
    const isTaken = await once(server, "listening").then(
      () => false,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EADDRINUSE") return true;
        throw error;
      },
    );
    if (!isTaken) {
      return async () => {
        server.close();
        await once(server, "close");
      };
    }
    await sleep(TRY_AGAIN_MS);
  }
}
