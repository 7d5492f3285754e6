import { PassThrough } from "node:stream";

import { expect } from "chai";

import { personAt } from "../../../scripts/lib/signers/person.js";
import { faultIn } from "../../support/fault.js";

describe("a person at the keyboard", () => {
  const never = new AbortController().signal;
  let input: PassThrough & { isTTY?: boolean; setRawMode?: () => void };
  let output: PassThrough;
  const seen = () => (output.read() as Buffer).toString();

  beforeEach(() => {
    input = new PassThrough();
    output = new PassThrough();
  });
  const atTerminal = () => Object.assign(input, { isTTY: true, setRawMode: () => undefined });

  it("reads what is told", () => {
    personAt({ input, output }).tell("Look at the device.");
    expect(seen()).to.equal("Look at the device.\n");
  });

  it("types at a terminal what nobody else sees", async () => {
    atTerminal();
    const answer = personAt({ input, output }).askSecret("PIN:", never);
    for (const key of "1793\r") input.write(key);
    expect(await answer).to.equal("1793");
    expect(seen()).to.equal("PIN: \n");
  });

  it("answers through a pipe", async () => {
    const answer = personAt({ input, output }).askSecret("PIN:", never);
    input.write("1793\n");
    expect(await answer).to.equal("1793");
  });

  it("gives up with Ctrl-C", async () => {
    atTerminal();
    const answer = personAt({ input, output }).askSecret("PIN:", never);
    input.write("17\u0003");
    expect(await faultIn(answer)).to.equal("The question was not answered.");
  });

  it("gives up by ending the input", async () => {
    const answer = personAt({ input, output }).askSecret("PIN:", never);
    input.end();
    expect(await faultIn(answer)).to.equal("The question was not answered.");
  });

  it("is not waited for when the question has lost its point", async () => {
    const over = new AbortController();
    const answer = personAt({ input, output }).askSecret("PIN:", over.signal);
    over.abort();
    expect(await faultIn(answer)).to.equal("The question was not answered.");
  });
});
