// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Escrow} from "../../../../contracts/Escrow.sol";
import {IComplianceRegistry} from "../../../../contracts/interfaces/IComplianceRegistry.sol";
import {IPermit2} from "../../../../contracts/interfaces/external/IPermit2.sol";

/// @title The next version: the same rules, and storage of its own that outlives a rollback
contract EscrowV2 is Escrow {
    bytes32 private constant STORAGE =
        keccak256(abi.encode(uint256(keccak256("holdfast.mocks.EscrowV2")) - 1)) & ~bytes32(uint256(0xff));

    constructor(IComplianceRegistry registry_, IPermit2 permit2_) Escrow(registry_, permit2_) {}

    function countUpgrade() external {
        bytes32 slot = STORAGE;
        assembly {
            sstore(slot, add(sload(slot), 1))
        }
    }
}
