// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Blacklist} from "../../../../contracts/mocks/tokens/Blacklist.sol";
import {Store} from "../Store.sol";
import {Suite} from "../Suite.sol";
import {TurncoatToken} from "../mocks/TurncoatToken.sol";
import {Handler} from "./Handler.sol";

/// @title The world outside: token issuers who stop accounts, and a token that turns on its holders
contract IssuerHandler is Handler {
    constructor(Suite suite_, Store store_) Handler(suite_, store_) {}

    function blacklist(uint256 seed) external {
        Blacklist token = Blacklist(suite.tokens()[_draw(seed, 0) % 2]);
        address[] memory parties = suite.parties();
        token.setBlacklisted(parties[_draw(seed, 1) % parties.length], _draw(seed, 2) % 3 == 0);
        store.succeeded(msg.sig);
    }

    /// @dev Honest half of the time.
    function turnToken(uint256 seed) external {
        uint256 mode = _draw(seed, 0) % 2 == 0 ? 0 : _draw(seed, 1) % 9;
        suite.turncoat().setMode(TurncoatToken.Mode(mode));
        store.succeeded(msg.sig);
    }

    function selectors() external pure override returns (bytes4[] memory list) {
        list = new bytes4[](2);
        list[0] = this.blacklist.selector;
        list[1] = this.turnToken.selector;
    }
}
