import { expect } from "chai";

import { inSnapshot, openPostgres } from "../../scripts/lib/reconcile/database.js";
import { noPostgres, Postgres } from "../../scripts/lib/postgres.js";
import { faultIn } from "../support/fault.js";

(noPostgres === undefined ? describe : describe.skip)("a connection to Postgres", () => {
  let postgres: Postgres;
  before(async () => {
    postgres = await Postgres.start();
    await postgres.newDatabase("index");
  });
  after(() => postgres.stop());

  const endOthers = () =>
    postgres.query(
      "index",
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()",
    );

  it("that was closed while nobody asked is told as lost to whoever asks next", async () => {
    const connection = await openPostgres(postgres.url("index"));
    await connection.query("select 1");
    await endOthers();
    expect(await faultIn(connection.query("select 1"))).to.match(
      /^The connection to the database was lost: /,
    );
    await connection.close();
  });

  it("that is closed under a question is told as lost", async () => {
    const connection = await openPostgres(postgres.url("index"));
    const asked = faultIn(connection.query("select pg_sleep(30)"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await endOthers();
    expect(await asked).to.match(/^The connection to the database was lost: /);
    await connection.close();
  });

  it("waits in a snapshot for the chain, however long the role may idle", async () => {
    await postgres.query("index", "alter role current_user set idle_in_transaction_session_timeout = 100");
    const connection = await openPostgres(postgres.url("index"));
    const rows = await inSnapshot(connection, async () => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return await connection.query("select 1 as one");
    });
    await connection.close();
    await postgres.query("index", "alter role current_user reset idle_in_transaction_session_timeout");
    expect(rows).to.deep.equal([{ one: 1 }]);
  });
});
