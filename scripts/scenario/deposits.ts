import { MaxUint256, type Signature } from "ethers";

import {
  ATTESTATION,
  domainOf,
  PERMIT,
  PERMIT2_WITNESS,
  RECEIVE_WITH_AUTHORIZATION,
  sign,
} from "../lib/signing.js";
import { DAY, HOUR } from "./clock.js";
import { signerOf, type PaymentRun, type Step } from "./story.js";
import { mined } from "./world.js";

/** By allowance, or the native coin by value. */
export const deposit: Step = {
  does: "is deposited",
  async act(run) {
    const { world, token, payment, buyer } = run;
    if (token.native) {
      await mined(world.escrow.connect(buyer).deposit(payment, { value: payment.amount }));
      return;
    }
    await mint(run);
    await approve(run, payment.amount);
    await mined(world.escrow.connect(buyer).deposit(payment));
  },
};

/** EIP-2612: no transaction for the allowance. */
export const depositWithPermit: Step = {
  does: "is deposited with a permit",
  async act(run) {
    await mint(run);
    const { world, token, payment, buyer } = run;
    const deadline = (await world.clock.now()) + HOUR;
    const { v, r, s } = await sign(buyer, await domainOf(token.contract), PERMIT, {
      owner: buyer.address,
      spender: await world.escrow.getAddress(),
      value: payment.amount,
      nonce: await token.contract.nonces(buyer.address),
      deadline,
    });
    await mined(world.escrow.connect(buyer).depositWithPermit(payment, deadline, v, r, s));
  },
};

/** ERC-3009: the buyer signs, somebody else pays the gas. */
export const depositWithAuthorization: Step = {
  does: "is deposited by a relayer with the buyer's authorization",
  async act(run) {
    await mint(run);
    const { world, token, payment, paymentId, buyer } = run;
    const validBefore = (await world.clock.now()) + HOUR;
    const { serialized } = await sign(buyer, await domainOf(token.contract), RECEIVE_WITH_AUTHORIZATION, {
      from: buyer.address,
      to: await world.escrow.getAddress(),
      value: payment.amount,
      validAfter: 0n,
      validBefore,
      nonce: paymentId,
    });
    const relayer = await signerOf(run, "stranger");
    await mined(world.escrow.connect(relayer).depositWithAuthorization(payment, 0n, validBefore, serialized));
  },
};

/** Permit2: the same for any token whose buyer once approved Permit2. */
export const depositWithPermit2: Step = {
  does: "is deposited by a relayer with the buyer's Permit2 signature",
  async act(run) {
    const { world, token, payment, paymentId, buyer } = run;
    await mint(run);
    const permit2 = await world.permit2.getAddress();
    if ((await token.contract.allowance(buyer.address, permit2)) < payment.amount) {
      await mined(token.contract.connect(buyer).approve(permit2, MaxUint256));
    }
    const [nonce, deadline] = [BigInt(paymentId), (await world.clock.now()) + HOUR];
    const domain = { name: "Permit2", chainId: world.escrowDomain.chainId, verifyingContract: permit2 };
    const { serialized } = await sign(buyer, domain, PERMIT2_WITNESS, {
      permitted: { token: token.address, amount: payment.amount },
      spender: await world.escrow.getAddress(),
      nonce,
      deadline,
      witness: payment,
    });
    const relayer = await signerOf(run, "stranger");
    await mined(world.escrow.connect(relayer).depositWithPermit2(payment, nonce, deadline, serialized));
  },
};

/** For a buyer who could not deposit before: the attestation that clears them goes in the same transaction. */
export const depositWithAttestation: Step = {
  does: "is deposited together with the attestation that clears its buyer",
  async act(run) {
    const { world, payment, buyer } = run;
    await mint(run);
    await approve(run, payment.amount);

    const now = await world.clock.now();
    const { revision } = await world.registry.recordOf(buyer.address);
    const attestation = {
      account: buyer.address,
      riskScore: 10n,
      tier: 2n,
      jurisdiction: 276n,
      expiry: now + 365n * DAY,
      attestationHash: payment.paymentReference,
      revision,
      validUntil: now + HOUR,
    };
    const attester = await signerOf(run, "ATTESTER");
    const signature: Signature = await sign(
      attester,
      await domainOf(world.registry),
      ATTESTATION,
      attestation,
    );
    const { interface: abi } = world.escrow;
    await mined(
      world.escrow
        .connect(buyer)
        .multicall([
          abi.encodeFunctionData("submitAttestation", [attestation, attester.address, signature.serialized]),
          abi.encodeFunctionData("deposit", [payment]),
        ]),
    );
  },
};

/** The test tokens' faucet. */
async function mint({ token, payment, buyer }: PaymentRun): Promise<void> {
  await mined(token.contract.connect(buyer).mint(buyer.address, payment.amount));
}

async function approve({ world, token, buyer }: PaymentRun, amount: bigint): Promise<void> {
  await mined(token.contract.connect(buyer).approve(await world.escrow.getAddress(), amount));
}
