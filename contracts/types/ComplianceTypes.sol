// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the registry knows of an account. `Unlisted` is the state of an account never recorded.
enum Standing {
    Unlisted,
    Cleared,
    Blocked
}

/// @notice Whether accounts without a record pass (`Deny`: a deny-list) or not (`Allow`: an allow-list).
enum ListMode {
    Deny,
    Allow
}

/// @notice Why an account does not pass; `None` means it passes.
enum ComplianceReason {
    None,
    Blocked,
    NotListed,
    Expired,
    RiskTooHigh,
    Sanctioned,
    OracleUnavailable
}

/// @notice One account's record: one slot.
/// @param standing Unlisted, cleared or blocked.
/// @param riskScore 0 (none) to 255; compared with {Policy} `maxRiskScore`.
/// @param tier The verification level reached, as the operator's programme numbers them.
/// @param jurisdiction ISO 3166-1 numeric code; 0 if unknown.
/// @param expiry Unix seconds from which the record no longer clears anybody; 0 for never.
/// @param revision How often this record was written. An attestation is for exactly one revision, so it can be
/// used once, and never over an officer's later decision.
struct ComplianceRecord {
    Standing standing;
    uint8 riskScore;
    uint8 tier;
    uint16 jurisdiction;
    uint64 expiry;
    uint64 revision;
}

/// @notice What an officer sets: a record less its revision, which the registry counts.
struct ComplianceUpdate {
    address account;
    Standing standing;
    uint8 riskScore;
    uint8 tier;
    uint16 jurisdiction;
    uint64 expiry;
    bytes32 attestationHash;
}

/// @notice An attester's signed statement that `account` passed verification; clears the account.
/// @param account Whom it is about.
/// @param riskScore See {ComplianceRecord}.
/// @param tier See {ComplianceRecord}.
/// @param jurisdiction See {ComplianceRecord}.
/// @param expiry See {ComplianceRecord}.
/// @param attestationHash Hash of the evidence kept off chain.
/// @param revision The record's revision this attestation replaces (its nonce).
/// @param validUntil Unix seconds until which it may be submitted.
struct Attestation {
    address account;
    uint8 riskScore;
    uint8 tier;
    uint16 jurisdiction;
    uint64 expiry;
    bytes32 attestationHash;
    uint64 revision;
    uint64 validUntil;
}

/// @notice The rules accounts are screened by.
/// @param enforced False only observes: findings are reported in events and stop nothing.
/// @param listMode Whether an unlisted account passes.
/// @param maxRiskScore Highest score that passes.
/// @param sanctionsOracle Contract asked `isSanctioned(address)`, or zero for none.
struct Policy {
    bool enforced;
    ListMode listMode;
    uint8 maxRiskScore;
    address sanctionsOracle;
}
