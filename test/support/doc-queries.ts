import { readFile } from "node:fs/promises";

/** A GraphQL query that a page of the documentation offers for copying. */
export interface DocQuery {
  name: string;
  query: string;
}

/** The queries of a page in `docs/`: its blocks fenced as ```` ```graphql query=<name> ````. */
export async function docQueries(page: string): Promise<DocQuery[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  return Array.from(text.matchAll(/^```graphql query=(\S+)\n([\s\S]*?)^```$/gm), ([, name, query]) => ({
    name: name!,
    query: query!,
  }));
}
