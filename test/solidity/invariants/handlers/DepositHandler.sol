// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

import {IEscrow} from "../../../../contracts/interfaces/IEscrow.sol";
import {PaymentLib} from "../../../../contracts/libraries/PaymentLib.sol";
import {TestUSDC} from "../../../../contracts/mocks/tokens/TestUSDC.sol";
import {DEPOSITS} from "../../../../contracts/types/PauseTypes.sol";
import {
    DeadlineAction,
    NATIVE_COIN,
    Payment,
    TokenConfig
} from "../../../../contracts/types/PaymentTypes.sol";
import {VM} from "../../Vm.sol";
import {Officers} from "../Officers.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {TurncoatToken} from "../mocks/TurncoatToken.sol";
import {Handler} from "./Handler.sol";

/// @dev The part of Permit2 that signers ask.
interface IDomain {
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}

/// @title Buyers who pay in, in each of the four ways
contract DepositHandler is Handler {
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant TOKEN_PERMISSIONS_TYPEHASH = keccak256(
        "TokenPermissions(address token,uint256 amount)"
    );

    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    /// @dev Three payments at once, or soon there would be little left to move.
    function deposit(uint256 seed) external {
        for (uint256 i = 0; i < 3; ++i) _deposit(_draw(seed, 30 + i));
    }

    function depositWithPermit(uint256 seed) external {
        TestUSDC token = suite.usdc();
        (bool possible, Payment memory payment, uint256 buyer) = _terms(seed, address(token), suite.PEOPLE());
        if (!possible) return;

        bytes32 digest = MessageHashUtils.toTypedDataHash(
            token.DOMAIN_SEPARATOR(),
            keccak256(
                abi.encode(
                    PERMIT_TYPEHASH,
                    payment.buyer,
                    escrow,
                    payment.amount,
                    token.nonces(payment.buyer),
                    type(uint256).max
                )
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = _split(suite.signatureOf(buyer, digest));
        bool frontRun = _draw(seed, 20) % 2 == 0;
        if (frontRun) {
            token.permit(payment.buyer, address(escrow), payment.amount, type(uint256).max, v, r, s);
        }
        VM.prank(payment.buyer);
        escrow.depositWithPermit(payment, type(uint256).max, v, r, s);
        VM.prank(payment.buyer);
        token.approve(address(escrow), type(uint256).max);
        _done(payment);
    }

    function depositWithAuthorization(uint256 seed) external {
        (bool possible, Payment memory payment, uint256 buyer) = _terms(
            seed,
            address(suite.usdc()),
            suite.parties().length
        );
        if (!possible) return;

        bytes32 digest = MessageHashUtils.toTypedDataHash(
            suite.usdc().DOMAIN_SEPARATOR(),
            keccak256(
                abi.encode(
                    suite.usdc().RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
                    payment.buyer,
                    escrow,
                    payment.amount,
                    0,
                    type(uint256).max,
                    escrow.hashPayment(payment)
                )
            )
        );
        escrow.depositWithAuthorization(payment, 0, type(uint256).max, suite.signatureOf(buyer, digest));
        _done(payment);
    }

    function depositWithPermit2(uint256 seed) external {
        address token = suite.tokens()[_draw(seed, 0) % 2];
        (bool possible, Payment memory payment, uint256 buyer) = _terms(seed, token, suite.parties().length);
        if (!possible) return;

        bytes32 digest = MessageHashUtils.toTypedDataHash(
            IDomain(suite.permit2()).DOMAIN_SEPARATOR(),
            keccak256(
                abi.encode(
                    keccak256(
                        abi.encodePacked(
                            "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Payment witness)",
                            PaymentLib.TYPE,
                            "TokenPermissions(address token,uint256 amount)"
                        )
                    ),
                    keccak256(abi.encode(TOKEN_PERMISSIONS_TYPEHASH, token, payment.amount)),
                    escrow,
                    payment.paymentReference,
                    type(uint256).max,
                    PaymentLib.structHash(payment)
                )
            )
        );
        bytes memory signature = suite.signatureOf(buyer, digest);
        escrow.depositWithPermit2(payment, uint256(payment.paymentReference), type(uint256).max, signature);
        _done(payment);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](4);
        list[0] = this.deposit.selector;
        list[1] = this.depositWithPermit.selector;
        list[2] = this.depositWithAuthorization.selector;
        list[3] = this.depositWithPermit2.selector;
    }

    function _deposit(uint256 seed) private {
        address[] memory tokens = suite.tokens();
        address token = tokens[_draw(seed, 0) % tokens.length];
        (bool possible, Payment memory payment, ) = _terms(seed, token, suite.parties().length);
        if (!possible) return;

        bool takesFee =
            token == address(suite.turncoat()) &&
                suite.turncoat().mode() == TurncoatToken.Mode.TakesFeeOnDeposit;
        VM.prank(payment.buyer);
        try escrow.deposit{value: token == NATIVE_COIN ? payment.amount : 0}(payment) {
            if (takesFee) store.breached(1, "a token that takes a fee was accepted");
            _done(payment);
        } catch (bytes memory reason) {
            require(takesFee && bytes4(reason) == IEscrow.TransferAmountMismatch.selector, string(reason));
        }
    }

    function _done(Payment memory payment) private {
        store.created(escrow.hashPayment(payment), payment);
        store.succeeded(msg.sig);
    }

    /// @dev Terms that can be deposited now, by one of the first `buyers` parties.
    function _terms(
        uint256 seed,
        address token,
        uint256 buyers
    ) private view returns (bool possible, Payment memory payment, uint256 buyer) {
        TokenConfig memory config = escrow.tokenConfig(token);
        uint256 held = escrow.tokenTotals(token).held;
        if (!config.enabled || held >= config.cap || escrow.paused() & DEPOSITS != 0) {
            return (false, payment, 0);
        }
        uint256 seller;
        (possible, buyer) = _findParty(_draw(seed, 1), buyers, token, type(uint256).max);
        // The last party calls back when it is paid in coin.
        uint256 sellers = suite.parties().length;
        bool callsBack = token == NATIVE_COIN && _draw(seed, 12) % 2 == 0;
        uint256 start = callsBack ? sellers - 1 : _draw(seed, 2);
        if (possible) (possible, seller) = _findParty(start, sellers, token, buyer);

        uint256 room = config.cap - held;
        uint256 largest = _draw(seed, 3) % 3 == 0 ? 100 : 1e8;
        payment.buyer = suite.parties()[buyer];
        payment.seller = suite.parties()[seller];
        payment.token = token;
        payment.amount = _amount(_draw(seed, 4), room < largest ? room : largest);
        payment.deadline = uint64(block.timestamp + 1 + (_draw(seed, 5) % 120 days));
        payment.onDeadline = DeadlineAction(_draw(seed, 6) % 2);
        payment.arbiter = _draw(seed, 7) % 3 == 0 ? Officers.NAMED_ARBITER : address(0);
        payment.disputeWindow = uint32(1 hours + (_draw(seed, 8) % 60 days));
        payment.feeBps = uint16(_draw(seed, 9) % 2 == 0 ? 0 : 1 + (_draw(seed, 10) % 1_000));
        if (payment.feeBps != 0) payment.feeRecipient = suite.feeRecipients()[_draw(seed, 11) % 2];
        payment.paymentReference = bytes32(store.ids().length);
    }

    /// @dev Somebody, other than `except`, whom screening and the token's issuer let pass.
    function _findParty(
        uint256 start,
        uint256 count,
        address token,
        uint256 except
    ) private view returns (bool found, uint256 index) {
        for (uint256 i = 0; i < count; ++i) {
            index = addmod(start, i, count);
            address party = suite.parties()[index];
            if (index != except && _passes(party) && !_isBlacklisted(token, party)) return (true, index);
        }
        return (false, 0);
    }

    function _split(bytes memory signature) private pure returns (uint8 v, bytes32 r, bytes32 s) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}
