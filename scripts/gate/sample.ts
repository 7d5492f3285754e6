import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { Fault } from "../../deploy/fault.js";
import { command } from "../lib/command.js";
import { samplesOf } from "../lib/gate/samples.js";
import { mayWrite } from "../lib/mode.js";
import { ReadModel } from "../lib/read-model.js";
import { indexerOf, lookAround } from "../triage/scene.js";

interface SampleArguments {
  readonly indexer?: string;
  readonly count: number;
  readonly json: boolean;
}

/** `npx hardhat gate sample` */
export default command(async (given: Partial<SampleArguments>, hre: HardhatRuntimeEnvironment) => {
  // Hardhat fills the defaults in.
  const { indexer: typed, count, json } = given as SampleArguments;
  if (count < 1 || count > 1_000) throw new Fault(`--count is from 1 to 1000; it was ${count}.`);
  const indexer = indexerOf(typed);
  const { provider, record, chainId, close } = await lookAround(hre, {});
  try {
    if (provider === undefined) throw new Fault("No endpoint of the chain answers, so nothing was compared.");
    const { sample } = await import("../lib/gate/sampler.js");
    const now = Math.floor(Date.now() / 1000);
    const samples = await sample({
      readModel: new ReadModel(indexer),
      indexer,
      provider,
      record,
      count,
      now,
    });
    if (samples.length === 0) throw new Fault("There is no payment to compare yet.");
    const isKept = mayWrite("gate sample");
    if (isKept) await samplesOf(chainId).addAll(samples);
    const bad = samples.filter(({ matched }) => !matched);
    console.log(
      json
        ? JSON.stringify(samples, null, 2)
        : [
            `${samples.length} payments compared, ${bad.length} did not match` +
              (isKept ? "." : ". This was a dry run: nothing was kept."),
            ...bad.map(
              ({ paymentId }) =>
                `  ${paymentId}: npx hardhat payment show --network ${hre.globalOptions.network} --payment ${paymentId}`,
            ),
          ].join("\n"),
    );
    if (bad.length > 0) process.exitCode = 1;
  } finally {
    close();
  }
});
