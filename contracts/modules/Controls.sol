// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ComplianceRecord, ListMode} from "../types/ComplianceTypes.sol";

/// @title What every movement of money reads first: what is paused and how accounts are screened, in one slot
/// @dev A contract and not a library, because OpenZeppelin's upgrade check leaves a library's namespaces out.
abstract contract Controls {
    /// @dev All zero pauses nothing and enforces a deny-list.
    struct Settings {
        uint40 depositsUntil;
        uint40 payoutsUntil;
        uint40 exitsUntil;
        /// When the present series of pauses of exits began.
        uint40 exitsSince;
        /// The reverse of the policy's `enforced`.
        bool observing;
        ListMode listMode;
        uint8 maxRiskScore;
        bool asksOracle;
    }

    /// @custom:storage-location erc7201:holdfast.storage.Controls
    struct Layout {
        Settings settings;
        address sanctionsOracle;
        mapping(address account => ComplianceRecord) records;
    }

    // keccak256(abi.encode(uint256(keccak256("holdfast.storage.Controls")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant SLOT = 0x1fb811330d4a178f3a53b7213bee9a71be464325c7c331a7ffaae863c6407300;

    function load() internal pure returns (Layout storage $) {
        assembly {
            $.slot := SLOT
        }
    }
}
