// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IComplianceRegistry} from "../interfaces/IComplianceRegistry.sol";
import {IPermit2} from "../interfaces/external/IPermit2.sol";
import {EscrowBroken} from "./EscrowBroken.sol";

/// @title Another next version of the escrow, which lays out otherwise what `EscrowNext` stores
/// @dev Fits the first version, which stores nothing there. Where `EscrowNext` ran and was rolled back, it would take a part
/// of the generation for the flag.
/// @custom:oz-upgrades-unsafe-allow missing-initializer
contract EscrowRearranged is EscrowBroken {
    /// @custom:storage-location erc7201:holdfast.mocks.EscrowNext
    struct NextStorage {
        bool broken;
        uint64 generation;
    }

    // keccak256(abi.encode(uint256(keccak256("holdfast.mocks.EscrowNext")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0xc0783304f850dc047ef08f2a94f6b6ec90053584dcd9d3f0a67a8945502def00;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry, IPermit2 permit2) EscrowBroken(registry, permit2) {}

    /// @dev Also makes its code another than `EscrowBroken`'s: the same code would be taken for the same layout.
    function generation() external view returns (uint64) {
        NextStorage storage $;
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
        return $.generation;
    }
}
