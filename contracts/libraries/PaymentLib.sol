// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IEscrow} from "../interfaces/IEscrow.sol";
import {
    DeadlineAction,
    FLAG_ON_HOLD,
    FLAG_OPENED_BY_SELLER,
    Payment,
    PaymentState,
    PaymentStatus,
    PayoutAction
} from "../types/PaymentTypes.sol";

/// @title Pure facts about a payment: its hash, which terms are acceptable, its fee, its times
library PaymentLib {
    using PaymentLib for Payment;

    /// @dev EIP-712 type; an enum is hashed as uint8.
    string internal constant TYPE =
        "Payment(address buyer,address seller,address token,uint256 amount,uint64 deadline,uint8 onDeadline,"
        "address arbiter,uint32 disputeWindow,uint16 feeBps,address feeRecipient,bytes32 paymentReference)";
    // keccak256(bytes(TYPE)), which the compiler would work out anew for every call.
    bytes32 internal constant TYPEHASH = 0x5c94f3137a967d8b394e3bf408a9d81a06a4bf6d8fdd2b773e3711863ffeda70;

    uint256 internal constant BPS = 10_000;
    /// @dev A tenth: above it, a fee is more likely a mistake than an agreement.
    uint256 internal constant MAX_FEE_BPS = 1_000;
    /// @dev Together with the longest dispute this bounds how long money can be out of everybody's reach.
    uint256 internal constant MAX_DEADLINE_FROM_NOW = 5 * 365 days;
    uint256 internal constant MIN_DISPUTE_WINDOW = 1 hours;
    uint256 internal constant MAX_DISPUTE_WINDOW = 180 days;

    /// @notice EIP-712 `hashStruct` of the terms.
    /// @dev `keccak256(abi.encode(TYPEHASH, payment))` without the copy: in memory every member is the word that it is in
    /// the encoding, so the type's hash takes the place of the word before them for a moment.
    function structHash(Payment memory payment) internal pure returns (bytes32 hash) {
        bytes32 typehash = TYPEHASH;
        assembly ("memory-safe") {
            let start := sub(payment, 0x20)
            let saved := mload(start)
            mstore(start, typehash)
            hash := keccak256(start, 0x180)
            mstore(start, saved)
        }
    }

    /// @notice Reverts on terms that could never be carried out as written.
    /// @param escrow Who would hold the money; may not be anybody in the terms.
    function validate(Payment memory payment, address escrow) internal view {
        (address buyer, address seller, address arbiter) = (payment.buyer, payment.seller, payment.arbiter);
        if (
            buyer == address(0) ||
            seller == address(0) ||
            buyer == seller ||
            arbiter == buyer ||
            arbiter == seller ||
            buyer == escrow ||
            seller == escrow ||
            arbiter == escrow
        ) revert IEscrow.InvalidParties(buyer, seller, arbiter);

        (uint256 feeBps, address feeRecipient) = (payment.feeBps, payment.feeRecipient);
        if (feeBps > MAX_FEE_BPS || (feeBps == 0) != (feeRecipient == address(0)) || feeRecipient == escrow)
            revert IEscrow.InvalidFee(feeBps, MAX_FEE_BPS, feeRecipient);

        uint256 deadline = payment.deadline;
        if (deadline <= block.timestamp || deadline > block.timestamp + MAX_DEADLINE_FROM_NOW) {
            revert IEscrow.InvalidDeadline(
                deadline,
                block.timestamp + 1,
                block.timestamp + MAX_DEADLINE_FROM_NOW
            );
        }
        uint256 window = payment.disputeWindow;
        if (window < MIN_DISPUTE_WINDOW || window > MAX_DISPUTE_WINDOW) {
            revert IEscrow.InvalidDisputeWindow(window, MIN_DISPUTE_WINDOW, MAX_DISPUTE_WINDOW);
        }
    }

    /// @notice Reverts unless `amount` is a part, or all, of what is held.
    function requirePart(uint256 amount, uint256 held) internal pure {
        if (!isPart(amount, held)) revert IEscrow.InvalidAmount(amount, held);
    }

    /// @notice Reverts unless both parts sum to what is held.
    function requireSplit(uint256 sellerAmount, uint256 buyerAmount, uint256 held) internal pure {
        if (!isSplit(sellerAmount, buyerAmount, held)) {
            revert IEscrow.InvalidSplit(sellerAmount, buyerAmount, held);
        }
    }

    function isPart(uint256 amount, uint256 held) internal pure returns (bool) {
        return amount != 0 && amount <= held;
    }

    /// @dev Never overflows, whatever a caller or a signature claims.
    function isSplit(uint256 sellerAmount, uint256 buyerAmount, uint256 held) internal pure returns (bool) {
        return sellerAmount <= held && buyerAmount == held - sellerAmount;
    }

    /// @notice The fee due on `released`, rounded down. Charging the difference of two calls makes the sum over any
    /// number of pieces equal the fee on the whole.
    function feeOn(uint256 released, uint256 feeBps) internal pure returns (uint256) {
        return (released * feeBps) / BPS;
    }

    /// @notice Takes `amount` out of what is held, towards the seller.
    /// @return fee What of it is the fee.
    function takeForSeller(
        PaymentState memory state,
        uint256 amount,
        uint256 feeBps
    ) internal pure returns (uint256 fee) {
        uint256 feeBefore = feeOn(state.released, feeBps);
        state.held -= uint104(amount);
        state.released += uint104(amount);
        return feeOn(state.released, feeBps) - feeBefore;
    }

    /// @notice Takes `amount` out of what is held, back to the buyer.
    function takeForBuyer(PaymentState memory state, uint256 amount) internal pure {
        state.held -= uint104(amount);
    }

    /// @notice Closes the payment once nothing is held.
    function closeIfEmpty(PaymentState memory state) internal pure {
        if (state.held == 0) (state.status, state.flags, state.disputedAt) = (PaymentStatus.Closed, 0, 0);
    }

    /// @notice When a claim becomes possible: at the deadline, or when the window of an open dispute ends. The window
    /// begins at the deadline, because only one party can open a dispute: opening it early would use the arbiter's
    /// time up before the other party knows what there is to rule on.
    function claimableAt(Payment memory payment, PaymentState memory state) internal pure returns (uint256) {
        if (state.status != PaymentStatus.Disputed) return payment.deadline;
        return Math.max(payment.deadline, state.disputedAt) + payment.disputeWindow;
    }

    /// @notice Until when its opener may withdraw a dispute. An opener whom a claim would pay could withdraw just
    /// before a ruling and claim, so it must leave the other party a whole window to open a dispute of its own.
    function withdrawableUntil(
        Payment memory payment,
        PaymentState memory state
    ) internal pure returns (uint256) {
        bool claimPaysSeller = payment.onDeadline == DeadlineAction.Release;
        bool claimPaysOpener = claimPaysSeller == (payment.opener(state) == payment.seller);
        return claimPaysOpener ? payment.deadline - payment.disputeWindow : type(uint256).max;
    }

    /// @notice Writes the whole state with one SSTORE; the compiler would use one per member.
    function save(PaymentState storage slot, PaymentState memory state) internal {
        uint256 word = pack(state);
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
    }

    /// @notice The state as the compiler lays it out in its slot.
    function pack(PaymentState memory state) internal pure returns (uint256) {
        return
            uint256(state.status) |
            (uint256(state.flags) << 8) |
            (uint256(state.disputedAt) << 16) |
            (uint256(state.held) << 48) |
            (uint256(state.released) << 152);
    }

    function isOnHold(PaymentState memory state) internal pure returns (bool) {
        return state.flags & FLAG_ON_HOLD != 0;
    }

    /// @notice Who is paid by `action`.
    function beneficiary(Payment memory payment, PayoutAction action) internal pure returns (address) {
        return action == PayoutAction.Release ? payment.seller : payment.buyer;
    }

    /// @notice What an approver consents to. `held` and `released` never return to earlier values, so an approval dies
    /// with the next movement.
    function approvalId(
        bytes32 paymentId,
        PaymentState memory state,
        PayoutAction action,
        uint256 amount
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(paymentId, action, amount, state.held, state.released));
    }

    /// @notice Who opened the current dispute.
    function opener(Payment memory payment, PaymentState memory state) internal pure returns (address) {
        return state.flags & FLAG_OPENED_BY_SELLER != 0 ? payment.seller : payment.buyer;
    }
}
