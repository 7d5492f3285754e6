import { expect } from "chai";

import { collect } from "../../../scripts/lib/safe/collect.js";
import { requireExecutable } from "../../../scripts/lib/safe/execute.js";
import { safeHashes } from "../../../scripts/lib/safe/hash.js";
import { readSafeTree } from "../../../scripts/lib/safe/owners.js";
import { openService, type ServiceOptions } from "../../../scripts/lib/safe/service.js";
import { nestedSignature } from "../../../scripts/lib/safe/signatures.js";
import type { SafeTransaction } from "../../../scripts/lib/safe/transaction.js";
import { TESTED_VERSIONS, type TestedVersion } from "../../support/safes.js";
import {
  startTransactionService,
  type IndexedSafe,
  type TransactionServiceDouble,
} from "../../support/transaction-service.js";
import { CHAIN_ID, faultOf, loadCast, provider, send, signatureOf } from "../fixtures/safe.js";

describe("the transaction service", () => {
  let double: TransactionServiceDouble;
  afterEach(() => double.stop());

  /** The service's double, with the test's Safes indexed, and our way to it. */
  const opened = async (version: TestedVersion = "1.5.0", options: Partial<ServiceOptions> = {}) => {
    const cast = await loadCast(version);
    const safes: IndexedSafe[] = [];
    for (const address of [cast.flat, cast.parent]) {
      const { state } = await readSafeTree(provider, address);
      safes.push({ address, version, owners: state.owners, nonce: state.nonce });
    }
    double = await startTransactionService(CHAIN_ID, safes);
    const service = await openService({ chainId: CHAIN_ID, url: double.url, timeoutMs: 5_000, ...options });
    return { ...cast, service };
  };
  /** The same, with a transaction that alice proposed. */
  const proposed = async (...given: Parameters<typeof opened>) => {
    const cast = await opened(...given);
    const ours = cast.transaction(cast.flat, { value: 3n });
    await cast.service.propose(ours, await signatureOf(cast.alice, ours));
    return { ...cast, ours };
  };
  const collected = async (transaction: SafeTransaction, service: Awaited<ReturnType<typeof openService>>) =>
    collect(provider, transaction, await readSafeTree(provider, transaction.safe), [
      await service.signatures(transaction),
    ]);

  for (const version of TESTED_VERSIONS) {
    it(`carries the signatures of a Safe ${version} from one owner to the other, and to the execution`, async () => {
      const { service, flat, transaction, alice, bob, relayer, counter } = await opened(version);
      const ours = transaction(flat);
      await service.propose(ours, await signatureOf(alice, ours));
      expect((await collected(ours, service)).signatures).to.have.length(1);
      await service.confirm(ours, await signatureOf(bob, ours));
      const both = await collected(ours, service);
      await requireExecutable(provider, ours, both, relayer.address);
      await send(relayer, ours, both.signatures);
      expect(await counter.count()).to.equal(1n);
    });

    it(`carries the consent of a Safe that is an owner of a Safe ${version}`, async () => {
      const { service, parent, nested, transaction, bob, dave, erin, relayer } = await opened(version);
      const ours = transaction(parent);
      const within = [await signatureOf(dave, ours, [nested]), await signatureOf(erin, ours, [nested])];
      await service.propose(ours, nestedSignature(nested, within));
      await service.confirm(ours, await signatureOf(bob, ours));
      const both = await collected(ours, service);
      expect(both.refused).to.be.empty;
      await requireExecutable(provider, ours, both, relayer.address);
    });
  }

  it("tells what waits from a nonce on, ours and others', in order", async () => {
    const { service, flat, transaction, alice, ours } = await proposed();
    const later = transaction(flat, { nonce: 2, data: "0x" });
    await service.propose(later, await signatureOf(alice, later));
    const shown = ({ nonce, to, ...rest }: SafeTransaction) => ({
      nonce,
      to,
      safeTxHash: safeHashes({ nonce, to, ...rest }).safeTxHash,
    });
    expect(await service.waiting(flat, 0)).to.deep.equal([shown(ours), shown(later)]);
    expect(await service.waiting(flat, 1)).to.deep.equal([shown(later)]);
  });

  it("tells all that waits, however many pages it takes", async () => {
    const { service, flat, alice } = await opened();
    const others = Array.from({ length: 250 }, (_, nonce) => ({
      safe: flat,
      to: alice.address,
      nonce: nonce.toString(),
      safeTxHash: `0x${nonce.toString(16).padStart(64, "0")}`,
      confirmations: [],
    }));
    double.preload(...others);
    const waiting = await service.waiting(flat, 10);
    expect(waiting.map(({ nonce }) => nonce)).to.deep.equal(Array.from({ length: 240 }, (_, n) => n + 10));
  });

  describe("is not believed", () => {
    it("when it always has one more page, wherever it says that that is", async () => {
      const { service, flat, alice } = await opened();
      const elsewhere = await startTransactionService(CHAIN_ID, []);
      try {
        double.next = `${elsewhere.url}/v2/safes/${flat}/multisig-transactions/`;
        const endless = Array.from({ length: 1_100 }, (_, nonce) => ({
          ...{ safe: flat, to: alice.address, nonce: nonce.toString(), confirmations: [] },
          safeTxHash: `0x${nonce.toString(16).padStart(64, "0")}`,
        }));
        double.preload(...endless);
        expect(await faultOf(() => service.waiting(flat, 0))).to.match(
          /^The transaction service lists more than 1000 transactions .* was not believed\..*$/,
        );
        const lists = double.requests.filter((asked) => asked.startsWith("GET /api/v2/safes/"));
        expect(lists).to.have.length(10);
        expect(elsewhere.requests).to.deep.equal([]);
      } finally {
        await elsewhere.stop();
      }
    });

    const otherAddress = `0x${"33".repeat(20)}`;
    const lies = {
      safe: otherAddress,
      to: otherAddress,
      value: "4",
      data: "0x12345678",
      operation: 1,
      safeTxGas: "1",
      baseGas: "1",
      gasPrice: "1",
      gasToken: otherAddress,
      refundReceiver: otherAddress,
      nonce: "1",
      safeTxHash: `0x${"44".repeat(32)}`,
    };
    for (const [field, value] of Object.entries(lies)) {
      it(`when it shows another ${field} under our hash`, async () => {
        const { service, ours } = await proposed();
        double.lie = (shown) => ({ ...shown, [field]: value });
        expect(await faultOf(() => service.signatures(ours))).to.match(
          new RegExp(
            `is not the one in the manifest; do not sign what it shows.\\n  ${field}: ${value} there`,
          ),
        );
      });
    }

    it("when it shows what is no transaction at all", async () => {
      const { service, ours } = await proposed();
      double.lie = (shown) => ({ ...shown, to: "nobody", confirmations: [] });
      expect(await faultOf(() => service.signatures(ours))).to.match(
        /answered something else than it should: to: is not an address/,
      );
    });

    it("when it hands out signatures that are none, and the good ones still count", async () => {
      const { service, ours, alice, bob, carol, stranger, transaction, flat } = await proposed();
      await service.confirm(ours, await signatureOf(bob, ours));
      const other = await signatureOf(carol, transaction(flat, { nonce: 5 }));
      const good = await signatureOf(carol, ours);
      double.lie = (shown) => ({
        ...shown,
        confirmations: [
          { owner: alice.address, signature: "0x1234" },
          { owner: alice.address, signature: good.data },
          { owner: carol.address, signature: other.data },
          { owner: stranger.address, signature: good.data },
          ...shown.confirmations.slice(1),
        ],
      });
      const { signatures, refused } = await collected(ours, service);
      expect(signatures.map(({ owner }) => owner)).to.deep.equal([bob.address]);
      const host = new URL(double.url).host;
      expect(refused.map(({ source }) => source)).to.have.members(
        [alice, alice, carol, stranger].map(({ address }) => `${host} for ${address}`),
      );
    });

    it("when it says that an owner approved on the chain who did not", async () => {
      const { service, ours, carol } = await proposed();
      double.lie = (shown) => ({
        ...shown,
        confirmations: [...shown.confirmations, { owner: carol.address, signature: null }],
      });
      expect((await collected(ours, service)).signatures).to.have.length(1);
    });
  });

  describe("says in words", () => {
    it("why it refuses what was proposed", async () => {
      const { service, flat, transaction, alice, stranger } = await opened();
      const foreign = { ...(await signatureOf(alice, transaction(flat))), owner: stranger.address };
      expect(await faultOf(() => service.propose(transaction(flat), foreign))).to.match(
        /refuses \(422: Signer=0x\w+ is not an owner\)/,
      );
      const elsewhere = await openService({ chainId: 1, url: double.url });
      const wrong = transaction(flat, { chainId: 1 });
      const signature = await signatureOf(alice, transaction(flat));
      expect(await faultOf(() => elsewhere.propose(wrong, signature))).to.match(
        /refuses \(422: Contract-transaction-hash=0x\w+ does not match/,
      );
    });

    it("that it does not know a transaction, or that its URL is wrong", async () => {
      const { service, flat, transaction, alice } = await opened();
      const ours = transaction(flat);
      expect(await faultOf(() => service.signatures(ours))).to.match(/does not know that \(404.*propose/);
      const signature = await signatureOf(alice, ours);
      expect(await faultOf(() => service.confirm(ours, signature))).to.match(
        /does not know that \(404.*propose/,
      );
      const url = double.url.replace("/api", "");
      const lost = await openService({ chainId: CHAIN_ID, url });
      expect(await faultOf(() => lost.signatures(ours))).to.match(
        /404: Not Found.*the service of this chain and its URL ends in \/api/,
      );
    });

    for (const [what, status, body, expected] of [
      ["wants a key", 403, '{"message":"Forbidden"}', /wants another API key \(403: Forbidden\)/],
      [
        "is asked too often",
        429,
        '{"detail":"Request was throttled."}',
        /too many questions \(429: Request was/,
      ],
      ["fails", 500, '{"detail":"Server error"}', /is out of order \(500: Server error\).*files instead/],
      ["is down", 502, "<html>Bad Gateway</html>", /is out of order \(502: Bad Gateway\)/],
      ["is something else", 200, "<html>hello</html>", /did not answer in JSON; is its URL right/],
      [
        "tries to paint the terminal",
        400,
        '{"to":["\\u001b[2Jall\\u202e\\ngood"]}',
        /refuses \(400: \[2Jall good\)/,
      ],
    ] as const) {
      it(`that it ${what}`, async () => {
        const { service, ours } = await proposed();
        double.mishap = { status, body };
        expect(await faultOf(() => service.signatures(ours))).to.match(expected);
      });
    }

    for (const [what, mishap] of Object.entries({
      "fails with a page of HTML": { status: 500, body: "<html><h1>Oops</h1></html>" },
      "answers with a page of HTML": { status: 200, body: "<!doctype html>\n<p>hello</p>" },
      "answers with half of an answer": { status: 200, body: '{"results":[{"nonce":' },
      "says nothing": "silence",
      "hangs up": "hang up",
    } as const)) {
      it(`in one sentence, and what to do, whatever it is asked, when it ${what}`, async () => {
        const { service, ours, flat, bob } = await proposed("1.5.0", { timeoutMs: 200 });
        double.mishap = mishap;
        const signature = await signatureOf(bob, ours);
        for (const ask of [
          () => service.signatures(ours),
          () => service.waiting(flat, 0),
          () => service.confirm(ours, signature),
          () => service.propose(ours, signature),
        ])
          expect(await faultOf(ask)).to.match(/^The transaction service at 127\.0\.0\.1:\d+ [^\n]+[.?]$/);
      });
    }

    it("that it is that of another chain", async () => {
      const { transaction, flat } = await opened();
      const elsewhere = await openService({ chainId: 1, url: double.url });
      expect(await faultOf(() => elsewhere.signatures(transaction(flat, { chainId: 1 })))).to.match(
        /check that it is the service of this chain/,
      );
    });

    /** The server sees a closed connection one turn of the event loop after we closed it. */
    const untilAbandoned = async () => {
      for (let turn = 0; turn < 1_000 && double.abandoned.length === 0; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(double.abandoned).to.have.length(1);
    };

    it("that it does not answer in time, and lets go of it", async () => {
      const { service, ours } = await proposed("1.5.0", { timeoutMs: 100 });
      double.mishap = "silence";
      expect(await faultOf(() => service.signatures(ours))).to.match(
        /did not answer within 0.1 s.*files instead/,
      );
      await untilAbandoned();
    });

    it("that it cannot be reached, or breaks off", async () => {
      const { service, ours } = await proposed();
      double.mishap = "hang up";
      expect(await faultOf(() => service.signatures(ours))).to.match(/cannot be reached \(ECONNRESET\)/);
      const nowhere = await openService({ chainId: CHAIN_ID, url: "http://127.0.0.1:1/api" });
      expect(await faultOf(() => nowhere.signatures(ours))).to.match(
        /127.0.0.1:1 cannot be reached \(ECONNREFUSED\)/,
      );
    });

    it("that a hosted service wants a key, before it is asked", async () => {
      await opened();
      const url = "https://api.safe.global/tx-service/sep/api";
      expect(await faultOf(() => openService({ chainId: 11155111, url }))).to.match(/apiKey is mandatory/);
      expect(await faultOf(() => openService({ chainId: 1, url: "safe" }))).to.match(/looks like https/);
    });

    it("nothing of a key or a password", async () => {
      const { flat, transaction } = await opened();
      double.apiKey = "another";
      const url = double.url.replace("http://", "http://user:hunter2@");
      const service = await openService({ chainId: CHAIN_ID, url, apiKey: "sekret" });
      const fault = await faultOf(() => service.signatures(transaction(flat)));
      expect(fault).to.match(/wants another API key \(401/);
      expect(fault).not.to.match(/sekret|hunter2/);
    });
  });

  it("lets in who has the key", async () => {
    const { service, ours } = await proposed("1.5.0", { apiKey: "sekret" });
    double.apiKey = "sekret";
    expect((await service.signatures(ours)).signatures).to.have.length(1);
  });
});
