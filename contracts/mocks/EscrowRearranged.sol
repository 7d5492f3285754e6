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

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IComplianceRegistry registry, IPermit2 permit2) EscrowBroken(registry, permit2) {}
}
