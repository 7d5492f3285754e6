// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComplianceReason, ComplianceRecord, Policy} from "../types/ComplianceTypes.sol";
import {IComplianceRegistry} from "./IComplianceRegistry.sol";

/// @title The compliance data as the escrow keeps it
/// @notice The registry decides who is recorded how; the escrow stores it and applies it. A deposit and a release then
/// read one slot per account instead of calling another proxy, which would cost 22,000 gas more a payment.
/// The rules are those of {IComplianceRegistry}.
interface IScreening {
    /// @notice The account does not pass, and the policy is enforced.
    error NotCompliant(address account, ComplianceReason reason);

    /// @notice Replaces an account's record. The registry only.
    /// @dev Errors: {IEscrow-UnauthorizedCaller}. The registry emits {IComplianceRegistry-RecordSet}.
    function storeRecord(address account, ComplianceRecord calldata record) external;

    /// @notice Replaces the policy. The registry only.
    /// @dev Errors: {IEscrow-UnauthorizedCaller}. The registry emits {IComplianceRegistry-PolicySet}.
    function storePolicy(Policy calldata newPolicy) external;

    /// @notice Screens an account by its record and the policy.
    /// @return reason Why it does not pass, or `None`.
    /// @return enforced Whether the finding must stop the movement.
    /// @dev Errors: {BoundedCall-InsufficientGas}, only if the policy names an oracle.
    function screen(address account) external view returns (ComplianceReason reason, bool enforced);

    /// @notice The account's record; all zero if it has none.
    function recordOf(address account) external view returns (ComplianceRecord memory);

    /// @notice The policy in force. Before the first one: a deny-list, enforced, with a highest risk score of 0.
    function policy() external view returns (Policy memory);

    /// @notice The registry that writes here. Fixed in the implementation.
    function registry() external view returns (IComplianceRegistry);
}
