// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComplianceRegistry} from "../interfaces/IComplianceRegistry.sol";
import {ISelfTest} from "../interfaces/ISelfTest.sol";
import {IPermit2} from "../interfaces/external/IPermit2.sol";
import {EscrowLayout} from "./EscrowLayout.sol";

/// @title Passes every check that is made of a new version, and reverts on every call
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract EscrowBroken is ISelfTest, EscrowLayout {
    error Broken();

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry, IPermit2) {
        _disableInitializers();
    }

    fallback() external payable {
        revert Broken();
    }

    receive() external payable {
        revert Broken();
    }

    /// @dev Changes what no upgrade may: lifts the risk limit.
    function initializeMeddling() external reinitializer(2) {
        load().settings.maxRiskScore = type(uint8).max;
    }

    function selfTest() external pure returns (bytes4) {
        return ISelfTest.selfTest.selector;
    }

    function version() external pure returns (string memory) {
        return "2.0.0";
    }
}
