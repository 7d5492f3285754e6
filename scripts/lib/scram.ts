import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** Whether a password is the one of which Postgres keeps this (RFC 5803), for servers that themselves ask nobody for one. */
export function isPasswordOf(stored: string, password: string): boolean {
  const [, iterations, salt, storedKey] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(stored)!;
  const salted = pbkdf2Sync(password, Buffer.from(salt!, "base64"), Number(iterations), 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  return createHash("sha256").update(clientKey).digest("base64") === storedKey;
}
