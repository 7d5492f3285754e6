import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect } from "chai";
import { Transaction, toQuantity, verifyTypedData, type HDNodeWallet, type TypedDataField } from "ethers";
import hre from "hardhat";

import { startAnvil } from "../../../scripts/lib/anvil.js";
import { Declined } from "../../../scripts/lib/signers/declined.js";
import type { Signer } from "../../../scripts/lib/signers/signer.js";
import type { TypedDataPayload } from "../../../scripts/lib/signers/typed-data.js";
import { openWallet, type WalletOptions } from "../../../scripts/lib/signers/wallet.js";
import { itFollows } from "../../specs/outline.js";
import { faultIn } from "../../support/fault.js";
import { RpcError, serveJsonRpc, type Answers } from "../../support/json-rpc-server.js";
import { OTHER_WALLET, SAFE_TX, WALLET, transactionOf } from "../../support/signing.js";

const ANVIL_PORT = 20_431;
const CHAIN_ID = 31337;

type Request = Record<string, string>;

describe("JSON-RPC wallet", () => {
  let connection: Awaited<ReturnType<typeof hre.network.create>>;
  let wallet: Awaited<ReturnType<typeof serveJsonRpc>> | undefined;

  before(async () => {
    connection = await hre.network.create();
  });
  afterEach(async () => {
    await wallet?.stop();
    wallet = undefined;
  });

  /** An honest wallet, but for the answers given. */
  async function serve(answers: Answers = {}, key: HDNodeWallet = WALLET): Promise<string> {
    wallet = await serveJsonRpc({
      eth_requestAccounts: () => [WALLET.address.toLowerCase()],
      eth_chainId: () => toQuantity(CHAIN_ID),
      eth_signTypedData_v4: ([, payload]) =>
        signTypedData(key, JSON.parse(payload as string) as TypedDataPayload),
      eth_signTransaction: ([request]) => signTransaction(key, request as Request),
      eth_sendTransaction: async ([request]) => send(await signTransaction(key, request as Request)),
      ...answers,
    });
    return wallet.url;
  }

  function signTypedData(key: HDNodeWallet, { domain, types, message }: TypedDataPayload): Promise<string> {
    const own = Object.entries(types).filter(([name]) => name !== "EIP712Domain");
    return key.signTypedData(domain, Object.fromEntries(own), message);
  }

  const signTransaction = (key: HDNodeWallet, { gas, ...request }: Request) =>
    key.signTransaction({ ...request, from: key.address, type: 2, gasLimit: gas, accessList: [] });

  const send = (raw: string): Promise<unknown> =>
    connection.provider.request({ method: "eth_sendRawTransaction", params: [raw] });

  const open = (url: string, options: Partial<WalletOptions> = {}): Promise<Signer> =>
    openWallet({ url, chain: connection.ethers.provider, personMs: 30_000, sentMs: 600, ...options });

  const signerOf = (signature: string) =>
    verifyTypedData(
      SAFE_TX.domain,
      SAFE_TX.types as Record<string, TypedDataField[]>,
      SAFE_TX.message,
      signature,
    );

  /** The account's next transaction: the chain takes no other. */
  const nextTransaction = async () =>
    transactionOf(20, { nonce: await connection.ethers.provider.getTransactionCount(WALLET.address) });

  const onlySends = {
    eth_signTransaction: () => {
      throw new RpcError(4200, "not supported");
    },
  };
  /** Sends what it is given with something changed. */
  const sendsChanged = (changed: Request, key: HDNodeWallet = WALLET): Answers => ({
    ...onlySends,
    eth_sendTransaction: async ([request]) =>
      send(await signTransaction(key, { ...(request as Request), ...changed })),
  });

  describe("that signs", () => {
    it("signs typed data", async () => {
      const signer = await open(await serve());
      expect([signer.kind, signer.address]).to.deep.equal(["wallet", WALLET.address]);
      expect(signerOf(await signer.signTypedData(SAFE_TX))).to.equal(WALLET.address);
    });

    it("gives signatures one form, whatever the wallet's", async () => {
      const canonical = await WALLET.signTypedData(
        SAFE_TX.domain,
        SAFE_TX.types as Record<string, TypedDataField[]>,
        SAFE_TX.message,
      );
      const v = (parseInt(canonical.slice(-2), 16) - 27).toString().padStart(2, "0");
      const signer = await open(await serve({ eth_signTypedData_v4: () => canonical.slice(0, -2) + v }));
      expect(await signer.signTypedData(SAFE_TX)).to.equal(canonical);
    });

    it("signs a transaction and sends nothing", async () => {
      const signer = await open(await serve());
      const transaction = transactionOf(20);
      const { raw } = (await signer.signTransaction(transaction)) as { raw: string };
      expect(Transaction.from(raw).from).to.equal(WALLET.address);
      expect(wallet!.asked).to.not.include("eth_sendTransaction");
    });

    it("is understood where it gives the transaction with its fields", async () => {
      const raw = await WALLET.signTransaction({ ...transactionOf(20), type: 2 });
      const signer = await open(await serve({ eth_signTransaction: () => ({ raw, tx: {} }) }));
      expect(await signer.signTransaction(transactionOf(20))).to.deep.equal({ raw });
    });

    it("is asked for nothing that is not sealed", async () => {
      const signer = await open(await serve());
      expect(await faultIn(signer.signTypedData({ ...SAFE_TX }))).to.match(/stands in a manifest/);
      expect(await faultIn(signer.signTransaction({ ...transactionOf(20) }))).to.match(
        /stands in a manifest/,
      );
      expect(wallet!.asked).to.deep.equal(["eth_requestAccounts"]);
    });
  });

  describe("that only sends", () => {
    it("sends a transaction with every field fixed", async () => {
      const signer = await open(await serve(onlySends));
      const transaction = await nextTransaction();
      const { sent } = (await signer.signTransaction(transaction)) as { sent: string };
      const onChain = await connection.ethers.provider.getTransaction(sent);
      expect(onChain).to.include({
        from: WALLET.address,
        nonce: transaction.nonce,
        data: transaction.data,
        gasLimit: transaction.gasLimit,
        maxFeePerGas: transaction.maxFeePerGas,
        maxPriorityFeePerGas: transaction.maxPriorityFeePerGas,
      });
    });

    it("is asked to only after that was noted", async () => {
      const signer = await open(await serve(onlySends));
      let asked: string[] = [];
      const beforeSending = () => Promise.resolve(void (asked = [...wallet!.asked]));
      await signer.signTransaction(await nextTransaction(), { beforeSending });
      expect(asked).to.include("eth_signTransaction").and.not.include("eth_sendTransaction");
      expect(wallet!.asked).to.include("eth_sendTransaction");
    });
  });

  describe("that lies", () => {
    it("is found out when it signs typed data as another account", async () => {
      const signer = await open(await serve({}, OTHER_WALLET));
      expect(await faultIn(signer.signTypedData(SAFE_TX))).to.equal(
        `The wallet signed as ${OTHER_WALLET.address} and not as ${WALLET.address}: do not use it.`,
      );
    });

    it("is found out when it signs other typed data", async () => {
      const other = { ...SAFE_TX.message, value: 1n };
      const types = SAFE_TX.types as Record<string, TypedDataField[]>;
      const answer = () => WALLET.signTypedData(SAFE_TX.domain, types, other);
      const signer = await open(await serve({ eth_signTypedData_v4: answer }));
      expect(await faultIn(signer.signTypedData(SAFE_TX))).to.match(
        /The wallet signed as 0x\w{40} and not as/,
      );
    });

    it("is found out when it gives no signature", async () => {
      const signer = await open(await serve({ eth_signTypedData_v4: () => "0x1234" }));
      expect(await faultIn(signer.signTypedData(SAFE_TX))).to.match(/something that is no signature/);
    });

    it("is found out when it signs another transaction", async () => {
      const raw = await WALLET.signTransaction({ ...transactionOf(20), type: 2, value: 7n, nonce: 9 });
      const signer = await open(await serve({ eth_signTransaction: () => raw }));
      expect(await faultIn(signer.signTransaction(transactionOf(20)))).to.equal(
        [
          "The wallet signed another transaction than it was given. It was not sent.",
          "nonce: asked 300, found 9",
          "value: asked 0, found 7",
        ].join("\n  "),
      );
    });

    it("is found out when it signs a transaction as another account", async () => {
      const signer = await open(await serve({}, OTHER_WALLET));
      expect(await faultIn(signer.signTransaction(transactionOf(20)))).to.match(
        new RegExp(`signed as ${OTHER_WALLET.address}`),
      );
    });

    it("is found out when it gives no transaction", async () => {
      const signer = await open(await serve({ eth_signTransaction: () => "0x02c0" }));
      expect(await faultIn(signer.signTransaction(transactionOf(20)))).to.match(
        /no transaction. It was not sent/,
      );
    });

    it("is found out when it sends another transaction", async () => {
      const signer = await open(await serve(sendsChanged({ maxFeePerGas: "0x1176592e00" })));
      expect(await faultIn(signer.signTransaction(await nextTransaction()))).to.match(
        /has sent another transaction than it was given: 0x\w{64}.\n {2}maxFeePerGas: asked 31500000000, found 75000000000$/,
      );
    });

    it("is found out when it sends as another account", async () => {
      const nonce = toQuantity(await connection.ethers.provider.getTransactionCount(OTHER_WALLET.address));
      const signer = await open(await serve(sendsChanged({ nonce }, OTHER_WALLET)));
      expect(await faultIn(signer.signTransaction(await nextTransaction()))).to.match(
        new RegExp(`from: asked ${WALLET.address}, found ${OTHER_WALLET.address}`),
      );
    });

    it("is found out when it answers with no hash", async () => {
      const signer = await open(await serve({ ...onlySends, eth_sendTransaction: () => ({ ok: true }) }));
      expect(await faultIn(signer.signTransaction(transactionOf(20)))).to.match(
        /something that is no hash\.\n.*Look into the wallet.*nonce 300/,
      );
    });

    it("is found out when it sends nothing", async () => {
      const hash = `0x${"12".repeat(32)}`;
      const signer = await open(await serve({ ...onlySends, eth_sendTransaction: () => hash }));
      expect(await faultIn(signer.signTransaction(transactionOf(20)))).to.match(
        /says that it sent 0x(12)+, but the chain does not know it.\n.*nonce 300/,
      );
    });
  });

  describe("whose owner declines", () => {
    const decline = () => {
      throw new RpcError(4001, "User rejected the request.");
    };

    it("signs no typed data", async () => {
      const signer = await open(await serve({ eth_signTypedData_v4: decline }));
      expect(await faultIn(signer.signTypedData(SAFE_TX))).to.match(/owner declined eth_signTypedData_v4/);
    });

    it("signs no transaction, and is not asked to send it", async () => {
      const signer = await open(await serve({ eth_signTransaction: decline }));
      expect(await faultIn(signer.signTransaction(transactionOf(4)))).to.match(
        /owner declined eth_signTrans/,
      );
      expect(wallet!.asked).to.not.include("eth_sendTransaction");
    });

    it("sends no transaction", async () => {
      const signer = await open(await serve({ ...onlySends, eth_sendTransaction: decline }));
      const refusal = await signer.signTransaction(transactionOf(4)).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(Declined);
      expect(await faultIn(signer.signTransaction(transactionOf(4)))).to.match(
        /owner declined eth_sendTrans/,
      );
    });

    it("is no error of another kind", async () => {
      const fail = () => {
        throw new RpcError(-32603, "hardware \u001b[2Kdevice\r is locked");
      };
      const signer = await open(await serve({ eth_signTypedData_v4: fail }));
      expect(await faultIn(signer.signTypedData(SAFE_TX))).to.match(
        /refused [^\p{Cc}]*: hardware \[2Kdevice is locked$/u,
      );
    });
  });

  describe("that is not the one", () => {
    it("names the accounts that it offers", async () => {
      const url = await serve();
      expect(await faultIn(open(url, { address: OTHER_WALLET.address }))).to.equal(
        `The wallet does not offer ${OTHER_WALLET.address}: choose it there, or connect the right wallet.\n` +
          `  it offers ${WALLET.address}`,
      );
    });

    it("is not chosen from where there are several", async () => {
      const url = await serve({ eth_requestAccounts: () => [WALLET.address, OTHER_WALLET.address] });
      expect(await faultIn(open(url))).to.match(/offers 2 accounts: say which one/);
      expect((await open(url, { address: OTHER_WALLET.address })).address).to.equal(OTHER_WALLET.address);
    });

    it("is asked for its accounts in the older way where it knows no other", async () => {
      const url = await serve({
        eth_requestAccounts: onlySends.eth_signTransaction,
        eth_accounts: () => [WALLET.address],
      });
      expect((await open(url)).address).to.equal(WALLET.address);
    });

    it("signs nothing for another chain than it is on", async () => {
      const signer = await open(await serve({ eth_chainId: () => "0x1" }));
      expect(await faultIn(signer.signTransaction(transactionOf(4)))).to.equal(
        "The wallet is on chain 1: switch it to chain 31337.",
      );
      expect(wallet!.asked).to.not.include("eth_signTransaction");
    });
  });

  describe("that is not there", () => {
    it("is an error that does not tell what its URL may hide", async () => {
      const said = await faultIn(open("http://127.0.0.1:20432/secret"));
      expect(said).to.equal("No wallet answers at 127.0.0.1:20432: is it running, and unlocked?");
    });

    it("is an error where something else answers", async () => {
      const website = createServer((_, response) => response.writeHead(404).end("<html>")).listen(
        0,
        "127.0.0.1",
      );
      await once(website, "listening");
      const { port } = website.address() as AddressInfo;
      const said = await faultIn(open(`http://127.0.0.1:${port}`));
      expect(said).to.equal(`What answers at 127.0.0.1:${port} is no JSON-RPC wallet (HTTP status 404).`);
      website.close();
    });

    it("is an error when its owner does not answer in time", async () => {
      const url = await serve({ eth_signTypedData_v4: () => new Promise(() => undefined) });
      const signer = await open(url, { personMs: 1_500 });
      expect(await faultIn(signer.signTypedData(SAFE_TX))).to.match(
        /did not answer eth_signTypedData_v4 within 1.5 s/,
      );
    });
  });

  describe("that is a local chain with open accounts", () => {
    it("signs and sends on Hardhat's", async () => {
      const server = await hre.network.createServer("default", "127.0.0.1");
      const { port } = await server.listen();
      try {
        const override = { url: `http://127.0.0.1:${port}` };
        const { ethers } = await hre.network.create({ network: "local", override });
        const options = { address: WALLET.address, chain: ethers.provider };
        const signer = await open(override.url, options);
        expect(signerOf(await signer.signTypedData(SAFE_TX))).to.equal(WALLET.address);
        const { sent } = (await signer.signTransaction(transactionOf(20, { nonce: 0 }))) as { sent: string };
        expect((await ethers.provider.getTransactionReceipt(sent))!.from).to.equal(WALLET.address);
      } finally {
        await server.close();
      }
    });

    it("signs on anvil", async () => {
      const anvil = await startAnvil({ port: ANVIL_PORT });
      try {
        const signer = await open(anvil.url, { address: WALLET.address });
        expect(signerOf(await signer.signTypedData(SAFE_TX))).to.equal(WALLET.address);
        expect(await signer.signTransaction(transactionOf(20))).to.have.key("raw");
      } finally {
        await anvil.stop();
      }
    });
  });

  itFollows("signers/wallet.tree");
});
