/** What is used of it. */
declare module "pg" {
  class Client {
    constructor(options: { connectionString: string });
    connect(): Promise<void>;
    query(sql: string, parameters?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
    end(): Promise<void>;
  }
  const pg: { Client: typeof Client };
  export default pg;
}
