import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { buffer } from "node:stream/consumers";

/** More than anything in a folder of operations ever is. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads a text file of which anybody may be the author: never waits, as for the other end of a pipe, and never reads without
 * end, as from a device.
 *
 * @throws As `readFile`, with `EINVAL` for what is no regular file and `EFBIG` for what is longer than `maxBytes`.
 */
export const readRegular = async (file: string, maxBytes = MAX_BYTES): Promise<string> =>
  (await readRegularBytes(file, maxBytes)).toString("utf8");

/** As {@link readRegular}, as the bytes that are there. */
export async function readRegularBytes(file: string, maxBytes = MAX_BYTES): Promise<Buffer> {
  const { O_RDONLY, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NONBLOCK);
  try {
    return await readHandle(handle, file, maxBytes);
  } finally {
    await handle.close();
  }
}

/** As {@link readRegular}, of what is open already. To be opened with `O_NONBLOCK`. */
export async function readHandle(handle: FileHandle, file: string, maxBytes = MAX_BYTES): Promise<Buffer> {
  const found = await handle.stat();
  if (found.isDirectory()) throw problemOf("EISDIR", "a directory", file);
  if (!found.isFile()) throw problemOf("EINVAL", "not a regular file", file);
  // One byte more, and not its size: what grows meanwhile, or has no size, is no longer read than this either.
  const content = await buffer(handle.createReadStream({ start: 0, end: maxBytes, autoClose: false }));
  if (content.length > maxBytes) throw problemOf("EFBIG", `longer than ${maxBytes} bytes`, file);
  return content;
}

/** As of the system, for whoever tells a file's problems from others. */
const problemOf = (code: string, what: string, file: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: ${what}, read '${file}'`), { code, syscall: "read", path: file });
