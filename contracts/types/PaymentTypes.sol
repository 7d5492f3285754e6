// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where a payment stands. `Closed` is final: a closed payment never moves again.
enum PaymentStatus {
    None,
    Funded,
    Disputed,
    Closed
}

/// @notice What {IEscrow-claim} does with what is still held once it is allowed: fixed in the terms.
enum DeadlineAction {
    Refund,
    Release
}

/// @notice Direction of a payout: to the seller (less the fee) or back to the buyer.
enum PayoutAction {
    Release,
    Refund
}

/// @notice Which function moved the money, carried by every payout event.
enum PayoutCause {
    Release,
    Refund,
    Claim,
    Resolve,
    Settle
}

/// @notice The terms of a payment. The caller passes them every time, the contract stores only {PaymentState}.
/// Their EIP-712 digest under the escrow's domain is the `paymentId`, so chain and contract are bound in.
/// @param buyer Who pays, and who is refunded.
/// @param seller Who is paid.
/// @param token ERC-20 address, or the ERC-7528 address 0xEeee…EEeE for the chain's native coin.
/// @param amount What is deposited, in the token's smallest unit; fees come out of it.
/// @param deadline Unix seconds. From then on anybody may {IEscrow-claim}; before it, either party may dispute.
/// @param onDeadline Where a claim sends what is held.
/// @param arbiter Who rules on a dispute; zero for whoever has the ARBITER role when the ruling is made.
/// @param disputeWindow Seconds after the deadline that an arbiter has to rule on a dispute.
/// @param feeBps Fee in hundredths of a percent of what is released; nothing is charged on refunds.
/// @param feeRecipient Who receives the fee; zero exactly if `feeBps` is zero.
/// @param paymentReference The merchant's own reference, or any salt; equal terms need different references.
/// (`reference` is a reserved word in Solidity.)
struct Payment {
    address buyer;
    address seller;
    address token;
    uint256 amount;
    uint64 deadline;
    DeadlineAction onDeadline;
    address arbiter;
    uint32 disputeWindow;
    uint16 feeBps;
    address feeRecipient;
    bytes32 paymentReference;
}

/// @notice All that is stored per payment: one slot. What was refunded is `amount - held - released`.
/// @param status Where the payment stands.
/// @param flags {FLAG_ON_HOLD} and {FLAG_OPENED_BY_SELLER}.
/// @param disputedAt Unix seconds (until the year 2106) when the current dispute was opened, or freed from a hold; 0
/// unless disputed.
/// @param held What the escrow holds for this payment, in the token's smallest unit.
/// @param released What went towards the seller so far, fee included.
struct PaymentState {
    PaymentStatus status;
    uint8 flags;
    uint32 disputedAt;
    uint104 held;
    uint104 released;
}

/// @dev Compliance froze the payment: it pays nobody until the hold is lifted.
uint8 constant FLAG_ON_HOLD = 1;
/// @dev The current dispute was opened by the seller, otherwise by the buyer.
uint8 constant FLAG_OPENED_BY_SELLER = 2;

/// @dev The chain's native coin in place of a token address, https://eips.ethereum.org/EIPS/eip-7528.
address constant NATIVE_COIN = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

/// @notice Limits of one allow-listed token, in its smallest unit.
/// @param enabled Whether deposits are accepted. Never blocks an exit.
/// @param cap Most the escrow may hold of it for all payments together, so also the largest payment.
/// @param approvalThreshold An operator's payout from a payment of at least this amount needs an approver's consent
/// first. Measured on the payment, not on the piece: splitting does not evade it. Zero asks for consent always.
/// @param outflowLimit Most that all operators together may move at once. What they moved comes back evenly over
/// `outflowWindow`, so no window ever sees more than twice the limit. Zero keeps operators out.
/// @param outflowWindow Seconds in which a used-up limit refills; 0 counts as 1.
struct TokenConfig {
    bool enabled;
    uint104 cap;
    uint128 approvalThreshold;
    uint208 outflowLimit;
    uint48 outflowWindow;
}

/// @notice What the escrow owes of one token, in its smallest unit. Its balance never falls below the sum.
/// @param held Σ held over all payments.
/// @param credits Σ of all credits: payouts that could not be pushed.
struct TokenTotals {
    uint256 held;
    uint256 credits;
}
