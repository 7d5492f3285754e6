/* npm run schemas:read-model: writes what consumers read about the schema, and the typed client of the example. */

import { writeReadModelFiles } from "./lib/read-model-files.js";

for (const path of await writeReadModelFiles()) console.log(`Wrote ${path}`);
