import { spawnSync } from "node:child_process";

import { expect } from "chai";

const MODULE = new URL("../../scripts/lib/at-exit.ts", import.meta.url).href;

/** What a process says that runs this code and ends. */
function endOf(code: string) {
  const script = `import(${JSON.stringify(MODULE)}).then(({ atExit }) => { ${code} })`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--no-warnings", "-e", script], {
    encoding: "utf8",
  });
  return { said: stdout.split("\n").filter(Boolean), stderr, status };
}

describe("at exit", () => {
  it("all is done that was not called off, with one listener, however many there are", () => {
    const { said, stderr } = endOf(`
      const offs = Array.from({ length: 20 }, (_, i) => atExit(() => console.log(i)));
      offs.slice(3).forEach((off) => off());
      console.log(process.listenerCount("exit"));
    `);
    expect(stderr).to.equal("");
    expect(said).to.deep.equal(["1", "0", "1", "2"]);
  });

  it("it is done after an exception too, and what fails keeps nothing else", () => {
    const { said, stderr, status } = endOf(`
      atExit(() => { throw new Error("busy"); });
      atExit(() => console.log("done"));
      setTimeout(() => { throw new Error("unexpected"); });
    `);
    expect(said).to.deep.equal(["done"]);
    expect(stderr).to.include("unexpected").and.include("busy");
    expect(status).to.equal(1);
  });
});
