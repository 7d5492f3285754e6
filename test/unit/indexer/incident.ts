import { expect } from "chai";

import { QUESTIONS, statementOf, type QuestionName } from "../../../indexer/src/api/incident/questions.js";
import { incidentRoutes, type IncidentOptions } from "../../../indexer/src/api/incident/routes.js";

const TOKEN = "0123456789abcdef0123456789abcdef";
const STUCK = "/internal/incident/stuck";

describe("the incident endpoints", () => {
  const routes = (change: Partial<IncidentOptions> = {}) =>
    incidentRoutes({
      token: TOKEN,
      questions: { stuck: "what is stuck" },
      answer: (question) => Promise.resolve({ question }),
      ...change,
    });
  const bearing = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const status = async (app: ReturnType<typeof routes>, path: string, given?: RequestInit) =>
    (await app.request(path, given)).status;

  it("are not there without a token in the settings, whatever is brought", async () => {
    for (const token of [undefined, ""]) {
      const app = routes({ token });
      for (const path of [STUCK, "/internal/incident/", "/internal/incident/nonsense"]) {
        expect(await status(app, path)).to.equal(404);
        expect(await status(app, path, bearing(""))).to.equal(404);
      }
    }
  });

  it("do not start with a token that can be guessed", () => {
    expect(() => routes({ token: TOKEN.slice(1) })).to.throw("has at least 32 characters");
  });

  it("answer whoever has the token, and may not be kept by a cache", async () => {
    const response = await routes().request(STUCK, bearing(TOKEN));
    expect([response.status, await response.json()]).to.deep.equal([200, { question: "stuck" }]);
    expect(response.headers.get("cache-control")).to.equal("no-store");
  });

  it("answer nobody else, and ask the database nothing for them", async () => {
    let asked = 0;
    const app = routes({ answer: () => Promise.resolve((asked += 1)) });
    const wrong = [
      {},
      bearing(""),
      bearing(TOKEN.slice(1)),
      bearing(`${TOKEN}0`),
      bearing(TOKEN.toUpperCase()),
      { headers: { authorization: `Basic ${TOKEN}` } },
      { headers: { authorization: TOKEN } },
    ];
    for (const given of wrong) expect(await status(app, STUCK, given)).to.equal(401);
    expect(await status(app, `${STUCK}?token=${TOKEN}`)).to.equal(401);
    expect(asked).to.equal(0);
  });

  it("list what can be asked, and know nothing else", async () => {
    const app = routes();
    const list = await app.request("/internal/incident/", bearing(TOKEN));
    expect(await list.json()).to.deep.equal({ questions: { stuck: "what is stuck" } });
    for (const name of ["nonsense", "constructor", "__proto__", "stuck%2F.."])
      expect(await status(app, `/internal/incident/${name}`, bearing(TOKEN)), name).to.equal(404);
  });

  it("only read: no other method has a route", async () => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"])
      expect(await status(routes(), STUCK, { method, ...bearing(TOKEN) }), method).to.equal(404);
  });

  it("admit 120 questions a minute, and are not used up by those without the token", async () => {
    let now = 0;
    const app = routes({ now: () => now });
    for (let i = 0; i < 200; i++) await status(app, STUCK);
    for (let i = 0; i < 120; i++) expect(await status(app, STUCK, bearing(TOKEN))).to.equal(200);
    const refused = await app.request(STUCK, bearing(TOKEN));
    expect([refused.status, refused.headers.get("retry-after")]).to.deep.equal([429, "60"]);
    now += 60_000;
    expect(await status(app, STUCK, bearing(TOKEN))).to.equal(200);
  });

  it("say that the database does not answer, and nothing that it said", async () => {
    const app = routes({ answer: () => Promise.reject(new Error("password of postgres://x:y@z")) });
    const response = await app.request(STUCK, bearing(TOKEN));
    expect([response.status, await response.json()]).to.deep.equal([
      503,
      { error: "The database does not answer." },
    ]);
  });

  it("never select who the parties are", () => {
    const personal =
      /\b(buyer|seller|arbiter|fee_recipient|account|actor|by|opened_by|ruled_by|approved_by|spent_by|evidence\w*|payment_reference)\b/;
    for (const name of Object.keys(QUESTIONS) as QuestionName[]) {
      // `order by` and `group by` name no column `by`.
      const statement = statementOf(name).replaceAll(/\b(order|group) by\b/g, "");
      expect(statement, name).not.to.match(personal);
    }
  });
});
