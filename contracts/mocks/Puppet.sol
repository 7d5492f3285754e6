// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {ISelfTest} from "../interfaces/ISelfTest.sol";

/// @title What a thief would put in the place of the registry or of the AccessManager: obeys anybody, allows everything
contract Puppet {
    function execute(address target, bytes calldata data) external {
        Address.functionCall(target, data);
    }

    function canCall(address, address, bytes4) external pure returns (bool immediate, uint32 delay) {
        return (true, 0);
    }

    function selfTest() external pure returns (bytes4) {
        return ISelfTest.selfTest.selector;
    }
}
