// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VM} from "./Vm.sol";

/// @title Deploys compiled contracts by name
/// @dev Unlike `new`, this does not compile each of them into every contract that deploys it, which takes minutes. Build
/// everything before running the tests of a single file, or the artifacts are old.
library Artifacts {
    /// @param name Name of a contract that is alone in having it.
    /// @param arguments ABI-encoded constructor arguments.
    function deploy(string memory name, bytes memory arguments) internal returns (address deployed) {
        bytes memory code = abi.encodePacked(VM.getCode(name), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 0x20), mload(code))
            if iszero(deployed) {
                let answer := mload(0x40)
                returndatacopy(answer, 0, returndatasize())
                revert(answer, returndatasize())
            }
        }
    }
}
