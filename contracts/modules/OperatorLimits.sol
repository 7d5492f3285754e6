// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEscrow} from "../interfaces/IEscrow.sol";
import {PaymentLib} from "../libraries/PaymentLib.sol";
import {PAYOUTS} from "../types/PauseTypes.sol";
import {Payment, PaymentState, PayoutAction} from "../types/PaymentTypes.sol";
import {TokenVault} from "./TokenVault.sol";

/// @title What an operator may move without the parties: little alone, more with a second person, never to itself
abstract contract OperatorLimits is TokenVault {
    using PaymentLib for Payment;

    struct Approval {
        address approver;
        uint64 expiresAt;
    }

    /// @custom:storage-location erc7201:holdfast.storage.OperatorLimits
    struct ApprovalStorage {
        mapping(bytes32 approvalId => Approval) approvals;
    }

    // keccak256(abi.encode(uint256(keccak256("holdfast.storage.OperatorLimits")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant APPROVAL_STORAGE =
        0x61bcc30e89a68129ae4b5b1419fca69c1bea8b8dc270e63c93acfa5e752ebd00;

    /// @dev Long enough for a weekend, short enough that nobody spends a forgotten one.
    uint256 private constant APPROVAL_LIFETIME = 7 days;

    /// @inheritdoc IEscrow
    function approvalExpiry(bytes32 approvalId) external view returns (uint256) {
        return _approvals()[approvalId].expiresAt;
    }

    /// @dev Effect: records the caller's consent to one payout from the payment's present state.
    function _approve(
        bytes32 paymentId,
        PaymentState memory state,
        PayoutAction action,
        uint256 amount
    ) internal returns (bytes32 approvalId) {
        approvalId = _approvalId(paymentId, state, action, amount);
        uint256 expiresAt = block.timestamp + APPROVAL_LIFETIME;
        _approvals()[approvalId] = Approval({approver: _msgSender(), expiresAt: uint64(expiresAt)});
        emit PayoutApproved(
            approvalId,
            paymentId,
            _msgSender(),
            action,
            amount,
            state.held,
            state.released,
            expiresAt
        );
    }

    /// @dev Check and effect: the caller is an operator and stays inside the limits.
    function _actAsOperator(
        Payment memory payment,
        bytes32 paymentId,
        PaymentState memory state,
        PayoutAction action,
        uint256 amount
    ) internal {
        _checkCanCall(_msgSender(), _msgData());
        _requireNotPaused(PAYOUTS);
        _requireDisinterested(payment.beneficiary(action));
        if (payment.amount >= _approvalThreshold(payment.token)) {
            _spendApproval(paymentId, _approvalId(paymentId, state, action, amount));
        }
        _consumeOutflow(payment.token, amount);
    }

    /// @dev Check: the caller is not `party`, and acts in person. Whoever calls through {AccessManager-execute} looks
    /// like the manager, so who they are could not be compared.
    function _requireDisinterested(address party) internal view {
        address caller = _msgSender();
        if (caller == party || caller == authority()) revert UnauthorizedCaller(caller);
    }

    function _spendApproval(bytes32 paymentId, bytes32 approvalId) private {
        Approval storage approval = _approvals()[approvalId];
        if (block.timestamp >= approval.expiresAt || approval.approver == _msgSender()) {
            revert ApprovalRequired(approvalId);
        }
        delete _approvals()[approvalId];
        emit PayoutApprovalSpent(approvalId, paymentId, _msgSender());
    }

    /// @dev `held` and `released` never return to earlier values, so an approval dies with the next movement.
    function _approvalId(
        bytes32 paymentId,
        PaymentState memory state,
        PayoutAction action,
        uint256 amount
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(paymentId, action, amount, state.held, state.released));
    }

    function _approvals() private view returns (mapping(bytes32 approvalId => Approval) storage) {
        ApprovalStorage storage $;
        assembly {
            $.slot := APPROVAL_STORAGE
        }
        return $.approvals;
    }
}
