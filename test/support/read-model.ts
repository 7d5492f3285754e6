/** Asks the indexer at `url` a GraphQL question; throws what it objects to. */
export async function askGraphql<Data = Record<string, any>>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map((error) => error.message).join("; "));
  return data;
}

/** Asks the indexer at `url` in SQL. */
export async function askSql(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const query = encodeURIComponent(JSON.stringify({ json: { sql, params: [] } }));
  const response = await fetch(`${url}/sql/db?sql=${query}`);
  if (!response.ok) throw new Error(await response.text());
  return ((await response.json()) as { rows: Record<string, unknown>[] }).rows;
}
