// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComplianceRegistry} from "../interfaces/IComplianceRegistry.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {Attestation, ComplianceReason} from "../types/ComplianceTypes.sol";
import {Payment} from "../types/PaymentTypes.sol";

/// @title Asks the compliance registry, and fails closed
abstract contract Screening is IEscrow {
    /// @dev Several times what the registry with its oracle needs; a registry that needs more counts as unavailable.
    uint256 private constant SCREENING_GAS = 250_000;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IComplianceRegistry public immutable override registry;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry_) {
        if (address(registry_).code.length == 0) revert InvalidDependency(address(registry_));
        registry = registry_;
    }

    /// @inheritdoc IEscrow
    function submitAttestation(
        Attestation calldata attestation,
        address attester,
        bytes calldata signature
    ) external {
        // Somebody may have submitted it already; the screening of the deposit that follows decides.
        try registry.submitAttestation(attestation, attester, signature) {} catch {}
    }

    /// @dev Check: both parties may take part. A registry that does not answer stops the deposit.
    function _screenDeposit(bytes32 paymentId, Payment memory payment) internal {
        (ComplianceReason reason, address account, bool enforced) = registry.check(
            payment.buyer,
            payment.seller,
            payment.token,
            payment.amount
        );
        if (reason == ComplianceReason.None) return;
        if (enforced) revert NotCompliant(account, reason);
        emit ScreeningObserved(paymentId, account, reason);
    }

    /// @dev Why `account` must not be paid now, or `None`. Never reverts because of the registry: that would let it
    /// block the other party's money too.
    function _screenPayout(bytes32 paymentId, address account) internal returns (ComplianceReason reason) {
        bool enforced;
        (reason, enforced) = _screen(account);
        if (reason == ComplianceReason.None || enforced) return reason;
        emit ScreeningObserved(paymentId, account, reason);
        return ComplianceReason.None;
    }

    /// @dev Check: `account` may receive or redirect a credit.
    function _requireCompliant(address account) internal view {
        (ComplianceReason reason, bool enforced) = _screen(account);
        if (reason != ComplianceReason.None && enforced) revert NotCompliant(account, reason);
    }

    function _screen(address account) private view returns (ComplianceReason reason, bool enforced) {
        (bool answered, uint256 finding, uint256 enforcement) = BoundedCall.tryStaticcall(
            address(registry),
            SCREENING_GAS,
            abi.encodeCall(IComplianceRegistry.screen, (account))
        );
        if (!answered || finding > uint256(type(ComplianceReason).max)) {
            return (ComplianceReason.RegistryUnavailable, true);
        }
        return (ComplianceReason(finding), enforcement != 0);
    }
}
