import { expect } from "chai";
import { parse } from "graphql";

import { readQuestions } from "../../../indexer/src/api/read-questions.js";

describe("the memory of questions that were read", () => {
  const question = (n: number, length = 100) => `{ q${n} }`.padEnd(length);
  const read = (text: string) => parse(text, { noLocation: true });

  it("has them as they were read, until there are too many characters of them", () => {
    const memory = readQuestions();
    const documents = Array.from({ length: 4_000 }, (_, n) => read(question(n)));
    documents.forEach((document, n) => memory.set(question(n), document));
    const known = documents.filter((document, n) => memory.get(question(n)) === document);
    expect(known).to.deep.equal(documents.slice(-2_500));
  });

  it("forgets first what was not asked for longest", () => {
    const memory = readQuestions();
    for (let n = 0; n < 2_500; ++n) memory.set(question(n), read(question(n)));
    expect(memory.get(question(0))).to.not.equal(undefined);
    memory.set(question(2_500), read(question(2_500)));
    expect(memory.get(question(0))).to.not.equal(undefined);
    expect(memory.get(question(1))).to.equal(undefined);
    expect(memory.get(question(2))).to.not.equal(undefined);
  });

  it("is not for long ones, nor for those that turn out to be wrong", () => {
    const memory = readQuestions();
    memory.set(question(0, 5_001), read(question(0)));
    expect(memory.get(question(0, 5_001))).to.equal(undefined);
    const wrong = read(question(1));
    memory.set(question(1), wrong);
    memory.forget(wrong);
    expect(memory.get(question(1))).to.equal(undefined);
    memory.forget(wrong);
    // What was forgotten takes no room any more.
    for (let n = 0; n < 2_500; ++n) memory.set(question(n), read(question(n)));
    expect(memory.get(question(0))).to.not.equal(undefined);
  });

  it("counts a question once that is read again", () => {
    const memory = readQuestions();
    for (let n = 0; n < 5_000; ++n) memory.set(question(1), read(question(1)));
    for (let n = 2; n < 2_501; ++n) memory.set(question(n), read(question(n)));
    expect(memory.get(question(1))).to.not.equal(undefined);
  });
});
