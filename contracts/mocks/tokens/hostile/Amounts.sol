// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {TurnableToken} from "./TurnableToken.sol";

/// @title Keeps a hundredth of what its recipient is sent
contract TakesFee is TurnableToken {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (turned) super._update(to, address(this), value / 100);
    }
}

/// @title Takes a hundredth more from the sender than it sends
contract ChargesSender is TurnableToken {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (turned) super._update(from, address(this), value / 100);
    }
}

/// @title Moves nine tenths of what it is asked to, and says that all is well
contract MovesLess is TurnableToken {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, turned ? (value * 9) / 10 : value);
    }
}

/// @title Multiplies every balance at once
contract Rebases is TurnableToken {
    /// @notice What a balance is now of what was minted.
    uint256 public percent = 100;

    function rebase(uint256 newPercent) external {
        percent = newPercent;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return (super.balanceOf(account) * percent) / 100;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, (value * 100) / percent);
    }
}

/// @title Has as many decimals as it is given
contract HasDecimals is TurnableToken {
    uint8 private immutable _decimals;

    constructor(uint8 decimals_) {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
