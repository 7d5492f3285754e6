// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EscrowAction, Obstacle, Preview, Snapshot} from "../types/LensTypes.sol";
import {Payment} from "../types/PaymentTypes.sol";
import {IEscrow} from "./IEscrow.sol";

/// @title Answers about an escrow that no payment needs and people do
/// @notice Reads only: holds no money, no rights and no state, and nothing depends on it, so another one may be deployed
/// at any time. Amounts are in the token's smallest unit, times in Unix seconds.
interface IEscrowLens {
    /// @notice Whether `who` could do this to the payment in a transaction of the present block.
    /// @dev Foresees every check of the escrow, in its order. Cannot foresee a token that misbehaves, and who gave an
    /// approval: an operator who is also an approver still needs a second person's. Errors:
    /// {BoundedCall-InsufficientGas}, only if the policy names an oracle.
    /// @param payment The terms; for `Deposit` of a payment that does not exist yet.
    /// @return allowed Whether the call would succeed.
    /// @return obstacle What it would meet first, or `None`.
    /// @return possibleFrom From when on this obstacle is gone by itself, or 0 if time does not remove it. Others may
    /// stand behind it. For the operators' limit it is late by as long as one unit takes to come back, at most.
    function canAct(
        Payment calldata payment,
        address who,
        EscrowAction action
    ) external view returns (bool allowed, Obstacle obstacle, uint256 possibleFrom);

    /// @notice What a deposit would store.
    /// @dev Errors: as {requireValid}, {IEscrow-PaymentAlreadyExists}, {IEscrow-InvalidAmount}, {IEscrow-CapExceeded}.
    function previewDeposit(Payment calldata payment) external view returns (Preview memory);

    /// @notice What a release of `amount` would pay. The previews of movements say what would happen once the movement
    /// is allowed; {canAct} says whether it is.
    /// @dev Errors: {IEscrow-InvalidStatus}, {IEscrow-InvalidAmount}, {BoundedCall-InsufficientGas}.
    function previewRelease(Payment calldata payment, uint256 amount) external view returns (Preview memory);

    /// @notice What a refund of `amount` would pay.
    /// @dev Errors: {IEscrow-InvalidStatus}, {IEscrow-InvalidAmount}, {BoundedCall-InsufficientGas}.
    function previewRefund(Payment calldata payment, uint256 amount) external view returns (Preview memory);

    /// @notice What a claim would pay.
    /// @dev Errors: {IEscrow-InvalidStatus}, {BoundedCall-InsufficientGas}.
    function previewClaim(Payment calldata payment) external view returns (Preview memory);

    /// @notice What this ruling would pay.
    /// @dev Errors: {IEscrow-InvalidStatus}, {IEscrow-InvalidSplit}, {BoundedCall-InsufficientGas}.
    function previewResolve(
        Payment calldata payment,
        uint256 sellerAmount,
        uint256 buyerAmount
    ) external view returns (Preview memory);

    /// @notice What this settlement would pay.
    /// @dev Errors: {IEscrow-InvalidStatus}, {IEscrow-InvalidSplit}, {BoundedCall-InsufficientGas}.
    function previewSettle(
        Payment calldata payment,
        uint256 sellerAmount,
        uint256 buyerAmount
    ) external view returns (Preview memory);

    /// @notice What the escrow owns and owes of each token, and the state of each payment, all as of one block.
    /// @return In the order asked.
    function snapshot(
        address[] calldata tokens,
        bytes32[] calldata paymentIds
    ) external view returns (Snapshot memory);

    /// @notice Reverts as the escrow would on such terms.
    /// @dev Errors: {IEscrow-InvalidParties}, {IEscrow-InvalidFee}, {IEscrow-InvalidDeadline},
    /// {IEscrow-InvalidDisputeWindow}.
    function requireValid(Payment calldata payment) external view;

    /// @notice The escrow that it tells about. Fixed.
    function escrow() external view returns (IEscrow);
}
