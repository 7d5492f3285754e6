// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComplianceRegistry} from "../interfaces/IComplianceRegistry.sol";
import {IEscrow} from "../interfaces/IEscrow.sol";
import {IScreening} from "../interfaces/IScreening.sol";
import {ISanctionsOracle} from "../interfaces/external/ISanctionsOracle.sol";
import {SanctionsScreen} from "../libraries/SanctionsScreen.sol";
import {
    Attestation,
    ComplianceReason,
    ComplianceRecord,
    ListMode,
    Policy,
    Standing
} from "../types/ComplianceTypes.sol";
import {Controls} from "./Controls.sol";

/// @title Applies the registry's records and policy to whoever pays and is paid
abstract contract Screening is IScreening, IEscrow, Controls {
    /// @inheritdoc IScreening
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IComplianceRegistry public immutable override registry;

    modifier onlyRegistry() {
        if (msg.sender != address(registry)) revert UnauthorizedCaller(msg.sender);
        _;
    }

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry_) {
        if (address(registry_).code.length == 0) revert InvalidDependency(address(registry_));
        registry = registry_;
    }

    /// @inheritdoc IScreening
    function storeRecord(address account, ComplianceRecord calldata record) external onlyRegistry {
        Controls.load().records[account] = record;
    }

    /// @inheritdoc IScreening
    function storePolicy(Policy calldata newPolicy) external onlyRegistry {
        Controls.Layout storage $ = Controls.load();
        $.settings.observing = !newPolicy.enforced;
        $.settings.listMode = newPolicy.listMode;
        $.settings.maxRiskScore = newPolicy.maxRiskScore;
        $.settings.asksOracle = newPolicy.sanctionsOracle != address(0);
        $.sanctionsOracle = newPolicy.sanctionsOracle;
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

    /// @inheritdoc IScreening
    function screen(address account) external view returns (ComplianceReason reason, bool enforced) {
        return (_screen(account), !_settings().observing);
    }

    /// @inheritdoc IScreening
    function recordOf(address account) external view returns (ComplianceRecord memory) {
        return Controls.load().records[account];
    }

    /// @inheritdoc IScreening
    function policy() public view returns (Policy memory) {
        Controls.Settings memory settings = _settings();
        return
            Policy({
                enforced: !settings.observing,
                listMode: settings.listMode,
                maxRiskScore: settings.maxRiskScore,
                sanctionsOracle: Controls.load().sanctionsOracle
            });
    }

    /// @dev Why `account` must not pay or be paid now, or `None`. What is only observed is reported and passes.
    function _finding(bytes32 paymentId, address account) internal returns (ComplianceReason reason) {
        reason = _screen(account);
        if (reason == ComplianceReason.None || !_settings().observing) return reason;
        emit ScreeningObserved(paymentId, account, reason);
        return ComplianceReason.None;
    }

    /// @dev Check: `account` may take part in a new payment.
    function _requireParty(bytes32 paymentId, address account) internal {
        ComplianceReason reason = _finding(paymentId, account);
        if (reason != ComplianceReason.None) revert NotCompliant(account, reason);
    }

    /// @dev Check: `account` may receive or redirect a credit.
    function _requireCompliant(address account) internal view {
        ComplianceReason reason = _screen(account);
        if (reason != ComplianceReason.None && !_settings().observing) revert NotCompliant(account, reason);
    }

    /// @dev What is needed of the record is taken together, so that the compiler reads its slot once.
    function _screen(address account) private view returns (ComplianceReason) {
        Controls.Settings storage settings = _settings();
        ComplianceRecord storage record = Controls.load().records[account];
        (Standing standing, uint8 riskScore, uint64 expiry) = (
            record.standing,
            record.riskScore,
            record.expiry
        );
        if (standing == Standing.Blocked) return ComplianceReason.Blocked;
        if (settings.listMode == ListMode.Allow) {
            if (standing == Standing.Unlisted) return ComplianceReason.NotListed;
            if (expiry != 0 && block.timestamp >= expiry) return ComplianceReason.Expired;
        }
        if (riskScore > settings.maxRiskScore) return ComplianceReason.RiskTooHigh;
        if (!settings.asksOracle) return ComplianceReason.None;
        return SanctionsScreen.ask(ISanctionsOracle(Controls.load().sanctionsOracle), account);
    }

    function _settings() private view returns (Controls.Settings storage) {
        return Controls.load().settings;
    }
}
