// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An issuer's power to stop an account, as the large stablecoins have it; here anybody's
abstract contract Blacklist {
    mapping(address account => bool) public isBlacklisted;

    event BlacklistSet(address indexed account, bool blacklisted);

    error Blacklisted(address account);

    function setBlacklisted(address account, bool blacklisted) external {
        isBlacklisted[account] = blacklisted;
        emit BlacklistSet(account, blacklisted);
    }

    function _requireNotBlacklisted(address account) internal view {
        if (isBlacklisted[account]) revert Blacklisted(account);
    }
}
