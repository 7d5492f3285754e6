import { constants } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import path from "node:path";

import type { z } from "zod/v4";

import { Fault } from "../../../deploy/fault.js";
import { readHandle, readRegular } from "../regular-file.js";

/** A file with one JSON object a line that is only ever appended to, and survives that its writer dies. */
export class LineFile<Line> {
  constructor(
    readonly path: string,
    private readonly schema: z.ZodType<Line>,
  ) {}

  /**
   * All lines, oldest first; none if there is no file yet.
   *
   * @throws {@link Fault} if a line is not what was appended.
   */
  async read(): Promise<Line[]> {
    const text = await readRegular(this.path).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code === "ENOENT") return "";
      throw problem;
    });
    // What follows the last line break was being written when the process died.
    return text
      .split("\n")
      .slice(0, -1)
      .map((line, index) => this.#parse(line, index + 1));
  }

  /** Returns when the line is on the disk. */
  async add(line: Line): Promise<void> {
    await this.addAll([line]);
  }

  /** As {@link add}, of several, which stand together. */
  async addAll(lines: readonly Line[]): Promise<void> {
    await mkdir(path.dirname(this.path), { recursive: true });
    const { O_APPEND, O_CREAT, O_RDWR, O_NONBLOCK } = constants;
    const handle = await open(this.path, O_APPEND | O_CREAT | O_RDWR | O_NONBLOCK, 0o600);
    try {
      await dropUnfinishedLine(handle, this.path);
      await handle.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  #parse(line: string, number: number): Line {
    try {
      return this.schema.parse(JSON.parse(line));
    } catch (cause) {
      throw new Fault(
        `${this.path}:${number} is not what this program wrote; restore the file from version control or a backup.`,
        { cause },
      );
    }
  }
}

async function dropUnfinishedLine(handle: FileHandle, file: string): Promise<void> {
  const content = await readHandle(handle, file);
  const end = content.lastIndexOf("\n") + 1;
  if (end < content.length) await handle.truncate(end);
}
