import { expect } from "chai";

// A task that a test runs in this process says by `process.exitCode` how it ended. Left behind, it would be how the tests
// ended: all of them pass, and `npm test` fails without a word.

const leftBehind: string[] = [];

afterEach(function () {
  if (Number(process.exitCode ?? 0) === 0) return;
  leftBehind.push(`${this.currentTest!.fullTitle()}: ${process.exitCode}`);
  process.exitCode = undefined;
});

after("no test has left an exit code behind", () => {
  expect(leftBehind).to.deep.equal([]);
});
