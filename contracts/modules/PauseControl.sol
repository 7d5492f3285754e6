// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManagedUpgradeable} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IEscrow} from "../interfaces/IEscrow.sol";
import {DEPOSITS, EXITS, MAX_EXITS_PAUSE, PAYOUTS} from "../types/PauseTypes.sol";
import {Controls} from "./Controls.sol";

/// @title Pauses that end by themselves
abstract contract PauseControl is IEscrow, Controls, AccessManagedUpgradeable {
    /// @inheritdoc IEscrow
    function pause(uint8 bits, uint32 duration, string calldata reason) external restricted {
        uint256 until = block.timestamp + duration;
        uint256 latest = bits & EXITS == 0 ? type(uint40).max : _beginExitsSeries() + MAX_EXITS_PAUSE;
        _pause(bits, until, latest, reason);
    }

    /// @inheritdoc IEscrow
    function extendPause(uint8 bits, uint32 duration, string calldata reason) external restricted {
        _pause(bits, block.timestamp + duration, type(uint40).max, reason);
    }

    /// @inheritdoc IEscrow
    function unpause(uint8 bits) external restricted {
        _requireKnown(bits);
        for (uint8 bit = DEPOSITS; bit <= EXITS; bit <<= 1) {
            if (bits & bit != 0 && pausedUntil(bit) > block.timestamp) _setPausedUntil(bit, block.timestamp);
        }
        emit Unpaused(_msgSender(), bits);
    }

    /// @inheritdoc IEscrow
    function paused() external view returns (uint8 bits) {
        for (uint8 bit = DEPOSITS; bit <= EXITS; bit <<= 1) {
            if (pausedUntil(bit) > block.timestamp) bits |= bit;
        }
    }

    /// @inheritdoc IEscrow
    function pausedUntil(uint8 bit) public view returns (uint256) {
        Controls.Settings storage $ = _pauses();
        if (bit == DEPOSITS) return $.depositsUntil;
        if (bit == PAYOUTS) return $.payoutsUntil;
        if (bit == EXITS) return $.exitsUntil;
        revert InvalidPauseBits(bit);
    }

    /// @dev Check: `bit` is not paused.
    function _requireNotPaused(uint8 bit) internal view {
        uint256 until = pausedUntil(bit);
        if (until > block.timestamp) revert EnforcedPause(bit, until);
    }

    function _pause(uint8 bits, uint256 until, uint256 latest, string calldata reason) private {
        _requireKnown(bits);
        if (until <= block.timestamp || until > latest) {
            revert InvalidPauseDuration(until, block.timestamp + 1, latest);
        }
        for (uint8 bit = DEPOSITS; bit <= EXITS; bit <<= 1) {
            if (bits & bit == 0) continue;
            uint256 later = Math.max(until, pausedUntil(bit));
            _setPausedUntil(bit, later);
            emit Paused(_msgSender(), bit, later, reason);
        }
    }

    /// @dev A new series begins once exits have been open for as long as a series may last.
    function _beginExitsSeries() private returns (uint256 since) {
        Controls.Settings storage $ = _pauses();
        if (block.timestamp >= uint256($.exitsUntil) + MAX_EXITS_PAUSE) {
            $.exitsSince = SafeCast.toUint40(block.timestamp);
        }
        return $.exitsSince;
    }

    function _setPausedUntil(uint8 bit, uint256 until) private {
        Controls.Settings storage $ = _pauses();
        uint40 value = SafeCast.toUint40(until);
        if (bit == DEPOSITS) $.depositsUntil = value;
        else if (bit == PAYOUTS) $.payoutsUntil = value;
        else $.exitsUntil = value;
    }

    function _requireKnown(uint8 bits) private pure {
        if (bits == 0 || bits > (DEPOSITS | PAYOUTS | EXITS)) revert InvalidPauseBits(bits);
    }

    function _pauses() private view returns (Controls.Settings storage) {
        return Controls.load().settings;
    }
}
