// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";

import {Controls} from "../modules/Controls.sol";
import {PaymentState} from "../types/PaymentTypes.sol";

/// @title The escrow's storage without its code: what a test's next version of it must keep
abstract contract EscrowLayout is Controls, AccessManagedUpgradeable, EIP712Upgradeable {
    struct Approval {
        address approver;
        uint64 expiresAt;
    }

    struct TokenAccount {
        uint104 held;
        uint104 cap;
        bool enabled;
        uint128 credits;
        uint128 approvalThreshold;
        RateLimiter.RefillingBucket outflow;
        mapping(address account => uint256) creditOf;
    }

    /// @custom:storage-location erc7201:holdfast.storage.Escrow
    struct EscrowStorage {
        mapping(bytes32 paymentId => PaymentState) payments;
    }

    /// @custom:storage-location erc7201:holdfast.storage.OperatorLimits
    struct ApprovalStorage {
        mapping(bytes32 approvalId => Approval) approvals;
    }

    /// @custom:storage-location erc7201:holdfast.storage.TokenVault
    struct TokenStorage {
        mapping(address token => TokenAccount) accounts;
    }
}
