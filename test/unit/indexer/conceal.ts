import { expect } from "chai";

import { conceal, concealed } from "../../../indexer/watch/conceal.js";

const ESCROW = `0x${"e5".repeat(20)}`;
const PERSON = `0x${"Ab".repeat(20)}`;
const HASH = `0x${"ab".repeat(32)}`;
const clean = (text: string) => conceal(text, new Set([ESCROW]));

describe("what a log line may hold", () => {
  it("of a URL only the host", () => {
    expect(clean("URL: https://rpc.example.org/v2/KEY?x=KEY failed")).to.equal(
      "URL: https://rpc.example.org/… failed",
    );
    expect(clean("wss://rpc.example.org:8546/KEY")).to.equal("wss://rpc.example.org:8546/…");
    expect(clean("postgres://holdfast:PASSWORD@db:5432/holdfast")).to.equal("postgres://db:5432/…");
    expect(clean("postgresql://user:P@SS@db/x")).to.equal("postgresql://db/…");
  });

  it("no address of a person, in whatever form, but those of contracts", () => {
    expect(clean(`from ${PERSON} to ${ESCROW}`)).to.equal(`from <address> to ${ESCROW}`);
    expect(clean(`topic 0x${"0".repeat(24)}${PERSON.slice(2)}`)).to.equal("topic <address>");
  });

  it("ids of payments and transactions", () => {
    expect(clean(`payment ${HASH}`)).to.equal(`payment ${HASH}`);
  });

  it("nothing that somebody wrote on the chain, even if it looks like the end of it", () => {
    const meta = `Event arguments:\n  paymentId  ${HASH}\n  reason     Jane Doe\nLog:\n  Jane Doe again\nLog:\n  index 3`;
    expect(clean(meta)).to.equal(`Event arguments:\n  paymentId  ${HASH}\nLog:\n  index 3`);
    expect(clean("Event arguments:\n  reason  Jane Doe\nLog:\n  index 3")).to.not.include("Jane");
  });

  it("of an error its sentence, stack and notes, and none of what else hangs on it", () => {
    const error = Object.assign(new Error(`${PERSON} at https://a.example/KEY`), {
      url: "https://a.example/KEY",
      meta: ["Event arguments:\n  note  Jane\nLog:\n"],
    });
    const copy = (concealed({ error }, new Set()) as { error: Error & { meta: string[] } }).error;
    expect(copy).to.be.an("error");
    expect(copy.message).to.equal("<address> at https://a.example/…");
    expect(copy.stack).to.include("test/unit/indexer/conceal.ts").and.not.include("KEY");
    expect({ ...copy }).to.have.all.keys("meta", "name");
    expect(copy.meta.join()).to.not.include("Jane");
  });
});
