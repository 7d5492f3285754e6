import { mkdir, writeFile } from "node:fs/promises";

import { format } from "prettier";

import { manifestJsonSchema } from "./lib/operations/manifest.js";

/* npm run schemas: writes the JSON Schema of what people other than us may want to read. */

const file = new URL("../deploy/operations/manifest.schema.json", import.meta.url);

await mkdir(new URL(".", file), { recursive: true });
await writeFile(
  file,
  await format(JSON.stringify(manifestJsonSchema()), { parser: "json", printWidth: 110 }),
);
