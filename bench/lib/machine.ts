import { readFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";

/** What a measurement ran on. */
export const machine = () => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
});

/** What a process has used so far. Linux tells it; elsewhere this throws. */
export async function usageOf(pid: number): Promise<{ peakMemoryMiB: number; cpuSeconds: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // After the name, which may hold anything, user and system time are the 12th and 13th, in hundredths.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    peakMemoryMiB: Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1_024),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
  };
}
