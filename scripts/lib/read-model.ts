import { Fault } from "../../deploy/fault.js";
import { fetchAgain } from "./fetch-again.js";

const PAGE_SIZE = 500;

interface Page<Row> {
  items: Row[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** The GraphQL endpoint of an indexer. */
export class ReadModel {
  /** @param url Where the indexer answers, without a path. */
  constructor(private readonly url: string) {}

  /**
   * Asks a question.
   *
   * @throws {@link Fault} with what the endpoint objects to, or that it does not answer.
   */
  async ask<Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    let answer: { data?: Data; errors?: { message: string }[] };
    try {
      const response = await fetchAgain(`${this.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      answer = (await response.json()) as typeof answer;
    } catch (cause) {
      throw new Fault(`${this.url}/graphql does not answer: ${(cause as Error).message}.`, { cause });
    }
    if (answer.data === undefined || answer.errors !== undefined) {
      const objections = answer.errors?.map(({ message }) => message) ?? ["no data"];
      throw new Fault(`${this.url}/graphql refused a question: ${objections.join("; ")}.`);
    }
    return answer.data;
  }

  /**
   * Every row of a table on one chain, page by page.
   *
   * @param table Its GraphQL plural.
   * @param columns What is read of it.
   * @param where Conditions, as GraphQL literals.
   */
  async *rows(
    table: string,
    chainId: number,
    columns: readonly string[],
    where: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<Record<string, unknown>> {
    let after: string | null = null;
    do {
      const page: Page<Record<string, unknown>> = await this.#page(table, chainId, { after, columns, where });
      yield* page.items;
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
  }

  /** How many rows a table has on one chain. */
  async count(table: string, chainId: number): Promise<number> {
    return (await this.#page(table, chainId, { after: null, columns: ["chainId"] })).totalCount;
  }

  /** The chain of a row of a table that is of none of the chains given; nothing if there is no such row. */
  async otherChain(table: string, chainIds: readonly number[]): Promise<number | undefined> {
    const data = await this.ask<Record<string, { items: { chainId: number }[] }>>(
      `query ($chainIds: [Int!]!) {
         ${table}(where: { chainId_not_in: $chainIds }, limit: 1) { items { chainId } }
       }`,
      { chainIds },
    );
    return data[table]!.items[0]?.chainId;
  }

  async #page<Row>(
    table: string,
    chainId: number,
    {
      after,
      columns,
      where = {},
    }: { after: string | null; columns: readonly string[]; where?: Readonly<Record<string, string>> },
  ): Promise<Page<Row>> {
    const conditions = [
      "chainId: $chainId",
      ...Object.entries(where).map(([name, value]) => `${name}: ${value}`),
    ];
    const data = await this.ask<Record<string, Page<Row>>>(
      `query ($chainId: Int!, $after: String, $limit: Int!) {
         ${table}(where: { ${conditions.join(", ")} }, after: $after, limit: $limit) {
           totalCount
           items { ${columns.join(" ")} }
           pageInfo { hasNextPage endCursor }
         }
       }`,
      { chainId, after, limit: PAGE_SIZE },
    );
    return data[table]!;
  }
}
