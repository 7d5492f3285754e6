// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IComplianceRegistry} from "./interfaces/IComplianceRegistry.sol";
import {IScreening} from "./interfaces/IScreening.sol";
import {ISelfTest} from "./interfaces/ISelfTest.sol";
import {
    Attestation,
    ComplianceReason,
    ComplianceRecord,
    ComplianceUpdate,
    Policy,
    Standing
} from "./types/ComplianceTypes.sol";

/// @title Holdfast's compliance registry
/// @notice See {IComplianceRegistry} for what it promises.
contract ComplianceRegistry is IComplianceRegistry, ISelfTest, AccessManagedUpgradeable, EIP712Upgradeable {
    /// @custom:storage-location erc7201:holdfast.storage.ComplianceRegistry
    struct RegistryStorage {
        IScreening escrow;
        mapping(address account => bytes32) attestationHashes;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("holdfast.storage.ComplianceRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant REGISTRY_STORAGE =
        0xd3cc638b08ea47cc2b895a01afba8b1356851ea29ebd01c73546211db62b1200;

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(address account,uint8 riskScore,uint8 tier,uint16 jurisdiction,uint64 expiry,bytes32 attestationHash,uint64 revision,uint64 validUntil)"
    );

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    /// @notice Sets a new proxy up.
    /// @param initialAuthority The AccessManager that says who may do what here.
    /// @dev Errors: {AccessManagedInvalidAuthority}, {InvalidInitialization}. Emits {AuthorityUpdated}, {Initialized}.
    /// EIP712's own initializer would only store the name and version that are constants here.
    /// @custom:oz-upgrades-unsafe-allow missing-initializer-call
    function initialize(address initialAuthority) external initializer {
        _requireAuthority(initialAuthority);

        __AccessManaged_init(initialAuthority);
    }

    /// @inheritdoc IComplianceRegistry
    function setEscrow(address escrow_) external restricted {
        RegistryStorage storage $ = _registryStorage();
        if (address($.escrow) != address(0)) revert EscrowAlreadySet(address($.escrow));
        _requireOwn(escrow_);

        $.escrow = IScreening(escrow_);
        emit EscrowSet(escrow_, _msgSender());
    }

    // ------------------------------------------------------------------------------------------------ records

    /// @inheritdoc IComplianceRegistry
    function setRecords(ComplianceUpdate[] calldata updates) external restricted {
        for (uint256 i = 0; i < updates.length; ++i) {
            _setRecord(updates[i], _msgSender());
        }
    }

    /// @inheritdoc IComplianceRegistry
    function submitAttestation(
        Attestation calldata attestation,
        address attester,
        bytes calldata signature
    ) external {
        if (block.timestamp >= attestation.validUntil) {
            revert AttestationExpired(attestation.validUntil, block.timestamp);
        }
        ComplianceRecord memory record = recordOf(attestation.account);
        if (record.standing == Standing.Blocked) revert AccountBlocked(attestation.account);
        if (attestation.revision != record.revision) {
            revert AttestationStale(attestation.account, attestation.revision, record.revision);
        }
        // The role comes first: only an attester's contract is ever called.
        if (
            !_isAttester(attester) ||
            !SignatureChecker.isValidSignatureNowCalldata(attester, hashAttestation(attestation), signature)
        ) revert InvalidAttester(attester);

        _setRecord(
            ComplianceUpdate({
                account: attestation.account,
                standing: Standing.Cleared,
                riskScore: attestation.riskScore,
                tier: attestation.tier,
                jurisdiction: attestation.jurisdiction,
                expiry: attestation.expiry,
                attestationHash: attestation.attestationHash
            }),
            attester
        );
    }

    /// @inheritdoc IComplianceRegistry
    function setPolicy(Policy calldata newPolicy) external restricted {
        _setPolicy(newPolicy);
    }

    // ---------------------------------------------------------------------------------------------- screening

    /// @inheritdoc IComplianceRegistry
    function check(
        address buyer,
        address seller,
        address,
        uint256
    ) external view returns (ComplianceReason reason, address account, bool enforced) {
        (reason, enforced) = screen(buyer);
        if (reason != ComplianceReason.None) return (reason, buyer, enforced);
        (reason, enforced) = screen(seller);
        if (reason != ComplianceReason.None) account = seller;
    }

    /// @inheritdoc IComplianceRegistry
    function screen(address account) public view returns (ComplianceReason reason, bool enforced) {
        return _escrow().screen(account);
    }

    /// @inheritdoc IComplianceRegistry
    function isCompliant(address account) external view returns (bool) {
        (ComplianceReason reason, ) = screen(account);
        return reason == ComplianceReason.None;
    }

    // -------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IComplianceRegistry
    function recordOf(address account) public view returns (ComplianceRecord memory) {
        return _escrow().recordOf(account);
    }

    /// @inheritdoc IComplianceRegistry
    function attestationHashOf(address account) external view returns (bytes32) {
        return _registryStorage().attestationHashes[account];
    }

    /// @inheritdoc IComplianceRegistry
    function policy() public view returns (Policy memory) {
        return _escrow().policy();
    }

    /// @inheritdoc IComplianceRegistry
    function escrow() public view returns (address) {
        return address(_registryStorage().escrow);
    }

    /// @inheritdoc IComplianceRegistry
    function hashAttestation(Attestation calldata attestation) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ATTESTATION_TYPEHASH, attestation)));
    }

    /// @inheritdoc ISelfTest
    /// @dev Errors: {AccessManagedInvalidAuthority}, {InvalidEscrow}.
    function selfTest() external view returns (bytes4 magic) {
        _requireAuthority(authority());
        if (escrow() != address(0)) {
            _requireOwn(escrow());
            // Reverts if what is stored there is no policy.
            policy();
        }
        return ISelfTest.selfTest.selector;
    }

    /// @inheritdoc ISelfTest
    function version() external pure returns (string memory) {
        return "1.0.0";
    }

    // ----------------------------------------------------------------------------------------------- internal

    /// @dev A record is in force while `block.timestamp < expiry`.
    function _isOver(uint64 expiry) private view returns (bool) {
        return expiry != 0 && block.timestamp >= expiry;
    }

    /// @dev Whoever may call {submitAttestation} without a delay is an attester.
    function _isAttester(address account) private view returns (bool immediate) {
        (immediate, ) = IAccessManager(authority()).canCall(
            account,
            address(this),
            this.submitAttestation.selector
        );
    }

    function _setRecord(ComplianceUpdate memory update, address by) private {
        if (update.account == address(0)) revert InvalidAccount();
        if (update.standing == Standing.Unlisted && _hasData(update)) revert UnlistedWithData(update.account);
        if (update.standing == Standing.Cleared && _isOver(update.expiry)) {
            revert ExpiryInPast(update.expiry, block.timestamp);
        }

        uint64 revision = recordOf(update.account).revision + 1;
        ComplianceRecord memory record = ComplianceRecord({
            standing: update.standing,
            riskScore: update.riskScore,
            tier: update.tier,
            jurisdiction: update.jurisdiction,
            expiry: update.expiry,
            revision: revision
        });
        _registryStorage().attestationHashes[update.account] = update.attestationHash;
        emit RecordSet(
            update.account,
            by,
            update.standing,
            update.riskScore,
            update.tier,
            update.jurisdiction,
            update.expiry,
            revision,
            update.attestationHash
        );
        _escrow().storeRecord(update.account, record);
    }

    function _hasData(ComplianceUpdate memory update) private pure returns (bool) {
        return
            update.riskScore != 0 ||
            update.tier != 0 ||
            update.jurisdiction != 0 ||
            update.expiry != 0 ||
            update.attestationHash != 0;
    }

    function _setPolicy(Policy calldata newPolicy) private {
        address oracle = newPolicy.sanctionsOracle;
        if (oracle != address(0) && oracle.code.length == 0) revert InvalidSanctionsOracle(oracle);

        emit PolicySet(newPolicy, _msgSender());
        _escrow().storePolicy(newPolicy);
    }

    function _escrow() private view returns (IScreening store) {
        store = _registryStorage().escrow;
        if (address(store) == address(0)) revert EscrowNotSet();
    }

    /// @dev The authority tells an escrow's proxy from its implementation, which names this registry just the same.
    function _requireOwn(address escrow_) private view {
        bool own =
            escrow_.code.length != 0 &&
                address(IScreening(escrow_).registry()) == address(this) &&
                IAccessManaged(escrow_).authority() == authority();
        if (!own) revert InvalidEscrow(escrow_);
    }

    function _requireAuthority(address candidate) private view {
        if (candidate.code.length == 0) revert AccessManagedInvalidAuthority(candidate);
    }

    function _registryStorage() private pure returns (RegistryStorage storage $) {
        assembly {
            $.slot := REGISTRY_STORAGE
        }
    }

    function _EIP712Name() internal pure override returns (string memory) {
        return "Holdfast ComplianceRegistry";
    }

    function _EIP712Version() internal pure override returns (string memory) {
        return "1";
    }
}
