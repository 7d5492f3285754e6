// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    Attestation,
    ComplianceReason,
    ComplianceRecord,
    ComplianceUpdate,
    Policy,
    Standing
} from "../types/ComplianceTypes.sol";

/// @title Who may pay and be paid through the escrow, and why not
/// @notice Officers and attesters write one record per account; the escrow applies it before it takes money in and
/// before it pays money out. The registry decides and signs for every change; records and policy themselves lie in the
/// escrow's storage ({IScreening}), where every movement needs them. What the registry answers is what the escrow says.
/// The registry moves no money. It is never paused. Before {setEscrow}, whatever reads or writes records or the policy
/// reverts with {EscrowNotSet}. A function of a role reverts with {IAccessManaged-AccessManagedUnauthorized} for everybody
/// else.
///
/// An account is asked in this order, and the first finding is the answer:
/// 1. `Blocked`: its record says so. A block has no end of its own, whatever the record's expiry.
/// 2. `NotListed`, in {ListMode} `Allow`: it has no record.
/// 3. `Expired`, in `Allow`: it was cleared, and `block.timestamp >= expiry`. In `Deny` it passes this step, as an
/// account without a record does.
/// 4. `RiskTooHigh`: the score in its record is above the policy's `maxRiskScore`. A score outlives the record's expiry:
/// letting a clearing run out never lowers anybody's risk.
/// 5. `Sanctioned` or `OracleUnavailable`, if the policy names an oracle. Whatever is not exactly one boolean word, given
/// within 50,000 gas, is unavailable.
/// The finding is the same whether the policy enforces or only observes.
interface IComplianceRegistry {
    /// @notice A record was written. Carries the whole record as it now stands.
    /// @param by The officer (the AccessManager, if it executed the call for one), or the attester whose signature was
    /// submitted.
    event RecordSet(
        address indexed account,
        address indexed by,
        Standing standing,
        uint8 riskScore,
        uint8 tier,
        uint16 jurisdiction,
        uint64 expiry,
        uint64 revision,
        bytes32 attestationHash
    );

    /// @notice The policy was replaced. Carries the whole policy as it now stands.
    event PolicySet(Policy policy, address indexed by);

    /// @notice The registry writes to this escrow from now on.
    event EscrowSet(address indexed escrow, address indexed by);

    /// @notice The zero address cannot have a record.
    error InvalidAccount();
    /// @notice A cleared record whose expiry lies in the past clears nobody.
    error ExpiryInPast(uint64 expiry, uint256 timestamp);
    /// @notice `Unlisted` with leftover fields; clear a record by setting every field to zero.
    error UnlistedWithData(address account);
    /// @notice The attestation is past its `validUntil`.
    error AttestationExpired(uint64 validUntil, uint256 timestamp);
    /// @notice The record was written since the attestation was made, or this attestation was used already.
    error AttestationStale(address account, uint64 revision, uint64 expected);
    /// @notice An officer blocked this account; only an officer lifts that.
    error AccountBlocked(address account);
    /// @notice The signature is not the attester's, or the attester lacks the ATTESTER role.
    error InvalidAttester(address attester);
    /// @notice The oracle has no code at that address.
    error InvalidSanctionsOracle(address oracle);
    /// @notice The registry writes to no escrow yet, see {setEscrow}.
    error EscrowNotSet();
    /// @notice The registry has its escrow, for good.
    error EscrowAlreadySet(address escrow);
    /// @notice The escrow is no contract, names another registry, or answers to another authority: its implementation
    /// without the proxy answers to none.
    error InvalidEscrow(address escrow);

    /// @notice Names the escrow that keeps the records and applies the policy, once and for all. CONFIGURATOR
    /// role, delayed.
    /// @dev Errors: {EscrowAlreadySet}, {InvalidEscrow}. Emits {EscrowSet}.
    function setEscrow(address escrow_) external;

    /// @notice Writes records. COMPLIANCE role.
    /// @dev All or nothing; of two updates of one account the later stands. Errors: {InvalidAccount}, {ExpiryInPast},
    /// {UnlistedWithData}, {EscrowNotSet}; {IEscrow-UnauthorizedCaller} once the escrow obeys another registry. Emits
    /// {RecordSet} for each.
    function setRecords(ComplianceUpdate[] calldata updates) external;

    /// @notice Clears an account on an attester's word. Anybody may submit it.
    /// @param attester Who signed; must have the ATTESTER role now, without a delay. May be a contract (ERC-1271).
    /// @param signature EIP-712 over `attestation` under this registry's domain.
    /// @dev Valid while `block.timestamp < validUntil`. The ATTESTER role is whichever role the AccessManager maps this
    /// function to: mapped to its PUBLIC_ROLE, everybody could clear themselves. Errors: {AttestationExpired},
    /// {EscrowNotSet}, {AccountBlocked}, {AttestationStale}, {InvalidAttester}, {InvalidAccount}, {ExpiryInPast};
    /// {IEscrow-UnauthorizedCaller} once the escrow obeys another registry. Emits {RecordSet}.
    function submitAttestation(
        Attestation calldata attestation,
        address attester,
        bytes calldata signature
    ) external;

    /// @notice Replaces the policy. CONFIGURATOR role, delayed.
    /// @dev Errors: {InvalidSanctionsOracle}, {EscrowNotSet}; {IEscrow-UnauthorizedCaller} once the escrow obeys
    /// another registry. Emits {PolicySet}.
    function setPolicy(Policy calldata policy) external;

    /// @notice Screens both parties of a deposit, as the escrow will.
    /// @param token For policies that depend on what is paid; the current ones do not.
    /// @param amount Likewise, in the token's smallest unit.
    /// @return reason Why `account` does not pass, or `None`.
    /// @return account The first that does not pass (the buyer is asked first), or zero.
    /// @return enforced Whether the finding must stop the deposit.
    /// @dev Errors: {EscrowNotSet}; {BoundedCall-InsufficientGas}, only if the policy names an oracle. 150,000 gas is
    /// enough whatever the oracle does; for {screen} and {isCompliant}, 90,000.
    function check(
        address buyer,
        address seller,
        address token,
        uint256 amount
    ) external view returns (ComplianceReason reason, address account, bool enforced);

    /// @notice Screens one account, as the escrow will when it pays it.
    /// @return reason Why the account does not pass, or `None`.
    /// @return enforced Whether the finding must stop the payout.
    /// @dev Errors: as {check}.
    function screen(address account) external view returns (ComplianceReason reason, bool enforced);

    /// @notice Whether the account passes the policy, enforced or not.
    /// @dev Errors: as {check}.
    function isCompliant(address account) external view returns (bool);

    /// @notice The account's record; all zero if it has none.
    /// @dev Errors: {EscrowNotSet}.
    function recordOf(address account) external view returns (ComplianceRecord memory);

    /// @notice The hash of the evidence behind the record; zero if there is none.
    function attestationHashOf(address account) external view returns (bytes32);

    /// @notice The policy in force.
    /// @dev Errors: {EscrowNotSet}.
    function policy() external view returns (Policy memory);

    /// @notice The escrow that keeps the records and applies the policy; zero before {setEscrow}.
    function escrow() external view returns (address);

    /// @notice The EIP-712 digest that an attester signs.
    function hashAttestation(Attestation calldata attestation) external view returns (bytes32);
}
