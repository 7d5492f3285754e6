// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {TurnableToken} from "./TurnableToken.sol";

/// @title Tells balances that are too high or too low, differently before and after the next transfer
contract LiesAboutBalance is TurnableToken {
    int256 private _lie;
    int256 private _nextLie;

    /// @notice From now on adds `before` to every balance, and after the next transfer `later`.
    function lie(int256 before, int256 later) external {
        (_lie, _nextLie) = (before, later);
    }

    function balanceOf(address account) public view override returns (uint256) {
        return uint256(int256(super.balanceOf(account)) + _lie);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        _lie = _nextLie;
    }
}

/// @title Moves nothing, and tells balances as if it had moved everything
contract PretendsToMove is TurnableToken {
    mapping(address account => int256) private _pretended;

    function balanceOf(address account) public view override returns (uint256) {
        return uint256(int256(super.balanceOf(account)) + _pretended[account]);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (!turned) return super._update(from, to, value);
        _pretended[from] -= int256(value);
        _pretended[to] += int256(value);
    }
}

/// @title Does not tell anybody what they own themselves
contract HidesBalance is TurnableToken {
    error NoneOfYourBusiness();

    function balanceOf(address account) public view override returns (uint256) {
        if (turned && account == _msgSender()) revert NoneOfYourBusiness();
        return super.balanceOf(account);
    }
}

/// @title Uses up all the gas of whoever asks what they own
contract BurnsGasTellingBalance is TurnableToken {
    function balanceOf(address account) public view override returns (uint256) {
        if (turned && account == _msgSender()) {
            assembly {
                invalid()
            }
        }
        return super.balanceOf(account);
    }
}
