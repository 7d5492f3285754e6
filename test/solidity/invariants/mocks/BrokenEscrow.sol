// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISelfTest} from "../../../../contracts/interfaces/ISelfTest.sol";

/// @title Passes its self-test and fails at everything else
contract BrokenEscrow {
    error Broken();

    fallback() external {
        revert Broken();
    }

    function selfTest() external pure returns (bytes4) {
        return ISelfTest.selfTest.selector;
    }
}
