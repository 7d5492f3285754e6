import { expect } from "chai";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

// The stand-ins must behave as the real tokens do, or what is tested on them proves nothing.

const HOUR = 3_600;

describe("TestUSDC", () => {
  let connection: NetworkConnection;
  before(async () => {
    connection = await network.create();
  });

  async function minted() {
    const { ethers, networkHelpers } = connection;
    const usdc = await ethers.deployContract("TestUSDC");
    const [, payer, payee, relayer] = await ethers.getSigners();
    await usdc.mint(payer!, 1_000n);
    const [, name, version, chainId, verifyingContract] = await usdc.eip712Domain();
    const now = await networkHelpers.time.latest();
    const nonce = ethers.id("nonce");
    const terms = {
      from: payer!.address,
      to: payee!.address,
      value: 400n,
      validAfter: BigInt(now - HOUR),
      validBefore: BigInt(now + HOUR),
      nonce,
    };
    const sign = (primaryType: string, message: object = terms) =>
      payer!.signTypedData(
        { name, version, chainId, verifyingContract },
        { [primaryType]: TYPES[primaryType]! },
        message,
      );
    const { from, to, value, validAfter, validBefore } = terms;
    const args = [from, to, value, validAfter, validBefore, nonce] as const;
    return { usdc, payer: payer!, payee: payee!, relayer: relayer!, terms, args, nonce, sign };
  }
  const load = () => connection.networkHelpers.loadFixture(minted);

  const authorization = [
    "address from",
    "address to",
    "uint256 value",
    "uint256 validAfter",
    "uint256 validBefore",
    "bytes32 nonce",
  ];
  const fields = (declarations: string[]) =>
    declarations.map((declaration) => {
      const [type, name] = declaration.split(" ") as [string, string];
      return { type, name };
    });
  const TYPES: Record<string, { type: string; name: string }[]> = {
    TransferWithAuthorization: fields(authorization),
    ReceiveWithAuthorization: fields(authorization),
    CancelAuthorization: fields(["address authorizer", "bytes32 nonce"]),
  };

  const TRANSFER = "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
  const RECEIVE = "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
  const RECEIVE_VRS =
    "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
  const CANCEL = "cancelAuthorization(address,bytes32,bytes)";

  it("has 6 decimals", async () => {
    const { usdc } = await load();
    expect(await usdc.decimals()).to.equal(6n);
  });

  it("lets anybody send a signed transfer, once", async () => {
    const { usdc, payee, relayer, args, nonce, payer, sign } = await load();
    const signature = await sign("TransferWithAuthorization");
    await usdc.connect(relayer)[TRANSFER](...args, signature);
    expect(await usdc.balanceOf(payee)).to.equal(400n);
    expect(await usdc.authorizationState(payer, nonce)).to.equal(true);
    await expect(usdc.connect(relayer)[TRANSFER](...args, signature))
      .to.be.revertedWithCustomError(usdc, "AuthorizationUsedOrCanceled")
      .withArgs(payer, nonce);
  });

  it("lets only the payee send what was signed for receiving, by either overload", async () => {
    const { usdc, payee, relayer, args, sign } = await load();
    const { v, r, s, serialized } = connection.ethers.Signature.from(await sign("ReceiveWithAuthorization"));
    await expect(usdc.connect(relayer)[RECEIVE](...args, serialized))
      .to.be.revertedWithCustomError(usdc, "CallerMustBePayee")
      .withArgs(relayer, payee);
    await expect(usdc.connect(payee)[RECEIVE_VRS](...args, v, r, s)).to.changeTokenBalance(
      connection.ethers,
      usdc,
      payee,
      400n,
    );
  });

  it("does not take one authorization for another", async () => {
    const { usdc, payee, payer, args, sign } = await load();
    await expect(usdc.connect(payee)[RECEIVE](...args, await sign("TransferWithAuthorization")))
      .to.be.revertedWithCustomError(usdc, "InvalidAuthorizationSignature")
      .withArgs(payer);
  });

  it("asks a contract for its signature (ERC-1271)", async () => {
    const { usdc, payer, payee, args, terms, sign } = await load();
    const wallet = await connection.ethers.deployContract("MockContractWallet", [payer]);
    await usdc.mint(wallet, 400n);
    const from = await wallet.getAddress();
    const signature = await sign("ReceiveWithAuthorization", { ...terms, from });
    await usdc
      .connect(payee)
      [RECEIVE](from, ...(args.slice(1) as never as [string, bigint, bigint, bigint, string]), signature);
    expect(await usdc.balanceOf(payee)).to.equal(400n);
  });

  it("keeps to the authorization's time: after one, before the other", async () => {
    const { usdc, payee, args, terms, sign } = await load();
    const signature = await sign("ReceiveWithAuthorization");
    await connection.networkHelpers.time.setNextBlockTimestamp(terms.validBefore);
    await expect(usdc.connect(payee)[RECEIVE](...args, signature))
      .to.be.revertedWithCustomError(usdc, "AuthorizationExpired")
      .withArgs(terms.validBefore, terms.validBefore);
  });

  it("honours a cancellation", async () => {
    const { usdc, payer, payee, args, nonce, sign } = await load();
    await usdc[CANCEL](payer, nonce, await sign("CancelAuthorization", { authorizer: payer.address, nonce }));
    await expect(usdc.connect(payee)[RECEIVE](...args, await sign("ReceiveWithAuthorization")))
      .to.be.revertedWithCustomError(usdc, "AuthorizationUsedOrCanceled")
      .withArgs(payer, nonce);
  });

  it("stops a blacklisted account from sending and from receiving", async () => {
    const { usdc, payer, payee } = await load();
    await usdc.setBlacklisted(payee, true);
    await expect(usdc.connect(payer).transfer(payee, 1n))
      .to.be.revertedWithCustomError(usdc, "Blacklisted")
      .withArgs(payee);
    await expect(usdc.connect(payee).transfer(payer, 0n))
      .to.be.revertedWithCustomError(usdc, "Blacklisted")
      .withArgs(payee);
  });
});

describe("TestUSDT", () => {
  it("returns nothing, and wants an allowance to be zero before it is changed", async () => {
    const { ethers } = await network.create();
    const usdt = await ethers.deployContract("TestUSDT");
    const [owner, spender] = await ethers.getSigners();
    await usdt.mint(owner!, 10n);
    const transfer = usdt.interface.encodeFunctionData("transfer", [spender!.address, 3n]);

    expect(await ethers.provider.call({ from: owner, to: usdt, data: transfer })).to.equal("0x");
    await usdt.approve(spender!, 5n);
    await expect(usdt.approve(spender!, 6n))
      .to.be.revertedWithCustomError(usdt, "ApprovalOverApproval")
      .withArgs(spender, 5n);
    await usdt.connect(spender).transferFrom(owner!, spender!, 5n);
    expect(await usdt.balanceOf(spender!)).to.equal(5n);
    await expect(usdt.connect(spender).transferFrom(owner!, spender!, 1n))
      .to.be.revertedWithCustomError(usdt, "InsufficientAllowance")
      .withArgs(spender, 0n, 1n);
  });
});
