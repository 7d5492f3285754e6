// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title An on-chain sanctions list, as Chainalysis publishes one
interface ISanctionsOracle {
    /// @notice Whether `account` is on the list.
    function isSanctioned(address account) external view returns (bool);
}
