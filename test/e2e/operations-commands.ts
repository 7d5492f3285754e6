import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { appendFile, rename, rm } from "node:fs/promises";
import { text } from "node:stream/consumers";

import { expect } from "chai";
import hre from "hardhat";

import { MNEMONIC, startLocalSuite, type LocalSuite } from "../../scripts/lib/local-suite.js";
import { Running } from "../../scripts/lib/running.js";
import type { Stoppable } from "../../scripts/lib/running.js";

const CLI = createRequire(import.meta.url)
  .resolve("hardhat")
  .replace("index.js", "cli.js");
const DAY = 86_400;
/** Of an upgrade with two rungs. */
const STEPS = ["schedule", "execute", "rollback-1", "rollback-2", "pause-1", "pause-2"];

describe("the commands of an operation", function () {
  this.timeout(240_000);

  const running = new Running();
  const directory = path.join(hre.config.paths.root, ".holdfast", "operations-commands");
  let suite: LocalSuite;
  let relayer: string;

  before(async () => {
    const connect = (url: string) => hre.network.create({ network: "local", override: { url } });
    suite = await startLocalSuite({ running, directory, connect });
    relayer = suite.owners.GUARDIAN[2]!;
  });
  after(async () => {
    await running.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const type = async (line: string, exits = 0) => {
    const { stdout, stderr } = await suite.terminal.type(`npx hardhat ops ${line} --network local`, exits);
    return stdout + stderr;
  };
  const as = (address: string) => `--signer keystore --address ${address}`;
  const pass = async (seconds: number) => {
    await suite.connection.provider.request({ method: "evm_increaseTime", params: [seconds] });
    await suite.connection.provider.request({ method: "evm_mine", params: [] });
  };
  const sent = (by: string) => suite.connection.ethers.provider.getTransactionCount(by);
  const pausedUntil = async () => {
    const escrow = await suite.connection.ethers.getContractAt(
      "Escrow",
      suite.record.contracts.escrow.address,
    );
    return Number(await escrow.pausedUntil(1));
  };

  /** A process of its own, as in a terminal of somebody's. */
  const alone = (line: string, { url = suite.url, typed = "" } = {}) => {
    const env = {
      ...process.env,
      ...{ HOLDFAST_DEPLOY_DIR: directory, LOCAL_RPC_URL: url, LOCAL_MNEMONIC: MNEMONIC, NO_COLOR: "1" },
    };
    const child = spawn(process.execPath, [CLI, "--network", "local", "ops", ...line.split(" ")], {
      cwd: hre.config.paths.root,
      env,
    });
    child.stdin.end(typed);
    const ended = new Promise<number | string>((resolve) =>
      child.once("close", (code, signal) => resolve(signal ?? code!)),
    );
    const said = Promise.all([text(child.stdout), text(child.stderr)]).then((parts) => parts.join(""));
    return { child, ended, said };
  };

  describe("pause, as a Safe", () => {
    it("say who else has to sign, and send nothing", async () => {
      const [alice] = suite.owners.GUARDIAN;
      const said = await type(`pause --bits deposits --duration 2d --reason test ${as(alice!)} --yes`);
      expect(said)
        .to.include("1 of 2 signatures, 1 more needed")
        .and.match(
          /The others sign with: npx hardhat ops sign --network local --operation 1 --digest 0x\w{64} /,
        );
      expect(await sent(alice!)).to.equal(0);
    });

    it("refuse to send before enough have signed", async () => {
      const stranger = suite.owners.UPGRADER[0]!;
      expect(await type(`execute ${as(stranger)} --yes`, 2)).to.include("1 of 2 signatures is missing");
    });

    it("refuse any other digest than was typed", async () => {
      for (const verb of ["rehearse", `sign ${as(suite.owners.GUARDIAN[1]!)}`, `execute ${as(relayer)}`])
        expect(await type(`${verb} --digest 0x${"11".repeat(32)}`, 2)).to.include("not what the others have");
    });

    it("send nothing that is not confirmed", async () => {
      await type(`sign ${as(suite.owners.GUARDIAN[1]!)}`);
      const { ended, said } = alone(`execute ${as(relayer)}`, { typed: "yes\n" });
      expect(await ended).to.equal(2);
      expect(await said)
        .to.include("Type 1-pause to go on")
        .and.include("nothing was sent");
      expect(await sent(relayer)).to.equal(0);
    });

    it("survive Ctrl-C between signing and sending, and again after sending: it is sent once", async () => {
      for (const [when, expected] of [
        ["before", 0],
        ["after", 1],
      ] as const) {
        const endpoint = await interrupting(suite.url, when);
        const { child, ended } = alone(`execute ${as(relayer)} --yes`, { url: endpoint.url });
        await endpoint.reached;
        child.kill("SIGINT");
        expect(await ended, when).to.be.oneOf(["SIGINT", 130]);
        await endpoint.stop();
        expect(await sent(relayer), when).to.equal(expected);
      }
      const said = await type(`execute ${as(relayer)} --yes`);
      expect(said).to.include("was carried out already").and.include("All is as it should be");
      expect(said).to.include("It changed what the manifest foretold and nothing else");
      expect(await sent(relayer)).to.equal(1);
      expect(await pausedUntil()).to.be.greaterThan(0);
    });

    it("say so when it is typed once more", async () => {
      expect(await type(`execute ${as(relayer)} --yes`)).to.include("was carried out already");
      expect(JSON.parse(await type("verify --json"))).to.include({ kind: "verified", passed: true });
    });
  });

  describe("upgrade and roll back", () => {
    it("go from the shell to what waits for its delay, and refuse what is too early", async () => {
      const [one, two] = suite.owners.UPGRADER;
      const upgrade = "upgrade --proxy escrow --deploy --yes --contract EscrowNext --rungs 2 --reason test";
      await type(`${upgrade} ${as(one!)} --yes`);
      await type(`sign ${as(two!)}`);
      for (const guardian of suite.owners.GUARDIAN.slice(0, 2)) await type(`sign ${as(guardian)}`);
      const files = JSON.parse(await type("export --json")) as { step: string; file: string }[];
      expect(files.map(({ step }) => step)).to.deep.equal(STEPS);
      expect(files[0]!.file).to.match(/2-upgrade-escrow\/transaction-builder\/schedule\.json$/);
      const said = await type(`execute ${as(relayer)} --yes`);
      const [, next] = /Next: Upgrade escrow .* from \d{4}-.* UTC on: (npx hardhat ops execute.*)/.exec(
        said,
      )!;
      expect(await type(`execute ${as(relayer)} --yes`, 2)).to.include("can be carried out from");
      expect(await type("rehearse --operation 2")).to.include("All went as foretold");
      const left = JSON.parse(await type("export --json")) as { step: string }[];
      expect(left.map(({ step }) => step)).to.deep.equal(STEPS.slice(1));
      await pass(2 * DAY);
      // As it was printed, signer and all.
      const { stdout } = await suite.terminal.type(`${next} --yes`);
      expect(stdout).to.include("All is as it should be");
    });

    it("roll back whatever became of the files beside the manifest and its signatures", async () => {
      const folder = path.join(directory, "operations", "31337", "2-upgrade-escrow");
      await rename(path.join(folder, "rehearsal.json"), path.join(folder, "rehearsal.away"));
      await appendFile(path.join(folder, "manifest.md"), "altered");
      await appendFile(path.join(folder, "outcome.jsonl"), "damaged\n");
      expect(await type(`execute --step execute ${as(relayer)} --yes`, 2)).to.include(
        "is not that of its manifest",
      );
    });

    it("say what is ready, and with --signer carry it out: no plan, no signature", async () => {
      expect(await type("rollback --reason test"))
        .to.include("rollback-1 of 2-upgrade-escrow was signed beforehand and works now")
        .and.match(/--operation 2 --digest 0x\w{64} --step rollback-1/);
      const outcome = JSON.parse(
        (
          await suite.terminal.type(
            `npx hardhat ops rollback --reason test ${as(relayer)} --yes --json --network local`,
          )
        ).stdout,
      ) as { kept: { step: string }; executed: { verified: { passed: boolean } } };
      expect([outcome.kept.step, outcome.executed.verified.passed]).to.deep.equal(["rollback-1", true]);
    });

    it("take no pause that was signed for something else than what is typed", async () => {
      expect(await type("pause --bits exits --duration 1h --reason test")).to.include("Planned operation 3");
      expect(await type("pause --reason test")).to.include(
        "pause-2 of 2-upgrade-escrow was signed beforehand",
      );
      expect(await type("pause --reason test --anew")).to.include("Planned operation 4");
    });

    it("refuse what was not rehearsed", async () => {
      await type("plan pause --bits payouts --reason test");
      for (const verb of ["sign", "execute"])
        expect(await type(`${verb} ${as(suite.owners.GUARDIAN[0]!)}`, 2)).to.include("was not rehearsed yet");
    });

    it("export nothing that was carried out, or that no plan stands for any more", async () => {
      expect(await type("export --operation 2", 2)).to.include("is not that of its manifest");
      expect(await type("export --operation 1", 2)).to.include("nothing is left to sign");
    });
  });
});

/** The chain's endpoint, which goes silent when a transaction is sent: before it passes that on, or after. */
async function interrupting(
  url: string,
  when: "before" | "after",
): Promise<Stoppable & { url: string; reached: Promise<void> }> {
  const reached = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const isSending = body.includes("eth_sendRawTransaction");
      if (isSending && when === "before") return reached.resolve();
      const answer = await fetch(url, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      const content = await answer.text();
      if (isSending) return reached.resolve();
      response.setHeader("content-type", "application/json").end(content);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached: reached.promise,
    stop,
  };
}
