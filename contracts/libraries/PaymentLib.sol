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
    bytes32 internal constant TYPEHASH = keccak256(bytes(TYPE));

    uint256 internal constant BPS = 10_000;
    /// @dev A tenth: above it, a fee is more likely a mistake than an agreement.
    uint256 internal constant MAX_FEE_BPS = 1_000;
    /// @dev Together with the longest dispute this bounds how long money can be out of everybody's reach.
    uint256 internal constant MAX_DEADLINE_FROM_NOW = 5 * 365 days;
    uint256 internal constant MIN_DISPUTE_WINDOW = 1 hours;
    uint256 internal constant MAX_DISPUTE_WINDOW = 180 days;

    /// @notice EIP-712 `hashStruct` of the terms.
    function structHash(Payment memory payment) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, payment));
    }

    /// @notice Reverts on terms that could never be carried out as written.
    function validate(Payment memory payment) internal view {
        (address buyer, address seller, address arbiter) = (payment.buyer, payment.seller, payment.arbiter);
        if (
            buyer == address(0) ||
            seller == address(0) ||
            buyer == seller ||
            arbiter == buyer ||
            arbiter == seller ||
            buyer == address(this) ||
            seller == address(this) ||
            arbiter == address(this)
        ) revert IEscrow.InvalidParties(buyer, seller, arbiter);

        (uint256 feeBps, address feeRecipient) = (payment.feeBps, payment.feeRecipient);
        if (
            feeBps > MAX_FEE_BPS ||
            (feeBps == 0) != (feeRecipient == address(0)) ||
            feeRecipient == address(this)
        ) revert IEscrow.InvalidFee(feeBps, MAX_FEE_BPS, feeRecipient);

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

    /// @notice The fee due on `released`, rounded down. Charging the difference of two calls makes the sum over any
    /// number of pieces equal the fee on the whole.
    function feeOn(uint256 released, uint256 feeBps) internal pure returns (uint256) {
        return (released * feeBps) / BPS;
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
        uint256 word =
            uint256(state.status) |
                (uint256(state.flags) << 8) |
                (uint256(state.disputedAt) << 16) |
                (uint256(state.held) << 48) |
                (uint256(state.released) << 152);
        assembly ("memory-safe") {
            sstore(slot.slot, word)
        }
    }

    function isOnHold(PaymentState memory state) internal pure returns (bool) {
        return state.flags & FLAG_ON_HOLD != 0;
    }

    /// @notice Who is paid by `action`.
    function beneficiary(Payment memory payment, PayoutAction action) internal pure returns (address) {
        return action == PayoutAction.Release ? payment.seller : payment.buyer;
    }

    /// @notice Who opened the current dispute.
    function opener(Payment memory payment, PaymentState memory state) internal pure returns (address) {
        return state.flags & FLAG_OPENED_BY_SELLER != 0 ? payment.seller : payment.buyer;
    }
}
