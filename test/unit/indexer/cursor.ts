import { expect } from "chai";

import { advanced, parseCursor, written, type Cursor } from "../../../indexer/src/api/changes/cursor.js";

const anchor = (block: number, logIndex = 0) => ({ block: BigInt(block), logIndex, hash: "01234567" });
/** The cursor of a consumer that was told one event in each of these blocks. */
const told = (...blocks: number[]) =>
  blocks.reduce<Cursor>((cursor, block) => advanced(cursor, anchor(block)), []);
const blocksOf = (cursor: Cursor) => cursor.map(({ block }) => Number(block));

describe("the cursor of /changes", () => {
  it("is read as it was written", () => {
    const cursor = told(1, 5, 90, 91);
    expect(parseCursor(written(cursor))).to.deep.equal(cursor);
  });

  it("stands before everything when there is nothing in it", () => {
    expect(written([])).to.equal("0");
  });

  it("remembers the newest event, and older ones at growing distances", () => {
    const everyBlock = Array.from({ length: 2000 }, (_, i) => i);
    const [newest, ...older] = blocksOf(told(...everyBlock));
    expect(newest).to.equal(1999);
    expect(older.length).to.be.within(4, 10);
    const distances = older.map((block) => 1999 - block);
    expect(distances).to.deep.equal(distances.toSorted((a, b) => a - b));
    expect(distances[0]).to.be.within(1, 4);
    for (const [i, distance] of distances.slice(1).entries())
      expect(distance).to.be.at.most(16 * distances[i]!);
    // One that is deeper than any replacement that Ponder follows, and not much deeper.
    expect(distances.at(-1)).to.be.within(256, 1100);
  });

  it("keeps the only older event there is, however far back", () => {
    expect(blocksOf(told(3, 1_000_000))).to.deep.equal([1_000_000, 3]);
  });

  it("keeps one event a block", () => {
    const cursor = advanced(advanced(told(7), anchor(8, 1)), anchor(8, 2));
    expect(cursor.map(({ block, logIndex }) => `${block}.${logIndex}`)).to.deep.equal(["8.2", "7.0"]);
  });

  it("stays short enough for a header", () => {
    const everyBlock = Array.from({ length: 3000 }, (_, i) => 999_999_999_000 + i);
    expect(written(told(...everyBlock)).length).to.be.below(350);
  });

  for (const text of [
    "",
    "0",
    "1.1",
    "1.1.xyz",
    "1.1.01234567_",
    `${"1.1.01234567_".repeat(12)}1.1.01234567`,
  ]) {
    it(`is not ${JSON.stringify(text.slice(0, 30))}`, () => {
      expect(parseCursor(text)).to.equal(undefined);
    });
  }
});
