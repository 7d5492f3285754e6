/** A page of rows as the indexer's GraphQL gives them. */
export interface Page<Row = Record<string, unknown>> {
  items: Row[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Asks the indexer at `url` a GraphQL question; throws what it objects to. */
export async function askGraphql(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data: Record<string, unknown>; errors?: { message: string }[] };
  if (answer.errors) throw new Error(answer.errors.map((error) => error.message).join("; "));
  return answer.data;
}

/** Asks the indexer at `url` in SQL. */
export async function askSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const query = encodeURIComponent(JSON.stringify({ json: { sql, params: [] } }));
  const response = await fetch(`${url}/sql/db?sql=${query}`);
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { rows: Record<string, unknown>[] }).rows;
}

/** Every row of every table of the indexer at `url`, by table, in an order of their own. */
export async function wholeReadModel(url: string): Promise<Record<string, Record<string, unknown>[]>> {
  const { __schema } = await askGraphql(url, "{ __schema { queryType { fields { name } } } }");
  const { fields } = (__schema as { queryType: { fields: { name: string }[] } }).queryType;
  const names = fields.map(({ name }) => name);
  const tables = names
    .filter((name) => names.includes(`${name}s`))
    .map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  const rows = await Promise.all(tables.map((table) => askSql(url, `select * from ${table}`)));
  return Object.fromEntries(tables.map((table, i) => [table, rows[i]!.toSorted(byContent)]));
}

const byContent = (a: unknown, b: unknown) => JSON.stringify(a).localeCompare(JSON.stringify(b));
