import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { expect } from "chai";

import { whatIsMissing } from "../../../scripts/drill/stack/missing.js";
import { eventually } from "../../../scripts/lib/eventually.js";
import { readRunbook } from "../../../scripts/lib/pages/runbook.js";
import { noPostgres, Postgres } from "../../../scripts/lib/postgres.js";
import { isPasswordOf } from "../../../scripts/lib/scram.js";

const run = promisify(execFile);
const missing = noPostgres ?? whatIsMissing().find((program) => program.includes("no psql"));

/** A psql of which whoever types sees only that it failed: before it did anything, or after it did all. */
const FAILING = {
  "before it is there": "return 2",
  "after the database took it": 'command psql "$@"; return 2',
};

/** The roles of each block of the page, by the file of their password. */
const SUPERUSER = { postgres_password: "holdfast" };
const OTHERS = { writer_password: "holdfast_writer", reader_password: "holdfast_reader" };

(missing === undefined ? describe : describe.skip)(
  "new passwords, as the page of leaked secrets types them",
  () => {
    let postgres: Postgres;
    let secrets: string;
    const blocks: string[] = [];
    const detecting: string[] = [];
    before(async () => {
      postgres = await Postgres.start();
      await postgres.newDatabase("index");
      for (const { section, byHand, commands } of (await readRunbook("leaked-secret")).blocks) {
        if (byHand !== undefined) continue;
        if (section === "Detection") detecting.push(commands);
        if (section === "Immediate (L1)") blocks.push(commands);
      }
      expect(blocks).to.have.length(2);
    });
    after(() => postgres.stop());

    beforeEach(async () => {
      secrets = await mkdtemp(path.join(tmpdir(), "holdfast-secrets-"));
      for (const name of Object.keys({ ...SUPERUSER, ...OTHERS })) await writeFile(inSecrets(name), "old");
      await postgres.query("index", "alter role holdfast password 'old'");
      await run("psql", [
        ...["--no-psqlrc", "--quiet", "--set", "writer_password=old", "--set", "reader_password=old"],
        ...["--file", "indexer/database/roles.sql", postgres.url("index")],
      ]);
    });
    afterEach(() => rm(secrets, { recursive: true }));

    const urlOf = (role: string) => postgres.url("index").replace("holdfast@", `${role}@`);
    const inSecrets = (name: string) => path.join(secrets, name);
    const kept = (name: string) => readFileSync(inSecrets(name), "utf8").trim();
    const takes = async (role: string, password: string) =>
      isPasswordOf(
        await postgres.query("index", `select rolpassword from pg_authid where rolname = '${role}'`),
        password,
      );

    const environment = () => ({
      ...process.env,
      ...{ PSQLRC: "/dev/null", SECRETS: secrets, SUPERUSER_URL: postgres.url("index") },
    });

    /** As people type: a shell that goes on after what failed. */
    const type = (commands: string, psql = 'command psql "$@"') =>
      run("bash", ["--norc", "-c", `psql() { ${psql}; }\n${commands}`], {
        env: environment(),
      }).then(
        () => 0,
        ({ code }: { code: number }) => code,
      );

    for (const [i, [whose, roles]] of Object.entries({
      "the superuser's": SUPERUSER,
      "those of the others": OTHERS,
    }).entries()) {
      for (const [when, psql] of Object.entries(FAILING)) {
        it(`are in a file, whatever fails ${when}, and are the database's at the second attempt: ${whose}`, async () => {
          expect(await type(blocks[i]!, psql)).to.equal(2);
          const planned = new Map<string, string>();
          for (const [name, role] of Object.entries(roles)) {
            expect(kept(name)).to.equal("old");
            planned.set(name, kept(`${name}.new`));
            expect(planned.get(name)).to.match(/^[0-9a-f]{64}$/);
            expect(
              await takes(role, psql === FAILING["before it is there"] ? "old" : planned.get(name)!),
            ).to.equal(true);
          }

          expect(await type(blocks[i]!)).to.equal(0);
          for (const [name, role] of Object.entries(roles)) {
            expect(kept(name)).to.equal(planned.get(name));
            expect(await takes(role, kept(name))).to.equal(true);
            expect(existsSync(inSecrets(`${name}.new`))).to.equal(false);
          }
        });
      }
    }

    it("are the superuser's only if everybody else could be thrown out", async () => {
      await postgres.query(
        "index",
        `create schema odd; create function odd.pg_terminate_backend(integer) returns boolean language plpgsql
         as $$ begin raise 'not today'; end $$;
       alter role holdfast set search_path = odd, pg_catalog`,
      );
      const other = spawn("psql", [postgres.url("index"), "-Xc", "select pg_sleep(60)"], { stdio: "ignore" });
      const ended = once(other, "exit");
      const sleeping = "select count(*) from pg_stat_activity where query like 'select pg_sleep%'";
      try {
        await eventually(async () => {
          expect(await postgres.query("index", sleeping)).to.equal("1");
        }, 10);
        expect(await type(blocks[0]!)).to.equal(3);
        expect(await takes("holdfast", "old")).to.equal(true);

        await postgres.query("index", "alter role holdfast reset search_path; drop schema odd cascade");
        expect(await type(blocks[0]!)).to.equal(0);
        expect(await takes("holdfast", kept("postgres_password"))).to.equal(true);
        expect((await ended)[0]).to.not.equal(0);
      } finally {
        other.kill();
      }
    });

    it("are made when it was seen who is in and who may come in, the superuser that compose.yml has included", async () => {
      await postgres.query(
        "index",
        "create role postgres superuser login; create role stranger superuser login",
      );
      const other = spawn("psql", [urlOf("postgres"), "-Xc", "select pg_sleep(60)"], { stdio: "ignore" });
      try {
        await eventually(async () => {
          const { stdout } = await run("bash", ["--norc", "-c", detecting.join("\n")], {
            env: environment(),
          });
          expect(stdout)
            .to.match(/^ postgres +\| 127\.0\.0\.1 +\| +1$/m)
            .and.match(/^ stranger +\| t/m);
        }, 10);
      } finally {
        other.kill();
      }
    });
  },
);
