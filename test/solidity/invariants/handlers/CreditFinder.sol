// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TurncoatToken} from "../mocks/TurncoatToken.sol";
import {Handler} from "./Handler.sol";

/// @title Finds credits that can be withdrawn now
abstract contract CreditFinder is Handler {
    /// @dev A credit whose owner passes screening; amount 0 if there is none.
    function _findCredit(
        uint256 seed
    ) internal view returns (address token, address account, uint256 amount) {
        address[] memory tokens = suite.tokens();
        address[] memory creditors = _creditors();
        uint256 combinations = tokens.length * creditors.length;
        for (uint256 i = 0; i < combinations; ++i) {
            uint256 n = addmod(seed, i, combinations);
            token = tokens[n % tokens.length];
            account = creditors[n / tokens.length];
            amount = escrow.creditOf(token, account);
            if (amount != 0 && _passes(account) && _isTransferable(token)) return (token, account, amount);
        }
        return (token, account, 0);
    }

    /// @dev Somebody with a key who can receive `token` now; zero if nobody can.
    function _findPayee(uint256 seed, address token) internal view returns (address) {
        address[] memory parties = suite.parties();
        uint256 people = suite.PEOPLE();
        for (uint256 i = 0; i < people; ++i) {
            address party = parties[addmod(seed, i, people)];
            if (_passes(party) && !_isBlacklisted(token, party)) return party;
        }
        return address(0);
    }

    /// @dev Everybody whom a payout could have been credited to.
    function _creditors() internal view returns (address[] memory all) {
        address[] memory parties = suite.parties();
        address[] memory feeRecipients = suite.feeRecipients();
        all = new address[](parties.length + feeRecipients.length);
        for (uint256 i = 0; i < all.length; ++i) {
            all[i] = i < parties.length ? parties[i] : feeRecipients[i - parties.length];
        }
    }

    function _isTransferable(address token) private view returns (bool) {
        if (token != address(suite.turncoat())) return true;
        TurncoatToken.Mode mode = suite.turncoat().mode();
        return
            mode == TurncoatToken.Mode.Honest ||
            mode == TurncoatToken.Mode.Reenters ||
            mode == TurncoatToken.Mode.TakesFeeOnDeposit ||
            mode == TurncoatToken.Mode.PaysSayingFalse ||
            mode == TurncoatToken.Mode.MovesHalf;
    }
}
