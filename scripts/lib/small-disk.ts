import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of its own in memory, which a test may fill. */
export class SmallDisk {
  private constructor(readonly directory: string) {}

  /** Why there can be none here, or nothing if there can. */
  static readonly unavailable = whyNot();

  static mount(megabytes: number): SmallDisk {
    const directory = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "tmpfs", directory]);
    return new SmallDisk(directory);
  }

  /** Fills it up to the last byte. */
  async fill(): Promise<void> {
    const filler = await open(this.#filler, "w");
    const block = Buffer.alloc(1 << 20);
    try {
      for (let free = await this.#free(); free > 0; free = await this.#free()) {
        await filler.write(block, 0, Math.min(free, block.length));
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      await filler.close();
    }
  }

  async makeRoom(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  unmount(): void {
    // Lazily: somebody may still be closing a file on it.
    execFileSync("umount", ["--lazy", this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  get #filler(): string {
    return join(this.directory, "filler");
  }

  async #free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.directory);
    return bavail * bsize;
  }
}

function whyNot(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "a small disk takes root on Linux";
  const directory = mkdtempSync(join(tmpdir(), "holdfast-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], { stdio: "ignore" });
    execFileSync("umount", [directory]);
    return undefined;
  } catch {
    return "nothing can be mounted here";
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
