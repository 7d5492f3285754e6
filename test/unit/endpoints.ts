import { expect } from "chai";

import { requireChains } from "../../scripts/lib/indexing/endpoints.js";
import { faultIn } from "../support/fault.js";
import { serveJsonRpc } from "../support/json-rpc-server.js";

describe("RPC endpoints of the indexer", () => {
  const served: { stop(): Promise<void> }[] = [];
  const endpointOf = async (chainId: number) => {
    const endpoint = await serveJsonRpc({ eth_chainId: () => `0x${chainId.toString(16)}` });
    served.push(endpoint);
    return endpoint.url;
  };
  afterEach(() => Promise.all(served.splice(0).map((endpoint) => endpoint.stop())));

  it("may be several of one chain, also if one does not answer", async () => {
    await requireChains({ 7: [await endpointOf(7), "http://127.0.0.1:1/"], 8: await endpointOf(8) });
  });

  it("of another chain are refused by place and host, without the key in their URL", async () => {
    const stranger = await endpointOf(9);
    const refusal = await faultIn(requireChains({ 7: [await endpointOf(7), `${stranger}/v2/secret-key`] }));
    expect(refusal).to.include(
      `PONDER_RPC_URL_7, endpoint 2 (${new URL(stranger).host}): answers for chain 9`,
    );
    expect(refusal).to.not.include("secret-key");
  });
});
