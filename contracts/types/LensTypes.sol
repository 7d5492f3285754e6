// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComplianceReason} from "./ComplianceTypes.sol";
import {PaymentState} from "./PaymentTypes.sol";

/// @notice What somebody may want to do with a payment. Amounts are assumed as follows: releases, refunds and approvals
/// are of all that is held, a settlement is signed by both parties, a ruling sums up, a credit is the caller's own in the
/// payment's token and goes to the caller.
enum EscrowAction {
    Deposit,
    Release,
    Refund,
    Claim,
    Settle,
    OpenDispute,
    WithdrawDispute,
    Resolve,
    ApproveRelease,
    ApproveRefund,
    Hold,
    Unhold,
    WithdrawCredit
}

/// @notice What stands in the way: the error of the escrow (or of the token) that the call would meet first.
/// `UnauthorizedCaller` is also a missing role, `ScheduleRequired` a role that must schedule the call at the
/// AccessManager first, `InvalidTerms` any error about the terms themselves.
enum Obstacle {
    None,
    UnauthorizedCaller,
    ScheduleRequired,
    InvalidStatus,
    PaymentAlreadyExists,
    PaymentOnHold,
    HoldUnchanged,
    EnforcedPause,
    TooEarly,
    TooLate,
    InvalidTerms,
    NotCompliant,
    TokenNotEnabled,
    InvalidAmount,
    CapExceeded,
    InsufficientAllowance,
    InsufficientBalance,
    ApprovalRequired,
    OutflowLimitExceeded,
    NoCredit
}

/// @notice One leg of a payout.
/// @param to Who is paid.
/// @param amount What they are paid, in the token's smallest unit.
/// @param frozenBy Why screening would turn it into a frozen credit, or `None`.
struct Payout {
    address to;
    uint256 amount;
    ComplianceReason frozenBy;
}

/// @notice What a movement would do.
/// @param seller What the seller gets, after the fee.
/// @param fee What the fee recipient gets.
/// @param buyer What the buyer gets back.
/// @param stateAfter The payment's state afterwards.
struct Preview {
    bytes32 paymentId;
    Payout seller;
    Payout fee;
    Payout buyer;
    PaymentState stateAfter;
}

/// @notice One token in the escrow. Sound if `balance >= held + credits`.
struct TokenSnapshot {
    address token;
    uint256 balance;
    uint256 held;
    uint256 credits;
}

/// @notice Tokens and payments as of one block.
/// @param blockNumber Number of that block.
/// @param timestamp Its Unix seconds.
/// @param parentHash Hash of the block before it, which tells one fork from another.
struct Snapshot {
    uint256 blockNumber;
    uint256 timestamp;
    bytes32 parentHash;
    TokenSnapshot[] tokens;
    PaymentState[] states;
}
