// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IEscrow} from "../interfaces/IEscrow.sol";
import {BoundedCall} from "../libraries/BoundedCall.sol";
import {ComplianceReason} from "../types/ComplianceTypes.sol";
import {EXITS} from "../types/PauseTypes.sol";
import {NATIVE_COIN, TokenConfig, TokenTotals} from "../types/PaymentTypes.sol";
import {PauseControl} from "./PauseControl.sol";
import {Screening} from "./Screening.sol";

/// @title What the escrow holds and owes per token, and how it pays it out
abstract contract TokenVault is
    IEscrow,
    AccessManagedUpgradeable,
    ReentrancyGuardTransient,
    PauseControl,
    Screening
{
    using RateLimiter for RateLimiter.RefillingBucket;

    /// @dev The first slot is all that a deposit or payout touches.
    struct TokenAccount {
        uint104 held;
        uint104 cap;
        bool enabled;
        uint128 credits;
        uint128 approvalThreshold;
        RateLimiter.RefillingBucket outflow;
        mapping(address account => uint256) creditOf;
    }

    /// @custom:storage-location erc7201:holdfast.storage.TokenVault
    struct TokenStorage {
        mapping(address token => TokenAccount) accounts;
    }

    // keccak256(abi.encode(uint256(keccak256("holdfast.storage.TokenVault")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant TOKEN_STORAGE =
        0x0d3a3759fc24274383152e28053a851886d84e74dc8badabe4208152278a0200;

    /// @dev More than any token in common use needs. A recipient that burns it all wastes the sender's gas once.
    uint256 private constant PUSH_GAS = 300_000;
    bytes32 private constant OUTFLOW_KEY = 0;

    /// @inheritdoc IEscrow
    function withdrawCredit(
        address token,
        address account,
        address to
    ) external nonReentrant returns (uint256 amount) {
        _requireNotPaused(EXITS);
        if (_msgSender() != account && to != account) revert UnauthorizedCaller(_msgSender());
        TokenAccount storage vault = _account(token);
        uint256 credit = vault.creditOf[account];
        if (credit == 0) revert NoCredit(account, token);
        _requireCompliant(account);
        if (to != account) _requireCompliant(to);

        vault.creditOf[account] = 0;
        amount = _push(token, to, credit);
        if (amount == 0) revert CreditPushFailed(token, to, credit);
        uint256 balance = credit - amount;
        if (balance != 0) vault.creditOf[account] = balance;
        vault.credits -= uint128(amount);
        emit CreditWithdrawn(token, account, to, _msgSender(), amount, balance);
    }

    /// @inheritdoc IEscrow
    function sweepSurplus(address token, address to, uint256 amount) external nonReentrant restricted {
        TokenAccount storage vault = _account(token);
        // A token with two addresses would show what is held under one as surplus under the other.
        if (vault.cap == 0 && !vault.enabled) revert TokenNotEnabled(token);
        uint256 surplus = Math.saturatingSub(_balance(token), uint256(vault.held) + vault.credits);
        if (amount == 0 || amount > surplus) revert InsufficientSurplus(token, amount, surplus);

        emit SurplusSwept(token, to, _msgSender(), amount);
        if (_push(token, to, amount) != amount) revert CreditPushFailed(token, to, amount);
    }

    /// @inheritdoc IEscrow
    function configureToken(address token, TokenConfig calldata config) external restricted {
        TokenAccount storage vault = _account(token);
        vault.enabled = config.enabled;
        vault.cap = config.cap;
        vault.approvalThreshold = config.approvalThreshold;
        vault.outflow.updateSettings(config.outflowWindow, config.outflowLimit);
        emit TokenConfigured(token, _msgSender(), config);
    }

    /// @inheritdoc IEscrow
    function creditOf(address token, address account) external view returns (uint256) {
        return _account(token).creditOf[account];
    }

    /// @inheritdoc IEscrow
    function tokenTotals(address token) external view returns (TokenTotals memory) {
        TokenAccount storage vault = _account(token);
        return TokenTotals({held: vault.held, credits: vault.credits});
    }

    /// @inheritdoc IEscrow
    function tokenConfig(address token) external view returns (TokenConfig memory) {
        TokenAccount storage vault = _account(token);
        return
            TokenConfig({
                enabled: vault.enabled,
                cap: vault.cap,
                approvalThreshold: vault.approvalThreshold,
                outflowLimit: vault.outflow._capacity,
                outflowWindow: vault.outflow._window
            });
    }

    /// @inheritdoc IEscrow
    function availableOutflow(address token) external view returns (uint256) {
        return _account(token).outflow.available(OUTFLOW_KEY);
    }

    /// @dev Check and effect: `amount` more of `token` is held for payments.
    function _addHeld(address token, uint256 amount) internal {
        TokenAccount storage vault = _account(token);
        if (!vault.enabled) revert TokenNotEnabled(token);
        uint256 held = vault.held;
        uint256 room = Math.saturatingSub(vault.cap, held);
        if (amount == 0) revert InvalidAmount(amount, room);
        if (amount > room) revert CapExceeded(token, amount, room);
        unchecked {
            vault.held = uint104(held + amount); // at most `cap`
        }
    }

    /// @dev Effect: `amount` of `token` is no longer held for payments.
    function _subtractHeld(address token, uint256 amount) internal {
        _account(token).held -= uint104(amount);
    }

    /// @dev Check and effect: operators move `amount` of `token`.
    function _consumeOutflow(address token, uint256 amount) internal {
        RateLimiter.RefillingBucket storage outflow = _account(token).outflow;
        if (!outflow.tryConsume(OUTFLOW_KEY, amount)) {
            revert OutflowLimitExceeded(token, amount, outflow.available(OUTFLOW_KEY));
        }
    }

    function _approvalThreshold(address token) internal view returns (uint256) {
        return _account(token).approvalThreshold;
    }

    /// @dev Interaction: pays `to`, and owes it what could not be paid. Never reverts because of `to`, the token or the sanctions oracle.
    function _payOrCredit(bytes32 paymentId, address token, address to, uint256 amount) internal {
        if (amount == 0) return;
        ComplianceReason reason = _finding(paymentId, to);
        uint256 owed = reason == ComplianceReason.None ? amount - _push(token, to, amount) : amount;
        if (owed == 0) return;

        TokenAccount storage vault = _account(token);
        uint256 balance = vault.creditOf[to] + owed;
        vault.creditOf[to] = balance;
        vault.credits += SafeCast.toUint128(owed);
        emit PayoutCredited(paymentId, token, to, owed, balance, reason);
    }

    /// @dev What the escrow owns of `token` right now. Whoever took "unknown" for "nothing" would see a deposit arrive when
    /// the token begins to tell.
    function _balance(address token) internal view returns (uint256) {
        if (token == NATIVE_COIN) return address(this).balance;
        (bool known, uint256 amount) = BoundedCall.balance(token);
        if (!known) revert BalanceUnknown(token);
        return amount;
    }

    /// @dev Interaction. Never to the escrow itself: what arrives there unaccounted is surplus, nobody's any more. Never to
    /// nobody: a token refuses that, the native coin would be burnt.
    /// @return sent What left, at most `amount`.
    function _push(address token, address to, uint256 amount) private returns (uint256 sent) {
        if (to == address(this) || to == address(0)) return 0;
        return
            token == NATIVE_COIN
                ? BoundedCall.send(to, amount, PUSH_GAS)
                : BoundedCall.transfer(token, to, amount, PUSH_GAS);
    }

    function _account(address token) private view returns (TokenAccount storage) {
        TokenStorage storage $;
        assembly {
            $.slot := TOKEN_STORAGE
        }
        return $.accounts[token];
    }
}
