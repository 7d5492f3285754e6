import { expect } from "chai";
import { Interface, ZeroHash } from "ethers";

import { startIndexer, untilIndexed, type Indexer } from "../../scripts/lib/indexer.js";
import { startAnvil, type Anvil } from "../../scripts/lib/anvil.js";
import { freePort } from "../../scripts/lib/processes.js";
import { deployEmittedSuite, type EmittedSuite } from "../support/emitted-suite.js";
import { everyEvent } from "../support/every-event.js";
import { nextVersion, type NextVersion } from "../support/next-version.js";
import { wholeReadModel } from "../support/read-model.js";
import { person } from "../support/terms.js";

const CHAIN_ID = 31337;
const version2 = new Interface([
  "event PaymentAnnotated(bytes32 indexed paymentId, address indexed by, string note)",
]);
const NAME = "PaymentAnnotated";

describe("an event that only the upgraded escrow emits", function () {
  this.timeout(180_000);

  let anvil: Anvil;
  let suite: EmittedSuite;
  let version: NextVersion;
  let present: Indexer;
  const indexers: Indexer[] = [];

  const start = async (root?: string) => {
    const indexer = await startIndexer({
      root,
      recordsDir: suite.recordsDir,
      rpcUrls: { [CHAIN_ID]: anvil.url },
      port: await freePort(),
      databaseDir: "memory://",
    });
    indexers.push(indexer);
    return indexer;
  };
  const annotate = (note: string) =>
    suite.emitRaw("escrow", version2.encodeEventLog(NAME, [ZeroHash, person(1), note]));
  const pause = (until: number) => suite.emit(["escrow", "Paused", person(8), 1, until, "drill"]);

  before(async () => {
    anvil = await startAnvil({ port: await freePort(), chainId: CHAIN_ID });
    suite = await deployEmittedSuite(anvil.url, CHAIN_ID);
    await suite.emit(...everyEvent(CHAIN_ID, suite.addresses).events);
    const fragment = JSON.parse(version2.getEvent(NAME)!.format("json")) as object;
    version = await nextVersion({ name: NAME, fragment, actor: "by" });
    present = await start();
  });
  after(async () => {
    await Promise.all(indexers.map((indexer) => indexer.stop()));
    await version.dispose();
    await suite.dispose();
    await anvil.stop();
  });

  it("is in the next version's index from the first on, also if the upgrade came first", async () => {
    await annotate("while only the present version of the indexer runs");
    await pause(4_000_000_001);
    const next = await start(version.root);
    const block = await annotate("while both run");
    await untilIndexed(present.url, CHAIN_ID, block, 60);
    await untilIndexed(next.url, CHAIN_ID, block, 60);

    const [old, found] = [await wholeReadModel(present.url), await wholeReadModel(next.url)];
    const isNew = (row: Record<string, unknown>) => row.kind === NAME;
    const notes = found.admin_event!.filter(isNew).map(({ args }) => (args as { note: string }).note);
    expect(notes).to.have.members(["while only the present version of the indexer runs", "while both run"]);
    expect(
      { ...found, admin_event: found.admin_event!.filter((row) => !isNew(row)) },
      "everything else is as in the present version's index",
    ).to.deep.equal(old);
  });
});
