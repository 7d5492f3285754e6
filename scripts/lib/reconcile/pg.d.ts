/** What is used of it. */
declare module "pg" {
  interface Client {
    connect(): Promise<void>;
    query(sql: string, parameters?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
    end(): Promise<void>;
  }
  const pg: { Client: new (options: { connectionString: string }) => Client };
  export default pg;
}
