import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

import type { GraphQLSchema } from "graphql";

interface Generator {
  buildGraphQLSchema: (of: { schema: Record<string, unknown> }) => GraphQLSchema;
  buildDataLoaderCache: (qb: unknown) => (of: { table: unknown }) => unknown;
}

/**
 * What Ponder's own `graphql()` is made of. Ponder exports that only with its endpoint around it, where nothing can be
 * added, so this goes by the path of the file. It is bound to the version in package.json; that it still does what it
 * did is what the committed schema file is compared for.
 */
export const { buildGraphQLSchema, buildDataLoaderCache } = (await import(
  /* @vite-ignore */
  new URL("dist/esm/graphql/index.js", pathToFileURL(findPackageJSON("ponder", import.meta.url)!)).href
)) as Generator;
