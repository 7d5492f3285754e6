// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    DeadlineAction,
    Payment,
    PaymentState,
    PaymentStatus
} from "../../../../contracts/types/PaymentTypes.sol";
import {PaymentLib} from "../../../../contracts/libraries/PaymentLib.sol";
import {VM} from "../../Vm.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {CreditFinder} from "./CreditFinder.sol";
import {Eip712} from "./Eip712.sol";
import {Handler} from "./Handler.sol";

/// @title Buyers, sellers and strangers who do what they may with money that is held
contract PartyHandler is CreditFinder {
    using PaymentLib for Payment;

    bytes32 private constant SETTLEMENT_TYPEHASH = keccak256(
        "Settlement(bytes32 paymentId,uint256 sellerAmount,uint256 buyerAmount,uint256 validUntil)"
    );
    address private constant STRANGER = address(uint160(uint256(keccak256("stranger"))));

    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function release(uint256 seed) external {
        (bytes32 id, Payment memory payment, PaymentState memory state) = _find(seed, PaymentStatus.Funded);
        if (id == 0 || _exitsArePaused()) return;

        uint256 amount = _amount(_draw(seed, 1), state.held);
        store.decided(id, amount, 0);
        _move(payment.buyer, id, payment, abi.encodeCall(escrow.release, (payment, amount)));
        store.succeeded(msg.sig);
    }

    function refund(uint256 seed) external {
        (bytes32 id, Payment memory payment, PaymentState memory state) = _find(seed, PaymentStatus.Funded);
        if (id == 0 || _exitsArePaused()) return;

        uint256 amount = _amount(_draw(seed, 1), state.held);
        store.decided(id, 0, amount);
        _move(payment.seller, id, payment, abi.encodeCall(escrow.refund, (payment, amount)));
        store.succeeded(msg.sig);
    }

    function claim(uint256 seed) external {
        if (_exitsArePaused()) return;
        bytes32 id = _findClaim(seed);
        if (id == 0) return;

        Payment memory payment = store.paymentOf(id);
        uint256 held = escrow.paymentState(id).held;
        bool toSeller = payment.onDeadline == DeadlineAction.Release;
        store.decided(id, toSeller ? held : 0, toSeller ? 0 : held);
        _move(STRANGER, id, payment, abi.encodeCall(escrow.claim, (payment)));
        store.succeeded(msg.sig);
    }

    function settle(uint256 seed) external {
        PaymentStatus status = _draw(seed, 1) % 2 == 0 ? PaymentStatus.Funded : PaymentStatus.Disputed;
        (bytes32 id, Payment memory payment, PaymentState memory state) = _find(seed, status);
        if (id == 0 || _exitsArePaused()) return;

        uint256 toSeller = _draw(seed, 2) % (uint256(state.held) + 1);
        uint256 toBuyer = state.held - toSeller;
        uint256 validUntil = block.timestamp + 1;
        bytes32 digest = Eip712.digest(
            address(escrow),
            keccak256(abi.encode(SETTLEMENT_TYPEHASH, id, toSeller, toBuyer, validUntil))
        );
        bytes memory data = abi.encodeCall(
            escrow.settle,
            (
                payment,
                toSeller,
                toBuyer,
                validUntil,
                suite.signatureOf(_indexOf(payment.buyer), digest),
                suite.signatureOf(_indexOf(payment.seller), digest)
            )
        );
        store.decided(id, toSeller, toBuyer);
        _move(STRANGER, id, payment, data);
        store.succeeded(msg.sig);
    }

    function openDispute(uint256 seed) external {
        if (_openDispute(seed)) store.succeeded(msg.sig);
    }

    /// @dev Most disputes are ruled on or run out first, so whoever finds none to withdraw opens one.
    function withdrawDispute(uint256 seed) external {
        bytes32 id = _findWithdrawable(seed);
        if (id == 0 && _openDispute(seed)) id = _findWithdrawable(seed);
        if (id == 0) return;

        Payment memory payment = store.paymentOf(id);
        address opener = payment.opener(escrow.paymentState(id));
        _move(opener, id, payment, abi.encodeCall(escrow.withdrawDispute, (payment)));
        store.succeeded(msg.sig);
    }

    function withdrawCredit(uint256 seed) external {
        if (_exitsArePaused()) return;
        (address token, address account, uint256 amount) = _findCredit(seed);
        if (amount == 0) return;
        address to = _findPayee(_draw(seed, 1), token);
        if (to == address(0)) return;

        VM.prank(account);
        uint256 paid = escrow.withdrawCredit(token, account, to);
        store.credited(token, account, to, paid);
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](7);
        list[0] = this.release.selector;
        list[1] = this.refund.selector;
        list[2] = this.claim.selector;
        list[3] = this.settle.selector;
        list[4] = this.openDispute.selector;
        list[5] = this.withdrawDispute.selector;
        list[6] = this.withdrawCredit.selector;
    }

    function _openDispute(uint256 seed) private returns (bool) {
        (bytes32 id, Payment memory payment, ) = _find(seed, PaymentStatus.Funded);
        if (id == 0 || block.timestamp >= payment.deadline) return false;

        bytes memory data = abi.encodeCall(escrow.openDispute, (payment, 0, ""));
        _move(_draw(seed, 1) % 2 == 0 ? payment.buyer : payment.seller, id, payment, data);
        return true;
    }

    /// @dev A payment whose dispute can be withdrawn now; 0 if there is none. Not even a hold prevents it.
    function _findWithdrawable(uint256 seed) private view returns (bytes32) {
        bytes32[] memory open = store.open();
        for (uint256 i = 0; i < open.length; ++i) {
            bytes32 id = open[addmod(seed, i, open.length)];
            PaymentState memory state = escrow.paymentState(id);
            if (state.status != PaymentStatus.Disputed) continue;
            if (block.timestamp < store.paymentOf(id).withdrawableUntil(state)) return id;
        }
        return 0;
    }

    /// @dev A payment that can be claimed now; 0 if there is none.
    function _findClaim(uint256 seed) private view returns (bytes32) {
        bytes32[] memory open = store.open();
        for (uint256 i = 0; i < open.length; ++i) {
            bytes32 id = open[addmod(seed, i, open.length)];
            bool isDue = block.timestamp >= escrow.claimableAt(store.paymentOf(id));
            if (isDue && !_isOnHold(escrow.paymentState(id))) return id;
        }
        return 0;
    }

    function _indexOf(address party) private view returns (uint256 index) {
        address[] memory parties = suite.parties();
        while (parties[index] != party) ++index;
    }
}
