// SPDX-License-Identifier: MIT
// solhint-disable one-contract-per-file
pragma solidity 0.8.37;

import {Blacklist} from "../Blacklist.sol";
import {TurnableToken} from "./TurnableToken.sol";

/// @title An issuer's power to stop everybody at once
contract Pauses is TurnableToken {
    error TransfersPaused();

    function _update(address from, address to, uint256 value) internal override {
        if (turned) revert TransfersPaused();
        super._update(from, to, value);
    }
}

/// @title An issuer's power to stop one account from sending and receiving
contract Blacklists is TurnableToken, Blacklist {
    function _update(address from, address to, uint256 value) internal override {
        _requireNotBlacklisted(from);
        _requireNotBlacklisted(to);
        super._update(from, to, value);
    }
}
