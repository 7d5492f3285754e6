// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EXITS} from "../../../../contracts/types/PauseTypes.sol";
import {Payment, PaymentState, PaymentStatus} from "../../../../contracts/types/PaymentTypes.sol";
import {PaymentLib} from "../../../../contracts/libraries/PaymentLib.sol";
import {VM} from "../../Vm.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {CreditFinder} from "./CreditFinder.sol";
import {Handler} from "./Handler.sol";

/// @title One person, time, and nobody else: every admin's, arbiter's and counterpart's key is lost
/// @dev Plays the escape from the state reached and then takes it back.
contract EscapeHandler is CreditFinder {
    using PaymentLib for Payment;

    enum Who {
        Buyer,
        Seller,
        Stranger
    }

    address private constant STRANGER = address(uint160(uint256(keccak256("stranger"))));

    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function asBuyer() external {
        _escape(Who.Buyer);
        store.succeeded(msg.sig);
    }

    function asSeller() external {
        _escape(Who.Seller);
        store.succeeded(msg.sig);
    }

    function asStranger() external {
        _escape(Who.Stranger);
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](3);
        list[0] = this.asBuyer.selector;
        list[1] = this.asSeller.selector;
        list[2] = this.asStranger.selector;
    }

    function _escape(Who who) private {
        uint256 snapshot = VM.snapshotState();
        string memory stuck = _empty(who);
        VM.revertToState(snapshot);
        if (bytes(stuck).length != 0) store.breached(3, stuck);
    }

    /// @dev What is left in the end, in words; nothing if all is well.
    function _empty(Who who) private returns (string memory) {
        bytes32[] memory open = store.open();
        uint256[] memory onHold = new uint256[](suite.tokens().length);
        for (uint256 i = 0; i < open.length; ++i) {
            Payment memory payment = store.paymentOf(open[i]);
            PaymentState memory state = escrow.paymentState(open[i]);
            if (_isOnHold(state)) {
                onHold[_indexOf(payment.token)] += state.held;
                continue;
            }
            _leave(who, payment, state);
            state = escrow.paymentState(open[i]);
            if (state.status != PaymentStatus.Closed || state.held != 0) return "a payment stays open";
        }
        for (uint256 i = 0; i < onHold.length; ++i) {
            if (escrow.tokenTotals(suite.tokens()[i]).held != onHold[i]) return "something stays held";
        }
        return _collectCredits() ? "" : "a credit cannot be withdrawn";
    }

    /// @dev What the one person can do to empty one payment. Failures show in what stays held.
    function _leave(Who who, Payment memory payment, PaymentState memory state) private {
        _passTo(escrow.pausedUntil(EXITS));
        address self = _addressOf(who, payment);
        bool canWithdraw =
            state.status == PaymentStatus.Disputed &&
                payment.opener(state) == self &&
                VM.getBlockTimestamp() < payment.withdrawableUntil(state);
        if (canWithdraw) {
            _try(self, abi.encodeCall(escrow.withdrawDispute, (payment)));
            state.status = PaymentStatus.Funded;
        }
        if (who == Who.Buyer && state.status == PaymentStatus.Funded) {
            _try(self, abi.encodeCall(escrow.release, (payment, state.held)));
        } else if (who == Who.Seller && state.status == PaymentStatus.Funded) {
            _try(self, abi.encodeCall(escrow.refund, (payment, state.held)));
        } else {
            _passTo(escrow.claimableAt(payment));
            _try(self, abi.encodeCall(escrow.claim, (payment)));
        }
    }

    /// @dev Each creditor who passes screening takes what is owed, if need be in pieces, if there is an address that can
    /// receive it.
    function _collectCredits() private returns (bool) {
        _passTo(escrow.pausedUntil(EXITS));
        while (true) {
            (address token, address account, uint256 amount) = _findCredit(0);
            if (amount == 0) return true;
            address to = _findPayee(0, token);
            if (to == address(0)) return true;
            VM.prank(account);
            try escrow.withdrawCredit(token, account, to) returns (uint256 withdrawn) {
                if (withdrawn == 0 || escrow.creditOf(token, account) != amount - withdrawn) return false;
            } catch {
                return false;
            }
        }
        return true;
    }

    function _addressOf(Who who, Payment memory payment) private pure returns (address) {
        if (who == Who.Stranger) return STRANGER;
        return who == Who.Buyer ? payment.buyer : payment.seller;
    }

    function _try(address caller, bytes memory data) private {
        VM.prank(caller);
        // Whether it worked shows in what stays held.
        // solhint-disable-next-line avoid-low-level-calls
        (bool ignored, ) = address(escrow).call(data);
        ignored;
    }

    function _passTo(uint256 time) private {
        if (time > VM.getBlockTimestamp()) VM.warp(time);
    }

    function _indexOf(address token) private view returns (uint256 index) {
        address[] memory tokens = suite.tokens();
        while (tokens[index] != token) ++index;
    }
}
